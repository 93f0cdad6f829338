"""/server limits and /server rule: what settings members may choose."""

from dataclasses import replace

import discord
from discord import app_commands

from bot.cogs import option_types
from bot.cogs.server_group import Channel, ServerGroup, guild_of, mention_of, mentions_in, scope_of
from bot.interactions.error_handler import MESSAGE_LENGTH
from bot.interactions.requester import requester_of
from bot.interactions.respond import tell
from bot.locales import say
from bot.policy.server_rules import check_setting
from bot.views.server_rules import changed_rule, limit, limits_in_force, rules_of
from bot.views.text import fitting
from generation.errors import InvalidSetting
from generation.sentences import Sentence
from generation.settings import COOLDOWN, DAILY_STEPS, LIMITS, WAITING, Limits, PartialSettings, label
from storage.records import ANY_MODEL
from storage.rulebook import MODEL, READERS, Rule, RuleKey

Waiting = app_commands.Range[int, WAITING.low, WAITING.high]
Cooldown = app_commands.Range[int, COOLDOWN.low, COOLDOWN.high]
DailySteps = app_commands.Range[int, DAILY_STEPS.low, DAILY_STEPS.high]

SETTINGS = [app_commands.Choice(name=name.replace("_", " "), value=name) for name in dict.fromkeys((*READERS, *LIMITS))]


class ServerLimits(ServerGroup):
    """Limits, and rules for single settings."""

    @app_commands.command()
    async def limits(
        self,
        interaction: discord.Interaction,
        steps: option_types.Steps | None = None,
        side: option_types.Side | None = None,
        count: option_types.Count | None = None,
        waiting: Waiting | None = None,
        cooldown: Cooldown | None = None,
        daily_steps: DailySteps | None = None,
        channel: Channel | None = None,
        role: discord.Role | None = None,
    ) -> None:
        """Set limits for members, or show them.

        Args:
            steps: Maximum number of steps
            side: Maximum width and height in pixels
            count: Maximum number of pictures per request
            waiting: Maximum number of unfinished requests per member
            cooldown: Seconds that a member must wait between requests
            daily_steps: Maximum number of steps per member in 24 hours, for all pictures together
            channel: Only in this channel; overrides roles and the server
            role: Only for this role; overrides the server. The most generous of several roles counts
        """
        limits = Limits(steps, side, count, waiting, daily_steps, cooldown)
        scope = scope_of(interaction, channel, role)
        given = {name: value for name in LIMITS if (value := getattr(limits, name)) is not None}
        if not given:
            await self._show_limits(interaction, channel, role, scope)
            return
        for name, value in given.items():
            await self._rules.rule(guild_of(interaction), RuleKey(scope, ANY_MODEL, name), Rule(most=value))
        said = [limit(*each) for each in given.items()]
        self._audit_log.decided(interaction, Sentence("{person} set limits: {settings}", settings=said))
        await self.saved(interaction, map(say, said), mention_of(channel or role))

    @app_commands.command()
    @app_commands.choices(setting=SETTINGS)
    async def rule(
        self,
        interaction: discord.Interaction,
        setting: app_commands.Choice[str],
        default: app_commands.Range[str, 1, 1000] | None = None,
        least: float | None = None,
        most: float | None = None,
        locked: bool | None = None,
        channel: Channel | None = None,
        role: discord.Role | None = None,
        model: str | None = None,
    ) -> None:
        """Set the default, minimum and maximum of one setting, lock it, or show its rules.

        Args:
            setting: Setting to change
            default: Value used when a member gives none
            least: Lowest value that members can use
            most: Highest value that members can use
            locked: True if members can't change the setting
            channel: Only in this channel; overrides roles and the server
            role: Only for this role; overrides the server. The most generous of several roles counts
            model: Only with this model
        """
        name = setting.value
        if Rule(default, least, most, locked) == Rule():
            await self._show_rule(interaction, name, channel or role, model)
            return
        if name == MODEL and default is not None:
            default = self._catalogue.get(default).name
        rule = check_setting(name, Rule(_checked(name, default), least, most, locked))
        key = RuleKey(scope_of(interaction, channel, role), self.model_named(model), name)
        await self._rules.rule(guild_of(interaction), key, rule)
        self._audit_log.decided(interaction, Sentence("{person} set a rule for: {setting}", setting=label(name)))
        await self.saved(interaction, [changed_rule(name, rule)], mention_of(channel or role), model)

    async def _show_limits(
        self, interaction: discord.Interaction, channel: Channel | None, role: discord.Role | None, scope: int
    ) -> None:
        """The limits of a channel or a role, or those that hold here for whoever asks."""
        if channel or role:
            book = await self._rules.of(guild_of(interaction))
            here = replace(book, rules={key: rule for key, rule in book.rules.items() if key.scope == scope})
            lines = rules_of(here, LIMITS, mentions_in(interaction))
        else:
            context = await self._contexts.load(requester_of(interaction))
            lines = limits_in_force(context.effective(context.model_of_place.value))
        await tell(interaction, fitting([say("Limits"), *_listed(lines)], MESSAGE_LENGTH))

    async def _show_rule(
        self, interaction: discord.Interaction, setting: str, place: Channel | discord.Role | None, model: str | None
    ) -> None:
        book = await self._rules.of(guild_of(interaction))
        if place:
            book = replace(book, rules={key: rule for key, rule in book.rules.items() if key.scope == place.id})
        lines = rules_of(book, [setting], mentions_in(interaction), self.model_named(model) if model else None)
        head = say("Rules for: {setting}", setting=label(setting))
        await tell(interaction, fitting([head, *_listed(lines)], MESSAGE_LENGTH))

    @rule.autocomplete("model")
    async def _models_of_rules(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return option_types.matching_models(self._catalogue, typed)


def _listed(lines: list[str]) -> list[str]:
    return [f"- {line}" for line in lines] or [f"- {say('no rules')}"]


def _checked(setting: str, default: str | None) -> str | None:
    """A default as it is saved. Raises `InvalidSetting`."""
    if default is None:
        return None
    if setting not in READERS:
        raise InvalidSetting(
            "default", "{setting!c} is a limit and has no default. Set `most` instead.", setting=label(setting)
        )
    try:
        PartialSettings(**{setting: READERS[setting](default)})
    except ValueError:
        raise InvalidSetting(
            "default", "“{value}” isn't a valid value for {setting}.", value=default[:40], setting=label(setting)
        ) from None
    return default
