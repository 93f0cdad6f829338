"""Reactions to the message of a picture."""

import contextlib
import logging

import discord

from bot.delivery.audit_log import AuditLog
from bot.delivery.deletion import Deletion
from bot.delivery.direct_messages import DirectMessages
from bot.delivery.messages import Messages
from bot.errors import Refusal, sentence_for
from bot.interactions import permissions
from bot.interactions.bans import BannedError, Bans
from bot.interactions.begin_request import check_may_post
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
from generation.sentences import Sentence
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
        self._check_channel(payload)
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

    def _check_channel(self, payload: discord.RawReactionActionEvent) -> None:
        """Raise `Refusal` unless both the bot and the person may post in the channel."""
        channel, theirs = self._channel(payload), self._permissions(payload)
        if channel is None:
            return
        check_may_post(
            channel.permissions_for(channel.guild.me),
            channel,
            Sentence("in #{channel}", channel=channel.name),
            reply=True,
        )
        if theirs and (
            permissions.missing(theirs, permissions.speaking(channel)) or not theirs.use_application_commands
        ):
            raise Refusal("You aren't allowed to draw in #{channel}.", channel=channel.name)

    def _permissions(self, payload: discord.RawReactionActionEvent) -> discord.Permissions | None:
        """The person's permissions where they reacted; None outside of servers."""
        channel = self._channel(payload)
        return channel.permissions_for(payload.member) if channel and payload.member else None

    def _channel(self, payload: discord.RawReactionActionEvent) -> discord.abc.GuildChannel | discord.Thread | None:
        """The place of a reaction, if its permissions can be told: those of a thread are its channel's."""
        place = self._place(payload)
        return None if isinstance(place, discord.Thread) and place.parent is None else place

    def _place(self, payload: discord.RawReactionActionEvent) -> discord.abc.GuildChannel | discord.Thread | None:
        guild = self._client.get_guild(payload.guild_id) if payload.guild_id else None
        return guild.get_channel_or_thread(payload.channel_id) if guild else None


def _plain(payload: discord.RawReactionActionEvent) -> str:
    """The emoji without its variation selector; empty for a deleted one."""
    return (payload.emoji.name or "").removesuffix("\N{VARIATION SELECTOR-16}")
