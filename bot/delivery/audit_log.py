"""A server's log channel: one line for each request and each rule change."""

import asyncio
import logging

import aiohttp
import discord

from bot.locales import addressing, say
from generation.sentences import Sentence
from storage.database import StorageError
from storage.records import Generation
from storage.server_rules import ServerRules

log = logging.getLogger(__name__)

SHOWN_PROMPT = 300
"""Characters of a prompt in a line."""


class AuditLog:
    """Queues lines and posts them one after the other, in the server's language. `run` it while the bot runs."""

    def __init__(self, client: discord.Client, rules: ServerRules) -> None:
        self._client = client
        self._rules = rules
        self._lines: asyncio.Queue[tuple[int, Sentence]] = asyncio.Queue()

    def asked(self, generation: Generation) -> None:
        """Log a member's request; without the prompt if it is private."""
        origin, settings = generation.origin, generation.settings
        if origin.guild_id is None:
            return
        asked = Sentence(
            "{person} asked for {words} in {channel} ({action}, {steps} steps × {count}, {model}) {link}",
            person=f"<@{origin.user_id}>",
            words=Sentence("a private picture") if origin.private else _quoted(settings.prompt),
            channel=f"<#{origin.channel_id}>",
            action=Sentence(generation.lineage.action.value),
            steps=settings.steps,
            count=settings.count,
            model=settings.model,
            link="" if origin.private else _link(generation),
        )
        self.note(origin.guild_id, asked)

    def decided(self, interaction: discord.Interaction, what: Sentence) -> None:
        """Log a change by an admin; `what` has `{person}` open."""
        if interaction.guild_id is not None:
            person = f"<@{interaction.user.id}>"
            self.note(interaction.guild_id, what.with_values(person=person))

    def note(self, guild_id: int, line: Sentence) -> None:
        """Queue a line. It is posted only if the server has a log channel."""
        self._lines.put_nowait((guild_id, line))

    async def run(self) -> None:
        """Post lines until cancelled."""
        while True:
            guild_id, line = await self._lines.get()
            try:
                await self._write(guild_id, line)
            except (discord.HTTPException, aiohttp.ClientError, OSError, StorageError) as reason:
                log.warning("a line for the log channel of server %s could not be posted: %s", guild_id, reason)

    async def _write(self, guild_id: int, line: Sentence) -> None:
        channel_id = (await self._rules.of(guild_id)).log_channel_id
        if channel_id is None:
            return
        guild = self._client.get_guild(guild_id)
        with addressing(guild.preferred_locale if guild else None):
            text = say(line).strip()
        await self._client.get_partial_messageable(channel_id).send(text[:2000], suppress_embeds=True)


def _quoted(prompt: str) -> Sentence:
    words = " ".join(prompt.split())[:SHOWN_PROMPT]
    return Sentence("“{words}”", words=discord.utils.escape_markdown(words))


def _link(generation: Generation) -> str:
    origin = generation.origin
    return f"https://discord.com/channels/{origin.guild_id}/{origin.channel_id}/{origin.message_id}"
