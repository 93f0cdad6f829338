"""The Discord client: it logs in, syncs commands and hands events on. It has no features of its own."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord
import yarl
from discord import app_commands, ui
from discord.abc import Snowflake
from discord.app_commands import AppCommand
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.config import DISCORD_API
from bot.errors import Refusal
from bot.interactions.bans import BannedError, Bans
from bot.interactions.error_handler import answer_error, cause_of
from bot.interactions.gate import Busy, Gate
from bot.interactions.remix_modal import values_of
from bot.locales import address
from bot.locales.translator import Translator
from bot.policy.blocked_content import BlockedContent

log = logging.getLogger(__name__)

GUILD_SECONDS = 0.2
"""How long discord.py waits for one more server after it has connected; 2 by itself."""

SYNC_SECONDS = 30.0
"""How long the start waits for the commands to be synced; Discord may ask to wait until tomorrow."""

ENTRY_POINT = 4
"""Discord's type for the command that opens an app's Activity. discord.py doesn't know it."""

NO_ENTRY_POINT = 50240
"""Discord's error code for a sync that leaves out the entry point command."""

_KEPT = (
    "id",
    "type",
    "name",
    "name_localizations",
    "description",
    "description_localizations",
    "handler",
    "default_member_permissions",
    "contexts",
    "integration_types",
    "nsfw",
)
"""The fields of an entry point command that are sent along."""

Reacted = Callable[[discord.RawReactionActionEvent], Awaitable[None]]
Refused = Callable[[int | None, int | None, int, BlockedContent], None]
Said = Callable[[discord.Message], Awaitable[None]]
Submitted = Callable[[discord.Interaction, str, dict[str, Any]], Awaitable[None]]


class UnknownChannel(Refusal, app_commands.CheckFailure):
    """The channel is of a kind that discord.py doesn't know, so it has no id."""


class Closing(Refusal, app_commands.CheckFailure):
    """The bot is about to close: what began now would be cut off in the middle."""

    def __init__(self) -> None:
        super().__init__("I'm restarting. Try again in a minute.")


class Tree(app_commands.CommandTree["Client"]):
    """The commands: they answer in the language of whoever uses them, and hand their errors to the error handler."""

    async def interaction_check(self, interaction: discord.Interaction["Client"], /) -> bool:
        try:
            await interaction.client.admit(interaction)
        except (BannedError, Busy, Closing, UnknownChannel):
            if interaction.type is not discord.InteractionType.autocomplete:
                raise
            await interaction.response.autocomplete([])
            return False
        return True

    async def sync(self, *, guild: Snowflake | None = None) -> list[AppCommand]:
        """Sync the commands, as discord.py does; where the app has an entry point command, it is kept.

        Discord refuses to sync without it, and discord.py would leave it out.
        """
        try:
            return await super().sync(guild=guild)
        except discord.HTTPException as refusal:
            if refusal.code != NO_ENTRY_POINT:
                raise
        application_id = self.client.application_id
        assert application_id is not None
        route = Route("GET", "/applications/{application_id}/commands", application_id=application_id)
        existing = await self.client.http.request(route, params={"with_localizations": "true"})
        kept = [
            {name: each[name] for name in _KEPT if each.get(name) is not None}
            for each in existing
            if each["type"] == ENTRY_POINT
        ]
        own = [await each.get_translated_payload(self, Translator()) for each in self.get_commands(guild=guild)]
        synced = await self.client.http.bulk_upsert_global_commands(application_id, payload=[*own, *kept])
        return [AppCommand(data=each, state=self._state) for each in synced]

    async def on_error(
        self, interaction: discord.Interaction["Client"], error: app_commands.AppCommandError, /
    ) -> None:
        await interaction.client.fail(interaction, error)


