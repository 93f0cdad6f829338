"""/server: the rules of a server, for its admins."""

from typing import Literal

import discord
from discord import app_commands

from bot.cogs import listed_rules, option_types
from bot.cogs.defaults_cog import DefaultsCog
from bot.cogs.listed_rules import ListedRule
from bot.delivery.audit_log import AuditLog
from bot.errors import Refusal
from bot.interactions import permissions
from bot.interactions.requester import requester_in
from bot.interactions.respond import answer
from bot.jobs.dispatcher import Dispatcher
from bot.locales import say, say_many
from bot.policy import blocked_words
from bot.policy.request_context import ContextLoader
from bot.policy.server_rules import check_setting
from bot.views.server_rules import limit, rules
from generation.catalogue import Catalogue
from generation.errors import InvalidSetting
from generation.sentences import Counted, Sentence
from generation.settings import COOLDOWN, DAILY_STEPS, LIMITS, WAITING, Limits, PartialSettings, label
from storage.generations import Generations
from storage.records import ANY_MODEL, NsfwPolicy
from storage.rulebook import MODEL, READERS, Kind, Rule, RuleKey
from storage.server_rules import ServerRules

Waiting = app_commands.Range[int, WAITING.low, WAITING.high]
Cooldown = app_commands.Range[int, COOLDOWN.low, COOLDOWN.high]
DailySteps = app_commands.Range[int, DAILY_STEPS.low, DAILY_STEPS.high]
Channel = discord.TextChannel | discord.VoiceChannel | discord.ForumChannel

SETTINGS = [app_commands.Choice(name=name.replace("_", " "), value=name) for name in dict.fromkeys((*READERS, *LIMITS))]

SHOWN = {Kind.MODEL: "{}", Kind.CHANNEL: "<#{}>", Kind.ROLE: "<@&{}>"}
POLICIES = {"off": Sentence("off"), "spoiler": Sentence("spoiler"), "block": Sentence("block")}


class NeedsManageServer(Refusal, app_commands.CheckFailure):
    """A refusal that is a `CheckFailure` too, for discord.py passes nothing else on from a check."""


