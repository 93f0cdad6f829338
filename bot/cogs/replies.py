"""Replies to the message of a picture that say what to change of it."""

import contextlib
import logging
import re

import discord

from bot.delivery.audit_log import AuditLog
from bot.delivery.direct_messages import DirectMessages
from bot.errors import sentence_for
from bot.interactions.bans import BannedError, Bans
from bot.interactions.drawing_places import check_may_draw, place_of
from bot.interactions.edit_form import LONGEST_CHANGE
from bot.interactions.given_files import picture_url
from bot.interactions.requester import requester_in
from bot.interactions.sight import Sight
from bot.locales import address
from bot.policy.blocked_content import BlockedContent
from bot.policy.request_context import ContextLoader
from bot.requests.edits import REFERENCES, Edits
from bot.requests.submission import Submission
from bot.views.custom_ids import Press, PressKind, custom_ids_in
from generation.errors import UserError
from storage.database import StorageError
from storage.generations import AlreadyAsked, Generations
from storage.records import Answer, Generation, Origin

log = logging.getLogger(__name__)


class Replies:
    """Edits a picture as a reply says: in a server one that mentions the bot in its text, in a direct message any.

    A refusal is sent to the person as a direct message.
    """

    def __init__(
        self,
        *,
        client: discord.Client,
        banned: Bans,
        contexts: ContextLoader,
        edits: Edits,
        submission: Submission,
        generations: Generations,
        sight: Sight,
        direct_messages: DirectMessages,
        audit_log: AuditLog,
    ) -> None:
        self._client = client
        self._banned = banned
        self._contexts = contexts
        self._edits = edits
        self._submission = submission
        self._generations = generations
        self._sight = sight
        self._direct_messages = direct_messages
        self._audit_log = audit_log

    async def said(self, message: discord.Message) -> None:
        """Act on a message; all but replies that say what to change are ignored."""
        change = self._change(message)
        if not change or message.author.bot:
            return
        guild_id = message.guild.id if message.guild else None
        try:
            self._banned.check(message.author.id, guild_id)
        except BannedError:
            return
        found = await self._replied(message)
        if found is None:
            return
        address(await self._generations.locale_of(message.author.id))
        try:
            await self._edit(message, *found, change)
        except (UserError, StorageError, discord.HTTPException) as failure:
            log.info("the reply %s had no effect: %s", message.id, failure)
            if isinstance(failure, BlockedContent):
                self._audit_log.refused(guild_id, message.channel.id, message.author.id, failure)
            await self._direct_messages.say(message.author.id, sentence_for(failure))

    def _change(self, message: discord.Message) -> str:
        """What a message says to change; empty where it isn't meant for the bot."""
        if self._client.user is None or message.reference is None or message.type is not discord.MessageType.reply:
            return ""
        words, mentions = re.subn(rf"<@!?{self._client.user.id}>", " ", message.content)
        if message.guild is not None and not mentions:
            return ""
        return " ".join(words.split())[:LONGEST_CHANGE]

    async def _replied(self, message: discord.Message) -> tuple[Generation, int] | None:
        """The request and the index of the picture that a message replies to, as its buttons tell; None where there is
        none that the person may know of."""
        replied = message.reference.resolved if message.reference else None
        if not isinstance(replied, discord.Message) or replied.author != self._client.user:
            return None
        presses = [press for each in custom_ids_in(replied.components) if (press := Press.read(each))]
        press = next((each for each in presses if each.kind is PressKind.EDIT), None)
        generation = await self._sight.shown_in(replied, press)
        if press is not None and generation is not None and press.generation_id != generation.id:
            generation = await self._generations.get(press.generation_id)
        if generation is None or not generation.is_open_to(message.author.id):
            return None
        return generation, press.picture if press else 0

    async def _edit(self, message: discord.Message, generation: Generation, index: int, change: str) -> None:
        guild_id = message.guild.id if message.guild else None
        place = place_of(self._client, guild_id, message.channel.id)
        member = message.author if isinstance(message.author, discord.Member) else None
        check_may_draw(place, member)
        requester = requester_in(message.author, guild_id, place or message.channel)
        urls = tuple(picture_url(each) for each in message.attachments[:REFERENCES])
        context = await self._contexts.load(requester)
        plan = self._edits.edit(context, generation, index, change, references=urls)
        origin = Origin(
            f"reply:{message.id}",
            message.author.id,
            message.channel.id,
            guild_id=guild_id,
            spoiler=generation.origin.spoiler or plan.spoiler,
            locale=await self._generations.locale_of(message.author.id),
            answer=Answer.REPLY,
        )
        with contextlib.suppress(AlreadyAsked):
            self._submission.go_on(await self._submission.save([plan], [origin]))
