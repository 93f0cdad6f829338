"""A server's log channel: what members ask for and what admins change, one line each."""

import asyncio
import logging

import discord

from storage.house_rules import HouseRules
from storage.records import Generation

log = logging.getLogger(__name__)

SHOWN_PROMPT = 300
"""Characters of a prompt that a line shows."""


class Logbook:
    """Takes lines at once and writes them one after the other; `run` it for as long as the bot lives."""

    def __init__(self, client: discord.Client, rules: HouseRules) -> None:
        self._client = client
        self._rules = rules
        self._lines: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

    def asked(self, generation: Generation) -> None:
        """A member's request. Of a private one, the prompt stays private."""
        origin, settings = generation.origin, generation.settings
        if origin.guild_id is None:
            return
        words = "something private" if origin.private else f"“{' '.join(settings.prompt.split())[:SHOWN_PROMPT]}”"
        where = "" if origin.private else f" {_link(generation)}"
        self.note(
            origin.guild_id,
            f"<@{origin.user_id}> asked for {discord.utils.escape_markdown(words)} in <#{origin.channel_id}> "
            f"({generation.lineage.action}, {settings.steps} steps × {settings.count}, {settings.model}){where}",
        )

    def decided(self, interaction: discord.Interaction, what: str) -> None:
        """A change by an admin."""
        if interaction.guild_id is not None:
            self.note(interaction.guild_id, f"<@{interaction.user.id}> {what}")

    def note(self, guild_id: int, line: str) -> None:
        """Write a line soon, where the server has a log channel."""
        self._lines.put_nowait((guild_id, line))

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            guild_id, line = await self._lines.get()
            if channel_id := (await self._rules.of(guild_id)).log_channel_id:
                await self._write(channel_id, line)

    async def _write(self, channel_id: int, line: str) -> None:
        try:
            await self._client.get_partial_messageable(channel_id).send(line[:2000], suppress_embeds=True)
        except discord.HTTPException as refusal:
            log.warning("the log channel %s takes no line: %s", channel_id, refusal)


def _link(generation: Generation) -> str:
    origin = generation.origin
    return f"https://discord.com/channels/{origin.guild_id}/{origin.channel_id}/{origin.message_id}"
