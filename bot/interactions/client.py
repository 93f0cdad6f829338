"""The Discord client: it logs in, syncs commands and hands events on. It has no features of its own."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord
import yarl
from discord import app_commands, ui
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.config import DISCORD_API
from bot.interactions.bans import BannedError, Bans
from bot.interactions.error_handler import answer_error
from bot.interactions.gate import Busy, Gate
from bot.interactions.remix_modal import values_of
from bot.locales import address
from bot.locales.translator import Translator

log = logging.getLogger(__name__)

GUILD_SECONDS = 0.2
"""How long discord.py waits for one more server after it has connected; 2 by itself."""

Reacted = Callable[[discord.RawReactionActionEvent], Awaitable[None]]
Submitted = Callable[[discord.Interaction, str, dict[str, Any]], Awaitable[None]]


class Tree(app_commands.CommandTree["Client"]):
    """The commands: they answer in the language of whoever uses them, and hand their errors to the error handler."""

    async def interaction_check(self, interaction: discord.Interaction["Client"], /) -> bool:
        try:
            await interaction.client.admit(interaction)
        except (BannedError, Busy):
            if interaction.type is not discord.InteractionType.autocomplete:
                raise
            await interaction.response.autocomplete([])
            return False
        return True

    async def on_error(
        self, interaction: discord.Interaction["Client"], error: app_commands.AppCommandError, /
    ) -> None:
        await answer_error(interaction, error)


class Client(commands.Bot):
    """A connection to Discord, or to a stand-in for it at `api_base`."""

    def __init__(self, api_base: str, banned: Bans, **options: Any) -> None:
        intents = discord.Intents(guilds=True, guild_reactions=True, dm_reactions=True)
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
        self._submitted: Submitted | None = None
        self._api_base = api_base
        self._banned = banned
        self._gate = Gate()
        Route.BASE = api_base

    async def serve(
        self,
        *,
        families: Sequence[commands.Cog],
        context_menus: Sequence[app_commands.ContextMenu],
        items: Sequence[type[ui.DynamicItem[Any]]],
        reacted: Reacted,
        unreacted: Reacted,
        submitted: Submitted,
    ) -> None:
        """Register commands, menus, buttons and listeners. Call it before the login."""
        for family in families:
            await self.add_cog(family)
        for menu in context_menus:
            self.tree.add_command(menu)
        self.add_dynamic_items(*items)
        self._reacted, self._unreacted, self._submitted = reacted, unreacted, submitted

    async def admit(self, interaction: discord.Interaction[Any]) -> None:
        """Wait for an interaction's turn, and answer in its person's language from here on.

        Raises `BannedError`, and `Busy` where its turn does not come in time.
        """
        address(interaction.locale)
        self._banned.check(interaction.user.id, interaction.guild_id)
        await self._gate.enter(interaction)

    async def setup_hook(self) -> None:
        """Find the gateway of a stand-in, and sync the commands; discord.py calls it after the login."""
        if self._api_base != DISCORD_API:
            gateway = await self.http.request(Route("GET", "/gateway"))
            DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway["url"])
        await self.tree.set_translator(Translator())
        synced = await self.tree.sync()
        log.info("%s commands synced", len(synced))

    async def on_ready(self) -> None:
        log.info("ready as %s in %s servers", self.user, len(self.guilds))

    async def on_message(self, message: discord.Message, /) -> None:
        """Ignore messages: the bot has slash commands only."""

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
            await self._submitted(interaction, data["custom_id"], values_of(data["components"]))
        except Exception as error:  # noqa: BLE001 - the error edge of forms
            await answer_error(interaction, error)