class Client(commands.Bot):
    """A connection to Discord, or to a stand-in for it at `api_base`."""

    def __init__(self, api_base: str, banned: Bans, gate: Gate, **options: Any) -> None:
        intents = discord.Intents(
            guilds=True, guild_reactions=True, dm_reactions=True, guild_messages=True, dm_messages=True
        )
        super().__init__(
            command_prefix=commands.when_mentioned,
            intents=intents,
            help_command=None,
            tree_cls=Tree,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
            guild_ready_timeout=GUILD_SECONDS,
            **options,
        )
        self._reacted: Reacted | None = None
        self._unreacted: Reacted | None = None
        self._said: Said | None = None
        self._submitted: Submitted | None = None
        self._refused: Refused | None = None
        self._api_base = api_base
        self._banned = banned
        self._gate = gate
        self._is_closing = False
        Route.BASE = api_base.rstrip("/")

    async def serve(
        self,
        *,
        families: Sequence[commands.Cog],
        context_menus: Sequence[app_commands.ContextMenu],
        items: Sequence[type[ui.DynamicItem[Any]]],
        reacted: Reacted,
        unreacted: Reacted,
        said: Said,
        refused: Refused,
        submitted: Submitted,
    ) -> None:
        """Register commands, menus, buttons and listeners. Call it before the login."""
        for family in families:
            await self.add_cog(family)
        for menu in context_menus:
            self.tree.add_command(menu)
        self.add_dynamic_items(*items)
        self._reacted, self._unreacted, self._submitted = reacted, unreacted, submitted
        self._said, self._refused = said, refused

    async def admit(self, interaction: discord.Interaction[Any]) -> None:
        """Wait for an interaction's turn, and answer in its person's language from here on.

        Raises `BannedError`, `UnknownChannel`, `Closing`, and `Busy` where its turn does not come in time.
        """
        address(interaction.locale)
        if self._is_closing:
            raise Closing
        self._banned.check(interaction.user.id, interaction.guild_id)
        if interaction.channel is None:
            raise UnknownChannel("I don't know this kind of channel. Use me in a text channel.")
        await self._gate.enter(interaction)

    @property
    def takes_requests(self) -> bool:
        """True while the bot is ready and not about to close."""
        return self.is_ready() and not self._is_closing

    async def stop_taking(self) -> None:
        """Refuse interactions from now on, and wait until those that were taken are answered."""
        self._is_closing = True
        await self._gate.empty()

    async def fail(self, interaction: discord.Interaction[Any], error: Exception) -> None:
        """Tell the user what went wrong; what the server has blocked is noted in its log too."""
        cause = cause_of(error)
        if isinstance(cause, BlockedContent) and self._refused is not None:
            self._refused(interaction.guild_id, interaction.channel_id, interaction.user.id, cause)
        await answer_error(interaction, error)

    async def setup_hook(self) -> None:
        """Find the gateway of a stand-in, and sync the commands; discord.py calls it after the login."""
        if self._api_base != DISCORD_API:
            gateway = await self.http.request(Route("GET", "/gateway"))
            DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway["url"])
        await self.tree.set_translator(Translator())
        await self._sync()

    async def _sync(self) -> None:
        """Sync the commands. Where Discord refuses, those that it knows from before go on working."""
        try:
            async with asyncio.timeout(SYNC_SECONDS):
                synced = await self.tree.sync()
        except discord.HTTPException as refusal:
            log.warning("Discord did not take the commands; it keeps those it has: %s", refusal)
        except TimeoutError:
            log.warning(
                "Discord did not take the commands within %.0f s; it keeps those it has. Too many may have been "
                "created today; start the bot again tomorrow if some are missing",
                SYNC_SECONDS,
            )
        else:
            log.info("%s commands synced", len(synced))

    async def on_ready(self) -> None:
        log.info("ready as %s in %s servers", self.user, len(self.guilds))

    async def on_message(self, message: discord.Message, /) -> None:
        """Hand a message on; without the privileged intent, only one that mentions the bot has a text in a server."""
        if self._said is not None:
            await self._said(message)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        if self._reacted is not None:
            await self._reacted(payload)

    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        if self._unreacted is not None:
            await self._unreacted(payload)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Handle modals, for discord.py forgets those that were opened before its start."""
        if interaction.type is not discord.InteractionType.modal_submit or self._submitted is None:
            return
        data: Any = interaction.data or {}
        try:
            await self.admit(interaction)
            values = values_of(data["components"], data.get("resolved") or {})
            await self._submitted(interaction, data["custom_id"], values)
        except Exception as error:  # noqa: BLE001 - the error edge of forms
            await self.fail(interaction, error)
