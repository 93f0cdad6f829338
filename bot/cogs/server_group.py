"""What all commands of /server share: who may use them, and how they answer."""

from collections.abc import Callable, Iterable

import discord
from discord import app_commands

from bot.cogs import option_types
from bot.cogs.defaults_cog import DefaultsCog
from bot.cogs.saved import say_saved
from bot.delivery.audit_log import AuditLog
from bot.errors import Refusal
from bot.jobs.dispatcher import Dispatcher
from bot.policy.request_context import ContextLoader
from bot.views.server_rules import valued
from generation.catalogue import Catalogue
from generation.sentences import Markup, Sentence
from generation.settings import PartialSettings, label
from storage.generations import Generations
from storage.records import ANY_MODEL
from storage.server_rules import ServerRules

Channel = discord.TextChannel | discord.VoiceChannel | discord.ForumChannel


class NeedsManageServer(Refusal, app_commands.CheckFailure):
    """A refusal that is a `CheckFailure` too, for discord.py passes nothing else on from a check."""


class ServerGroup(DefaultsCog):
    """A part of /server. Its commands refuse those who may not manage the server, and log what they change."""

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
        check_manages(interaction)
        return True

    async def prefer(self, interaction: discord.Interaction, model: str, changes: PartialSettings) -> Iterable[str]:
        guild_id = guild_of(interaction)
        await self._rules.prefer(guild_id, guild_id, model, changes)
        self._audit_log.decided(
            interaction,
            Sentence("{person} set defaults: {settings}", settings=[*map(label, changes.given())]),
        )
        return [valued(name, value) for name, value in changes.given().items()]

    async def saved(self, interaction: discord.Interaction, lines: Iterable[str], *where: str | None) -> None:
        """Say what was changed, and for which channel, role or model."""
        await say_saved(interaction, lines, where)

    def suggested(
        self, interaction: discord.Interaction, pairs: Iterable[tuple[str, str]], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Suggestions of text and value that hold what was typed; none for whoever may not manage the server."""
        if not interaction.permissions.manage_guild:
            return []
        return option_types.choices(each for each in pairs if typed.casefold() in " ".join(each).casefold())

    def model_named(self, name: str | None) -> str:
        """The model that a command names, or `ANY_MODEL`. Raises `UnknownModel`."""
        return self._catalogue.get(name).name if name else ANY_MODEL


def check_manages(interaction: discord.Interaction) -> None:
    """Raise `NeedsManageServer` for whoever may not manage the server."""
    if interaction.guild_id is None or not interaction.permissions.manage_guild:
        raise NeedsManageServer("You need the Manage Server permission to do that.")


def check_named(anything: object) -> None:
    """Raise `Refusal` where a command was given no option to save."""
    if not anything:
        raise Refusal("Nothing was changed. Choose at least one option.")


def guild_of(interaction: discord.Interaction) -> int:
    """The id of the server; the group's check makes sure that there is one."""
    assert interaction.guild_id is not None
    return interaction.guild_id


def scope_of(interaction: discord.Interaction, channel: Channel | None, role: discord.Role | None) -> int:
    """The scope of a rule. Raises `Refusal` for both a channel and a role."""
    if channel and role:
        raise Refusal("A rule is for a channel or for a role, not both. Make two rules.")
    return channel.id if channel else role.id if role else guild_of(interaction)


def mentions_in(interaction: discord.Interaction) -> Callable[[int], str | None]:
    """A function that mentions the scope of a rule, a channel or a role; None for the server itself."""

    def named(scope: int) -> str | None:
        if scope == interaction.guild_id:
            return None
        is_role = interaction.guild is not None and interaction.guild.get_role(scope) is not None
        return f"<@&{scope}>" if is_role else f"<#{scope}>"

    return named


def mention_of(place: Channel | discord.Role | None) -> Markup | None:
    """A channel or role as Discord shows it."""
    return Markup(place.mention) if place else None
