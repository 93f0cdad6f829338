"""A server's log channel: one line for each request and each rule change."""

import asyncio
import logging
from dataclasses import dataclass

import aiohttp
import discord

from bot.locales import addressing, say
from bot.locales.plain import plain
from bot.policy.blocked_content import BlockedContent
from generation.sentences import Counted, Markup, Sentence
from storage.database import StorageError
from storage.records import Generation
from storage.server_rules import ServerRules

log = logging.getLogger(__name__)

SHOWN_PROMPT = 300
"""Characters of a prompt in a line."""


SHOWN_NAME = 100
"""Characters of what is blocked in a line."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line for the log channel of a server."""

    guild_id: int
    sentence: Sentence
    channel_id: int | None = None
    """The channel, where that is not the server's log channel of the moment when it is posted."""


class AuditLog:
    """Queues lines and posts them one after the other, in the server's language. `run` it while the bot runs."""

    def __init__(self, client: discord.Client, rules: ServerRules) -> None:
        self._client = client
        self._rules = rules
        self._lines: asyncio.Queue[_Line] = asyncio.Queue()

    def asked(self, generation: Generation) -> None:
        """Note a member's request in the log channel, if there is one. Of a private one, the prompt stays private."""
        origin, settings = generation.origin, generation.settings
        if origin.guild_id is None:
            return
        asked = Sentence(
            "{person} asked for {words} in {channel} ({action}, {steps} × {count}, {model}) {link}",
            person=Markup(f"<@{origin.user_id}>"),
            words=Sentence("a private picture") if origin.private else _quoted(settings.prompt),
            channel=Markup(f"<#{origin.channel_id}>"),
            action=Sentence(generation.lineage.action.value),
            steps=Counted(settings.steps, "{n} step", "{n} steps"),
            count=settings.count,
            model=plain(settings.model),
            link="" if origin.private else _link(generation),
        )
        self.note(origin.guild_id, asked)

    def decided(self, interaction: discord.Interaction, what: Sentence, channel_id: int | None = None) -> None:
        """Log a change by an admin; `what` has `{person}` open. `channel_id` is the log channel before the change,
        where the change takes it away."""
        if interaction.guild_id is not None:
            person = Markup(f"<@{interaction.user.id}>")
            self.note(interaction.guild_id, what.with_values(person=person), channel_id)

    def refused(self, guild_id: int | None, channel_id: int | None, user_id: int, refusal: BlockedContent) -> None:
        """Note that somebody asked for what the server has blocked: who, where, and what. The prompt stays out."""
        if guild_id is not None:
            refused = Sentence(
                "{person} asked for something blocked in {channel}: {found}",
                person=Markup(f"<@{user_id}>"),
                channel=Markup(f"<#{channel_id}>"),
                found=refusal.found.with_values(name=Markup(f"||{plain(refusal.name, SHOWN_NAME)}||")),
            )
            self.note(guild_id, refused)

    def note(self, guild_id: int, line: Sentence, channel_id: int | None = None) -> None:
        """Write a line soon, where the server has a log channel, or to `channel_id`."""
        self._lines.put_nowait(_Line(guild_id, line, channel_id))

    async def run(self) -> None:
        """Post lines until cancelled."""
        while True:
            line = await self._lines.get()
            try:
                await self._write(line)
            except (discord.HTTPException, aiohttp.ClientError, OSError, StorageError) as reason:
                log.warning("a line for the log channel of server %s could not be posted: %s", line.guild_id, reason)

    async def _write(self, line: _Line) -> None:
        channel_id = line.channel_id or await self._rules.log_channel_of(line.guild_id)
        if channel_id is None:
            return
        guild = self._client.get_guild(line.guild_id)
        with addressing(guild.preferred_locale if guild else None):
            text = say(line.sentence).strip()
        await self._client.get_partial_messageable(channel_id).send(text[:2000], suppress_embeds=True)


def _quoted(prompt: str) -> Sentence:
    words = " ".join(prompt.split())
    if len(words) > SHOWN_PROMPT:
        whole, _, _ = words[: SHOWN_PROMPT + 1].rpartition(" ")
        words = f"{whole or words[:SHOWN_PROMPT]}…"
    return Sentence("“{words}”", words=plain(words))


def _link(generation: Generation) -> Markup:
    origin = generation.origin
    return Markup(f"https://discord.com/channels/{origin.guild_id}/{origin.channel_id}/{origin.message_id}")
