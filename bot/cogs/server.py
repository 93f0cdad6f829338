"""/server: the rules of a server, for its admins."""

from typing import Literal

import discord
from discord import app_commands

from bot.cogs import options
from bot.cogs.defaults_cog import DefaultsCog
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
            raise NeedsManageServer("Only people with the permission Manage Server can do that.")
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
        member: discord.Member | None = None,
        channel: Channel | None = None,
        model: str | None = None,
    ) -> None:
        """Show what holds here, and who said so.

        Args:
            member: For whom; for you if left out
            channel: Where; here if left out
            model: With which model; with the first if left out
        """
        await self._answer(interaction, "", member, channel, model)

    @app_commands.command()
    async def limits(
        self,
        interaction: discord.Interaction,
        steps: options.Steps | None = None,
        side: options.Side | None = None,
        count: options.Count | None = None,
        waiting: Waiting | None = None,
        cooldown: Cooldown | None = None,
        daily_steps: DailySteps | None = None,
        channel: Channel | None = None,
        role: discord.Role | None = None,
    ) -> None:
        """Set how much a member may ask for here.

        Args:
            steps: The most steps
            side: The most pixels a picture may be wide or high
            count: The most pictures at once
            waiting: The most unfinished requests of one member
            cooldown: Seconds from one request of a member to the next
            daily_steps: The most steps of one member in 24 hours, all pictures together
            channel: In this channel only; it outweighs roles and the server
            role: For this role only; it outweighs the server, and of several roles the most generous holds
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
        """Say more about one setting: its default, its bounds, whether members may change it.

        Args:
            setting: Which setting
            default: What is used when nothing is named
            least: The least that members may ask for
            most: The most that members may ask for
            locked: True, and members cannot change it
            channel: In this channel only; it outweighs roles and the server
            role: For this role only; it outweighs the server, and of several roles the most generous holds
            model: With this model only
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
        """Choose models, channels or roles; as long as none is chosen, all are allowed.

        Args:
            model: A model that may be used
            channel: A channel to draw in
            role: A role that may draw
            allowed: False takes it out again
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
    async def nsfw(self, interaction: discord.Interaction, policy: Literal["off", "spoiler", "block"]) -> None:
        """Say what happens to pictures outside of age-restricted channels.

        Args:
            policy: Show them, hide them behind a spoiler, or draw them in age-restricted channels only
        """
        await self._rules.decide(_guild(interaction), nsfw=NsfwPolicy(policy))
        self._audit_log.decided(
            interaction, Sentence("{person} set the NSFW policy: {policy}", policy=POLICIES[policy])
        )
        await self._answer(interaction, say("Saved."))

    @app_commands.command()
    async def words(self, interaction: discord.Interaction, blocked: app_commands.Range[str, 0, 4000]) -> None:
        """Set the words that prompts may not contain; negative prompts may.

        Args:
            blocked: Whole words or phrases, with commas between them; gore* also blocks gorefest; a dash blocks none
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
        """Give members a hint, once a day at most, where a setting is far from what the model likes.

        Args:
            on: Whether
        """
        await self._rules.decide(_guild(interaction), hints=on)
        self._audit_log.decided(
            interaction, Sentence("{person} turned hints on" if on else "{person} turned hints off")
        )
        await self._answer(interaction, say("Saved."))

    @app_commands.command()
    async def log(self, interaction: discord.Interaction, channel: discord.TextChannel | None = None) -> None:
        """Write every request and every change of these rules into a channel.

        Args:
            channel: Which; none, if left out
        """
        if channel and (
            missing := permissions.missing(channel.permissions_for(channel.guild.me), permissions.speaking(channel))
        ):
            raise Refusal(
                "I cannot write in {channel}. Allow me there: {missing}.", channel=channel.mention, missing=missing
            )
        await self._rules.log_to(_guild(interaction), channel.id if channel else None)
        self._audit_log.decided(interaction, Sentence("{person} made this the log channel"))
        await self._answer(interaction, say("Saved."))

    @app_commands.command()
    async def pause(self, interaction: discord.Interaction) -> None:
        """Take no requests until you resume; what is queued is still drawn."""
        await self._rules.decide(_guild(interaction), paused=True)
        self._audit_log.decided(interaction, Sentence("{person} paused drawing"))
        await self._answer(interaction, say("Paused."))

    @app_commands.command()
    async def resume(self, interaction: discord.Interaction) -> None:
        """Take requests again."""
        await self._rules.decide(_guild(interaction), paused=False)
        self._audit_log.decided(interaction, Sentence("{person} resumed drawing"))
        await self._answer(interaction, say("Resumed."))

    @app_commands.command()
    async def clear(self, interaction: discord.Interaction, member: discord.User) -> None:
        """Cancel all that a member has waiting or being drawn here.

        Args:
            member: Whose requests
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
        """Go back to the host's values.

        Args:
            channel: Forget what holds in this channel only
            role: Forget what holds for this role only
            setting: Forget one setting only, of the channel or role, or else of the server itself
        """
        scope = _scope(interaction, channel, role) if channel or role or setting else None
        self._audit_log.decided(interaction, _reset(channel or role, setting.value if setting else None))
        await self._rules.forget(_guild(interaction), scope, setting.value if setting else None)
        await self._answer(interaction, say("Forgotten."))

    @show.autocomplete("model")
    @rule.autocomplete("model")
    @allow.autocomplete("model")
    async def _names(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return options.matching_models(self._catalogue, typed)

    async def _answer(
        self,
        interaction: discord.Interaction,
        first: str,
        member: discord.Member | None = None,
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
        raise Refusal("Nothing is named, so nothing is changed. Choose at least one option.")


def _guild(interaction: discord.Interaction) -> int:
    """The id of the server; the group's check makes sure that there is one."""
    assert interaction.guild_id is not None
    return interaction.guild_id


def _scope(interaction: discord.Interaction, channel: Channel | None, role: discord.Role | None) -> int:
    if channel and role:
        raise Refusal("A rule holds in a channel or for a role, not both. Make two rules.")
    return channel.id if channel else role.id if role else _guild(interaction)


def _reset(place: Channel | discord.Role | None, setting: str | None) -> Sentence:
    """The line of the audit log for a reset."""
    if setting and place:
        return Sentence(
            "{person} took back a rule of {place} for: {setting}", place=place.mention, setting=label(setting)
        )
    if setting:
        return Sentence("{person} took back a rule of this server for: {setting}", setting=label(setting))
    if place:
        return Sentence("{person} took back the rules of {place}", place=place.mention)
    return Sentence("{person} went back to the host's values")


def _checked(setting: str, default: str | None) -> str | None:
    """A default as it is saved. Raises `InvalidSetting`."""
    if default is None:
        return None
    if setting not in READERS:
        raise InvalidSetting("default", "{setting!c} has no default; it has a most.", setting=label(setting))
    try:
        PartialSettings(**{setting: READERS[setting](default)})
    except ValueError:
        raise InvalidSetting(
            "default", "“{value}” is no value for {setting}.", value=default[:40], setting=label(setting)
        ) from None
    return default