@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.default_permissions(manage_guild=True)
class Server(DefaultsCog, group_name="server", group_description="Defaults, limits and rules of this server"):
    """The rules of a server.

    Discord hides the group from members who cannot manage the server; they are refused too, for admins can unhide
    commands.
    """

    def __init__(
        self,
        *,
        rules: ServerRules,
        contexts: ContextLoader,
        catalogue: Catalogue,
        generations: Generations,
        dispatcher: Dispatcher,
        audit_log: AuditLog,
    ) -> None:
        super().__init__(catalogue)
        self._rules = rules
        self._contexts = contexts
        self._generations = generations
        self._dispatcher = dispatcher
        self._audit_log = audit_log

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        if interaction.guild_id is None or not interaction.permissions.manage_guild:
            raise NeedsManageServer("You need the Manage Server permission to do that.")
        return True

    async def prefer(self, interaction: discord.Interaction, model: str, changes: PartialSettings) -> None:
        await self._rules.prefer(_guild(interaction), _guild(interaction), model, changes)
        self._audit_log.decided(
            interaction,
            Sentence("{person} set defaults: {settings}", settings=[*map(label, changes.given())]),
        )

    async def answer(self, interaction: discord.Interaction, first: str = "") -> None:
        await self._answer(interaction, first)

    @app_commands.command()
    async def show(
        self,
        interaction: discord.Interaction,
        member: discord.User | None = None,
        channel: Channel | None = None,
        model: str | None = None,
    ) -> None:
        """Show the rules that apply here and where they come from.

        Args:
            member: Member to look up; leave empty for yourself
            channel: Channel to look up; leave empty for this one
            model: Model to look up; leave empty for the default
        """
        await self._answer(interaction, "", member, channel, model)

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
        """Set limits for members.

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
        scope = _scope(interaction, channel, role)
        given = {name: value for name in LIMITS if (value := getattr(limits, name)) is not None}
        _check_named(given)
        for name, value in given.items():
            await self._rules.rule(_guild(interaction), RuleKey(scope, ANY_MODEL, name), Rule(most=value))
        self._audit_log.decided(
            interaction, Sentence("{person} set limits: {settings}", settings=[limit(*each) for each in given.items()])
        )
        await self._answer(interaction, say("Saved."), channel=channel)

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
        """Set the default, minimum and maximum of one setting, or lock it.

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
        if name == MODEL and default is not None:
            self._catalogue.get(default)
        rule = check_setting(name, Rule(_checked(name, default), least, most, locked))
        _check_named(rule != Rule())
        key = RuleKey(_scope(interaction, channel, role), self._model(model), name)
        await self._rules.rule(_guild(interaction), key, rule)
        self._audit_log.decided(interaction, Sentence("{person} set a rule for: {setting}", setting=label(name)))
        await self._answer(interaction, say("Saved."), channel=channel, model=model)

    @app_commands.command()
    async def allow(
        self,
        interaction: discord.Interaction,
        model: str | None = None,
        channel: Channel | None = None,
        role: discord.Role | None = None,
        allowed: bool = True,
    ) -> None:
        """Allow only certain models, channels or roles; all are allowed until you choose one.

        Args:
            model: Model that members can use
            channel: Channel that members can draw in
            role: Role that can draw
            allowed: False removes it from the allowed ones
        """
        chosen = {
            Kind.MODEL: model and (self._model(model) if allowed else model),
            Kind.CHANNEL: channel and str(channel.id),
            Kind.ROLE: role and str(role.id),
        }
        _check_named(any(chosen.values()))
        for kind, name in chosen.items():
            if name:
                await self._rules.allow(_guild(interaction), kind, name, allowed)
                said = Sentence(
                    "{person} allowed: {name}" if allowed else "{person} no longer allows: {name}",
                    name=SHOWN[kind].format(name),
                )
                self._audit_log.decided(interaction, said)
        await self._answer(interaction, say("Saved."))

    @app_commands.command()
    async def remove(self, interaction: discord.Interaction, listed: app_commands.Range[str, 1, 100]) -> None:
        """Remove a model, channel or role from the rules, even one that was deleted.

        Args:
            listed: What to remove; choose from the list
        """
        guild_id = _guild(interaction)
        chosen = [each for each in await self._listed(interaction) if each.is_meant_by(listed)]
        if not chosen:
            raise Refusal("The rules don't list that. Choose from the list.")
        for each in chosen:
            match each.matter:
                case listed_rules.RULES:
                    await self._rules.forget(guild_id, int(each.name))
                case listed_rules.LOG:
                    await self._rules.log_to(guild_id, None)
                case kind:
                    await self._rules.allow(guild_id, Kind(kind), each.name, False)
            self._audit_log.decided(interaction, Sentence("{person} removed: {name}", name=each.label))
        await self._answer(interaction, say("Saved."))

    @remove.autocomplete("listed")
    async def _removable(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        found = await self._listed(interaction)
        return option_types.choices(
            (each.label, each.value) for each in found if typed.casefold() in each.label.casefold()
        )

    async def _listed(self, interaction: discord.Interaction) -> list[ListedRule]:
        guild_id = _guild(interaction)
        return list(listed_rules.listed_rules(await self._rules.of(guild_id), interaction.guild, guild_id))

    @app_commands.command()
    async def nsfw(self, interaction: discord.Interaction, policy: Literal["off", "spoiler", "block"]) -> None:
        """Set the NSFW filter for channels that aren't age-restricted.

        Args:
            policy: Show flagged pictures, hide them behind a spoiler, or keep them in age-restricted channels
        """
        await self._rules.decide(_guild(interaction), nsfw=NsfwPolicy(policy))
        self._audit_log.decided(
            interaction, Sentence("{person} set the NSFW policy: {policy}", policy=POLICIES[policy])
        )
        await self._answer(interaction, say("Saved."))

    @app_commands.command()
    async def words(self, interaction: discord.Interaction, blocked: app_commands.Range[str, 0, 4000]) -> None:
        """Block words in prompts; negative prompts can still contain them.

        Args:
            blocked: Words or phrases separated by commas; gore* also blocks gorefest; a dash (-) unblocks all
        """
        words = blocked_words.read(blocked.removeprefix("-"))
        await self._rules.decide(_guild(interaction), blocked_words=words)
        self._audit_log.decided(
            interaction,
            Sentence("{person} set the blocked words: {number}", number=len(words)),
        )
        await self._answer(interaction, say("Saved."))

    @app_commands.command()
    async def hints(self, interaction: discord.Interaction, on: bool) -> None:
        """Turn hints about unusual settings on or off; members get at most one a day.

        Args:
            on: True turns hints on, False turns them off
        """
        await self._rules.decide(_guild(interaction), hints=on)
        self._audit_log.decided(
            interaction, Sentence("{person} turned hints on" if on else "{person} turned hints off")
        )
        await self._answer(interaction, say("Saved."))

    @app_commands.command()
    async def log(self, interaction: discord.Interaction, channel: discord.TextChannel | None = None) -> None:
        """Post every request and every rule change in a channel.

        Args:
            channel: Channel to post in; leave empty to turn the log off
        """
        if channel and (
            missing := permissions.missing(channel.permissions_for(channel.guild.me), permissions.speaking(channel))
        ):
            raise Refusal(
                "I can't post in {channel}. Give me these permissions there: {missing}.",
                channel=channel.mention,
                missing=missing,
            )
        await self._rules.log_to(_guild(interaction), channel.id if channel else None)
        self._audit_log.decided(interaction, Sentence("{person} made this the log channel"))
        await self._answer(interaction, say("Saved."))

    @app_commands.command()
    async def pause(self, interaction: discord.Interaction) -> None:
        """Stop taking requests until you resume; queued pictures are still drawn."""
        await self._rules.decide(_guild(interaction), paused=True)
        self._audit_log.decided(interaction, Sentence("{person} paused drawing"))
        await self._answer(interaction, say("Paused."))

    @app_commands.command()
    async def resume(self, interaction: discord.Interaction) -> None:
        """Start taking requests again."""
        await self._rules.decide(_guild(interaction), paused=False)
        self._audit_log.decided(interaction, Sentence("{person} resumed drawing"))
        await self._answer(interaction, say("Resumed."))

    @app_commands.command()
    async def clear(self, interaction: discord.Interaction, member: discord.User) -> None:
        """Cancel all unfinished requests of a member on this server.

        Args:
            member: Member whose requests to cancel
        """
        unfinished = await self._generations.unfinished_in(_guild(interaction), member.id)
        sentence = say_many(
            len(unfinished),
            "Cancelling {n} request of {member}.",
            "Cancelling {n} requests of {member}.",
            member=member.mention,
        )
        await interaction.response.send_message(sentence, ephemeral=True)
        for generation in unfinished:
            await self._dispatcher.cancel(generation)
        cancelled = Counted(
            len(unfinished),
            "{person} cancelled {n} request of {member}",
            "{person} cancelled {n} requests of {member}",
            member=member.mention,
        )
        self._audit_log.decided(interaction, cancelled)

    @app_commands.command()
    @app_commands.choices(setting=SETTINGS)
    async def reset(
        self,
        interaction: discord.Interaction,
        channel: Channel | None = None,
        role: discord.Role | None = None,
        setting: app_commands.Choice[str] | None = None,
    ) -> None:
        """Reset rules to the host's values.

        Args:
            channel: Reset only the rules of this channel
            role: Reset only the rules of this role
            setting: Reset only this setting, for the channel or role, or else for the server
        """
        scope = _scope(interaction, channel, role) if channel or role or setting else None
        self._audit_log.decided(interaction, _reset(channel or role, setting.value if setting else None))
        await self._rules.forget(_guild(interaction), scope, setting.value if setting else None)
        await self._answer(interaction, say("Reset."))

    @show.autocomplete("model")
    @rule.autocomplete("model")
    @allow.autocomplete("model")
    async def _names(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return option_types.matching_models(self._catalogue, typed)

    async def _answer(
        self,
        interaction: discord.Interaction,
        first: str,
        member: discord.User | None = None,
        channel: Channel | None = None,
        model: str | None = None,
    ) -> None:
        requester = requester_in(member or interaction.user, interaction.guild_id, channel or interaction.channel)
        context = await self._contexts.load(requester)
        name = model or context.model_of_place.value
        page, *more = rules(context, context.effective(name), name, first)
        await answer(interaction, page)
        for page in more:
            page.view.stop()
            await interaction.followup.send(view=page.view, ephemeral=True)

    def _model(self, name: str | None) -> str:
        return self._catalogue.get(name).name if name else ANY_MODEL


def _check_named(anything: object) -> None:
    """Raise `Refusal` where a command was given no option to save."""
    if not anything:
        raise Refusal("Nothing was changed. Choose at least one option.")


def _guild(interaction: discord.Interaction) -> int:
    """The id of the server; the group's check makes sure that there is one."""
    assert interaction.guild_id is not None
    return interaction.guild_id


def _scope(interaction: discord.Interaction, channel: Channel | None, role: discord.Role | None) -> int:
    if channel and role:
        raise Refusal("A rule is for a channel or for a role, not both. Make two rules.")
    return channel.id if channel else role.id if role else _guild(interaction)


def _reset(place: Channel | discord.Role | None, setting: str | None) -> Sentence:
    """The line of the audit log for a reset."""
    if setting and place:
        return Sentence(
            "{person} removed a rule of {place} for: {setting}", place=place.mention, setting=label(setting)
        )
    if setting:
        return Sentence("{person} removed a rule of this server for: {setting}", setting=label(setting))
    if place:
        return Sentence("{person} removed the rules of {place}", place=place.mention)
    return Sentence("{person} reset all rules to the host's values")


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
