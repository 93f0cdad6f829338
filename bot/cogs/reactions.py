"""Reactions to the message of a picture."""

import contextlib
import logging

import discord

from bot.delivery.audit_log import AuditLog
from bot.delivery.deletion import Deletion
from bot.delivery.direct_messages import DirectMessages
from bot.delivery.messages import Messages
from bot.errors import Refusal, sentence_for
from bot.interactions.bans import BannedError, Bans
from bot.interactions.drawing_places import Place, check_may_draw, place_of, with_permissions
from bot.interactions.gallery import Gallery, is_star
from bot.interactions.picture_actions import check_owner
from bot.interactions.press_plans import plans_for
from bot.interactions.removal import explained_removal
from bot.interactions.requester import requester_in
from bot.locales import address
from bot.policy.blocked_content import BlockedContent
from bot.policy.request_context import ContextLoader
from bot.requests.derived_plans import Derivations
from bot.requests.submission import Submission
from bot.views.custom_ids import Press, PressKind
from generation.errors import UserError
from storage.database import StorageError
from storage.generations import AlreadyAsked, Generations
from storage.people import People
from storage.records import Answer, Generation, Origin

log = logging.getLogger(__name__)

DERIVING = {"🔁": PressKind.REROLL, "🔎": PressKind.UPSCALE, "🔍": PressKind.UPSCALE}
LIKING = frozenset("⭐🌟❤💖💛🧡💚💙💜🤍🖤🤎")
SENDING = frozenset("✉📩📨💌")
DELETING = frozenset("❌")


class Reactions:
    """Acts on reactions to our messages. A refusal is sent to the person as a direct message.

    A reaction does not say which language its person reads, so the language of their latest request is used.
    """

    def __init__(
        self,
        *,
        client: discord.Client,
        banned: Bans,
        contexts: ContextLoader,
        derivations: Derivations,
        submission: Submission,
        deletion: Deletion,
        generations: Generations,
        people: People,
        messages: Messages,
        direct_messages: DirectMessages,
        audit_log: AuditLog,
        gallery: Gallery,
    ) -> None:
        self._client = client
        self._banned = banned
        self._contexts = contexts
        self._derivations = derivations
        self._submission = submission
        self._deletion = deletion
        self._generations = generations
        self._people = people
        self._messages = messages
        self._direct_messages = direct_messages
        self._audit_log = audit_log
        self._gallery = gallery

    async def added(self, payload: discord.RawReactionActionEvent) -> None:
        """Act on a reaction; emoji without a meaning are ignored."""
        emoji = _plain(payload)
        if emoji not in DERIVING.keys() | LIKING | SENDING | DELETING:
            return
        generation = await self._meant(payload)
        if generation is None:
            return
        address(await self._generations.locale_of(payload.user_id))
        try:
            await self._act(payload, generation, emoji)
        except (UserError, StorageError, discord.HTTPException) as failure:
            log.info("a reaction to message %s had no effect: %s", payload.message_id, failure)
            if isinstance(failure, BlockedContent):
                self._audit_log.refused(payload.guild_id, payload.channel_id, payload.user_id, failure)
            await self._direct_messages.say(payload.user_id, sentence_for(failure))

    async def removed(self, payload: discord.RawReactionActionEvent) -> None:
        """Take back a favourite with its star or heart."""
        if _plain(payload) in LIKING and (generation := await self._meant(payload)):
            await self._people.set_favourite(payload.user_id, generation.id, False)

    async def _meant(self, payload: discord.RawReactionActionEvent) -> Generation | None:
        """The request that a person reacts to; None where the message is not ours, or the person is banned."""
        if self._client.user is None or payload.user_id == self._client.user.id:
            return None
        if payload.member is not None and payload.member.bot:
            return None
        try:
            self._banned.check(payload.user_id, payload.guild_id)
        except BannedError:
            return None
        return await self._generations.by_message(payload.message_id)

    async def _act(self, payload: discord.RawReactionActionEvent, generation: Generation, emoji: str) -> None:
        if emoji in LIKING:
            await self._people.set_favourite(payload.user_id, generation.id, True)
            if is_star(emoji):
                self._gallery.starred(generation)
        elif emoji in SENDING:
            await self._send(payload, generation)
        elif emoji in DELETING:
            await self._delete(payload, generation)
        else:
            await self._derive(payload, generation, Press(DERIVING[emoji], generation.id))

    async def _send(self, payload: discord.RawReactionActionEvent, generation: Generation) -> None:
        if generation.state.unfinished:
            raise Refusal("This picture is still being drawn. Try again when it's done.")
        if not any(picture.file for picture in generation.shown):
            raise Refusal("There's no picture to send.")
        await self._direct_messages.send_pictures(payload.user_id, generation)

    async def _delete(self, payload: discord.RawReactionActionEvent, generation: Generation) -> None:
        theirs = self._permissions(payload)
        check_owner(generation, payload.user_id, bool(theirs and theirs.manage_messages))
        if generation.state.unfinished:
            raise Refusal("This picture is still being drawn. Press Cancel instead.")
        with explained_removal():
            async with self._deletion.of(generation):
                await self._messages.remove(generation.origin)

    async def _derive(self, payload: discord.RawReactionActionEvent, generation: Generation, press: Press) -> None:
        key = f"reaction:{payload.message_id}:{payload.user_id}:{press.kind}"
        if await self._generations.knows(key):
            return
        check_may_draw(self._place(payload), payload.member)
        person = payload.member or discord.Object(payload.user_id)
        requester = requester_in(person, payload.guild_id, self._place(payload) or discord.Object(payload.channel_id))
        [plan] = plans_for(self._derivations, await self._contexts.load(requester), generation, press)
        origin = Origin(
            key,
            payload.user_id,
            payload.channel_id,
            guild_id=payload.guild_id,
            spoiler=generation.origin.spoiler,
            locale=await self._generations.locale_of(payload.user_id),
            answer=Answer.REPLY,
        )
        with contextlib.suppress(AlreadyAsked):
            self._submission.go_on(await self._submission.save([plan], [origin]))

    def _permissions(self, payload: discord.RawReactionActionEvent) -> discord.Permissions | None:
        """The person's permissions where they reacted; None outside of servers."""
        channel = with_permissions(self._place(payload))
        return channel.permissions_for(payload.member) if channel and payload.member else None

    def _place(self, payload: discord.RawReactionActionEvent) -> Place | None:
        return place_of(self._client, payload.guild_id, payload.channel_id)


def _plain(payload: discord.RawReactionActionEvent) -> str:
    """The emoji without its variation selector; empty for a deleted one."""
    return (payload.emoji.name or "").removesuffix("\N{VARIATION SELECTOR-16}")
