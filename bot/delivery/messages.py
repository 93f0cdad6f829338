"""Posts, edits and deletes the messages that show requests."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import aiohttp
import discord
from discord.http import Route

from bot.attachments.finished import DISCORD_FILE_BYTES
from bot.views.custom_ids import Press, PressKind, custom_ids_in
from bot.views.message import MessageContent, files_of
from generation.errors import NoisefoxError
from storage.records import Answer, Origin, Removal

log = logging.getLogger(__name__)

ANSWER_SECONDS = 3.0
"""How long Discord waits for an acknowledgement; one whose connection was cut may still arrive until then."""

UPLOAD_SECONDS = 60.0
"""Seconds that one edit or post may take; then it is given up, and tried again."""

SCARCE_AFTER = timedelta(minutes=55)
"""The age of a message from which the bot no longer spends edits on progress: after an hour, Discord allows few."""

_UNKNOWN_TOKEN = 10015
"""Discord's error code for a token that was never used to answer, or that has expired long ago."""

_DEAD_TOKEN = 50027
"""Discord's error code for an expired token."""

_UNKNOWN_CHANNEL = 10003
"""Discord's error code for a channel or thread that is deleted."""

_EDITS_USED_UP = 30046
"""Discord's error code for too many edits of a message older than an hour."""

_SEARCHED = 100
"""Messages of a channel that are looked through for an answer."""

_LOADING = 1 << 7
"""The flag of a message that is an acknowledgement and still empty."""

_NO_MENTIONS = discord.AllowedMentions.none()


class MessageUnreachable(NoisefoxError):
    """The bot can no longer edit the message: only its interaction token could, and that has expired."""


class ChannelGone(MessageUnreachable):
    """Somebody has deleted the channel or thread of the message."""


class NeverAcknowledged(NoisefoxError):
    """Discord was never told of the request: its person saw that the bot did not respond."""


class MessageDeleted(NoisefoxError):
    """Somebody has deleted the message."""


class EditFailed(NoisefoxError):
    """The edit failed this time; trying again may help."""


class EditForbidden(EditFailed):
    """The bot may not edit the message now."""


class EditRefused(NoisefoxError):
    """Discord does not take this content."""


class EditsUsedUp(NoisefoxError):
    """Discord allows no more edits of the message, because it is old."""


class NobodyTold(NoisefoxError):
    """The owner of a request whose ending cannot be shown cannot be told by a direct message either."""


class Empty(Enum):
    """What a follow-up does where the acknowledgement is still empty, and Discord would put it there."""

    WAIT = "wait"
    """Nothing: another request is yet to be shown there."""
    TAKE = "take"
    """It takes that message, for nothing else is to be shown there any more."""


NOT_SHOWN = (MessageUnreachable, MessageDeleted, EditFailed, EditRefused, EditsUsedUp)
"""All the ways in which a message is not shown."""


class Messages:
    """Edits and deletes the answers to requests.

    An interaction token can edit its answer for 15 minutes; Discord says when that is over. After that the bot edits a
    message in a channel as its own; an ephemeral message, or one where the bot is not a member, can't be edited any
    more.
    """

    def __init__(self, client: discord.Client, now: Callable[[], datetime] = discord.utils.utcnow) -> None:
        self._client = client
        self._now = now
        self._dead_tokens: deque[str] = deque(maxlen=1000)
        self._posted: deque[int] = deque(maxlen=1000)
        """Messages that the bot has posted in a channel, so that no token reaches them."""
        self._used_up: deque[int] = deque(maxlen=1000)
        """Messages that Discord takes no more edits of."""

    def lane(self, origin: Origin) -> str:
        """The rate limit that edits of a message share: the one of its interaction token, or the one of its channel
        for messages that the bot edits as its own."""
        return f"token:{origin.token}" if self._token_reaches(origin) else f"channel:{origin.channel_id}"

    async def edit(self, origin: Origin, content: MessageContent) -> None:
        """Show `content` in the message.

        Raises `MessageUnreachable`, `ChannelGone`, `MessageDeleted`, `EditFailed`, `EditForbidden`, `EditRefused` or
        `EditsUsedUp`.
        """
        content.view.stop()
        if self._token_reaches(origin):
            try:
                async with self._sorted_errors(origin):
                    await self._edit_by_token(origin, content)
                return
            except ChannelGone:
                raise
            except MessageUnreachable:
                log.info("the token of message %s has expired", origin.message_id)
            except MessageDeleted:
                if origin.needs_token:
                    if self._is_channel_gone(origin):
                        raise ChannelGone(f"channel {origin.channel_id} is deleted") from None
                    raise
                self._posted.append(origin.message_id)
        async with self._sorted_errors(origin):
            await self._edit_in_channel(origin, content)

    async def post(self, origin: Origin, content: MessageContent, nonce: int | str, reply_to: int) -> int:
        """Post `content` in the channel of a request, as a reply to a message unless `reply_to` is 0; the message's id.

        Discord posts it once however often it is tried with the same `nonce`. Raises as `edit` does.
        """
        if origin.needs_token:
            raise MessageUnreachable("where the bot is no member, or in private, only the token can post")
        more: dict[str, Any] = {}
        if reply_to:
            more["reference"] = discord.MessageReference(
                message_id=reply_to, channel_id=origin.channel_id, fail_if_not_exists=False
            )
        content.view.stop()
        async with self._sorted_errors(origin):
            sent: discord.Message = await self._client.get_partial_messageable(origin.channel_id).send(
                view=content.view,
                files=files_of(content),
                nonce=nonce,
                allowed_mentions=_NO_MENTIONS,
                **more,
            )
        return sent.id

    async def original(self, origin: Origin) -> int | None:
        """The message that acknowledges an interaction; None where somebody has deleted it.

        Raises `NeverAcknowledged`; `MessageUnreachable` where its token has died, so that Discord does not say; and
        `EditFailed`.
        """
        try:
            async with self._sorted_errors(origin):
                original = await self._fetch_original(origin)
                return int(original["id"])
        except MessageDeleted:
            return None
        except ChannelGone:
            raise
        except MessageUnreachable:
            if found := await self._search(origin, lambda each: _asked_by(each) == origin.key):
                return found
            if self._is_fresh(origin):
                raise NeverAcknowledged(f"Discord does not know the answer of {origin.key}") from None
            raise

    async def follow_up(
        self, origin: Origin, content: MessageContent, empty: MessageContent | Empty, nonce: int
    ) -> int:
        """Post `content` after the acknowledgement; the message's id. Where the token is dead, it is posted in the
        channel, with the `nonce`.

        Discord would put the first follow-up into an acknowledgement that is still empty. `empty` says what to do then:
        fill it before, with a content; or what `Empty` names. Raises as `edit` does, and `EditFailed` where it waits.
        """
        for each in (content, empty):
            if isinstance(each, MessageContent):
                each.view.stop()
        try:
            async with self._sorted_errors(origin):
                webhook, original = self._webhook(origin), await self._fetch_original(origin)
                if original["flags"] & _LOADING:
                    await self._fill(origin, int(original["id"]), empty)
                sent = await webhook.send(
                    view=content.view, ephemeral=origin.private, wait=True, allowed_mentions=_NO_MENTIONS
                )
                return sent.id
        except ChannelGone:
            raise
        except (MessageDeleted, MessageUnreachable):
            return await self.post(origin, content, nonce, reply_to=0)

    async def _fill(self, origin: Origin, message_id: int, empty: MessageContent | Empty) -> None:
        """Do with an empty acknowledgement what a follow-up asks for."""
        if empty is Empty.WAIT:
            raise EditFailed(f"the acknowledgement before {origin.key} is still empty")
        if isinstance(empty, MessageContent):
            await self._webhook(origin).edit_message(message_id, view=empty.view, allowed_mentions=_NO_MENTIONS)

    async def find(self, origin: Origin, generation_id: int) -> int | None:
        """The answer of a request among the latest messages of its channel, by its Cancel button; None where it cannot
        be found. Raises `EditFailed`, and `EditForbidden` where the bot may not look for it now."""
        cancel = Press(PressKind.CANCEL, generation_id).custom_id
        return await self._search(origin, lambda each: cancel in custom_ids_in(each.components))

    async def showing(self, origin: Origin, press: Press) -> int | None:
        """The message of ours with a button, among the latest ones of a channel; None where it cannot be found. Raises
        as `find` does."""
        return await self._search(origin, lambda each: press.custom_id in custom_ids_in(each.components))

    async def _search(self, origin: Origin, fits: Callable[[discord.Message], bool]) -> int | None:
        """The first that fits of the bot's own among the latest messages of a channel."""
        if origin.needs_token:
            return None
        channel = self._client.get_partial_messageable(origin.channel_id)
        try:
            async with self._sorted_errors(origin):
                async for message in channel.history(limit=_SEARCHED):
                    if message.author == self._client.user and fits(message):
                        return message.id
        except (MessageDeleted, ChannelGone) as refusal:
            log.info("the messages of channel %s cannot be read: %s", origin.channel_id, refusal)
        return None

    async def refuse(self, origin: Origin, sentence: str) -> bool:
        """Delete an answer and tell its person alone why, unless the sentence is empty; False where its token cannot do
        that any more."""
        if origin.answer is Answer.REPLY or not self._token_lives(origin):
            return False
        webhook = self._webhook(origin)
        try:
            async with self._sorted_errors(origin):
                await webhook.delete_message(origin.message_id)
                if sentence:
                    await webhook.send(sentence, ephemeral=True, allowed_mentions=_NO_MENTIONS, suppress_embeds=True)
        except NOT_SHOWN:
            return False
        return True

    def spares_edits(self, origin: Origin) -> bool:
        """True for a message that is so old that its edits are kept for the outcome."""
        if origin.message_id in self._used_up:
            return True
        age = self._now() - discord.utils.snowflake_time(origin.message_id)
        return not self._token_reaches(origin) and age > SCARCE_AFTER

    async def remove(self, origin: Origin | Removal) -> None:
        """Delete a message; do nothing if it is already deleted."""
        try:
            await self._in_channel(origin).delete()
        except (discord.NotFound, discord.Forbidden):
            return

    async def mention(self, origin: Origin, *sentences: str) -> None:
        """Reply to the message of a request with the first sentence that Discord takes, and ping only its owner,
        without previews of links. Where Discord takes none, only log that."""
        reference = discord.MessageReference(
            message_id=origin.message_id, channel_id=origin.channel_id, fail_if_not_exists=False
        )
        only = discord.AllowedMentions(users=[discord.Object(origin.user_id)], everyone=False, roles=False)
        channel = self._client.get_partial_messageable(origin.channel_id)
        for sentence in sentences:
            try:
                await channel.send(sentence, reference=reference, allowed_mentions=only, suppress_embeds=True)
                return
            except discord.HTTPException as refusal:
                log.info("the owner of message %s was not told: %s", origin.message_id, refusal)
                if refusal.status != 400:
                    return

    def room(self, origin: Origin) -> int:
        """The size limit for a file in the message, in bytes: the limit of the server, or the limit of the interaction
        if only its token can edit the message."""
        if origin.private or origin.token_only:
            return origin.file_limit or DISCORD_FILE_BYTES
        guild = self._client.get_guild(origin.guild_id) if origin.guild_id else None
        place = guild.filesize_limit if guild else DISCORD_FILE_BYTES
        return min(place, origin.file_limit or place)

    def may_miss(self, origin: Origin, seconds: float) -> bool:
        """True if only its token can edit the message and the token expires within `seconds`."""
        if not (origin.private or origin.token_only) or origin.token_expires is None:
            return False
        return self._now() + timedelta(seconds=seconds) > origin.token_expires

    def _token_lives(self, origin: Origin) -> bool:
        """True until Discord has said that the token is dead; its answer counts, not our clock."""
        return bool(origin.token) and origin.token not in self._dead_tokens

    def _token_reaches(self, origin: Origin) -> bool:
        """True where a message can be edited by its token: not where it was posted in a channel in place of a
        follow-up."""
        return self._token_lives(origin) and origin.message_id not in self._posted

    def _is_fresh(self, origin: Origin) -> bool:
        """True where our clock says that a token is not old enough to have expired."""
        return origin.token_expires is not None and self._now() < origin.token_expires

    def _webhook(self, origin: Origin) -> discord.Webhook:
        """The webhook of an interaction's token. Raises `MessageUnreachable` where that is dead."""
        assert self._client.application_id is not None
        if not origin.token or not self._token_lives(origin):
            raise MessageUnreachable(f"the token of message {origin.message_id} has expired")
        webhook = discord.Webhook.partial(self._client.application_id, origin.token, client=self._client)
        webhook.type = discord.WebhookType.application
        return webhook

    async def _fetch_original(self, origin: Origin) -> dict[str, Any]:
        """The acknowledgement of an interaction."""
        webhook = self._webhook(origin)
        path = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
        fetched: dict[str, Any] = await self._client.http.request(
            Route("GET", path, webhook_id=webhook.id, webhook_token=webhook.token)
        )
        return fetched

    async def _edit_by_token(self, origin: Origin, content: MessageContent) -> None:
        await self._webhook(origin).edit_message(
            origin.message_id, view=content.view, attachments=files_of(content), allowed_mentions=_NO_MENTIONS
        )

    async def _edit_in_channel(self, origin: Origin, content: MessageContent) -> None:
        if origin.needs_token:
            raise MessageUnreachable(f"message {origin.message_id} can be edited by its token only, which has expired")
        await self._in_channel(origin).edit(
            view=content.view, attachments=files_of(content), allowed_mentions=_NO_MENTIONS
        )

    @asynccontextmanager
    async def _sorted_errors(self, origin: Origin) -> AsyncIterator[None]:
        """Give up what hangs, and sort Discord's answers. No error holds an address, for that may hold a token."""
        what = f"message {origin.channel_id}/{origin.message_id}"
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                yield
        except discord.HTTPException as refusal:
            raise self._sorted(origin, what, refusal) from None
        except TimeoutError:
            raise EditFailed(f"{what}: no answer in {UPLOAD_SECONDS:.0f} s") from None
        except (aiohttp.ClientError, OSError) as failure:
            raise EditFailed(f"{what}: {type(failure).__name__}") from None

    def _sorted(self, origin: Origin, what: str, refusal: discord.HTTPException) -> NoisefoxError:
        told = f"{what}: {refusal.status}, {refusal.code}"
        if origin.token and refusal.code in (_UNKNOWN_TOKEN, _DEAD_TOKEN):
            if refusal.code == _DEAD_TOKEN or not self._is_fresh(origin):
                self._dead_tokens.append(origin.token)
            return MessageUnreachable(told)
        if refusal.code == _UNKNOWN_CHANNEL:
            return ChannelGone(told)
        if refusal.code == _EDITS_USED_UP:
            self._used_up.append(origin.message_id)
            return EditsUsedUp(told)
        match refusal.status:
            case 404:
                return MessageDeleted(told)
            case 403:
                return EditForbidden(told)
            case 400 | 413:
                return EditRefused(told)
        return EditFailed(told)

    def _is_channel_gone(self, origin: Origin) -> bool:
        """True where the bot is a member of a server that no longer has the channel; False where it does not know."""
        guild = self._client.get_guild(origin.guild_id) if origin.guild_id else None
        return guild is not None and guild.get_channel_or_thread(origin.channel_id) is None

    def _in_channel(self, origin: Origin | Removal) -> discord.PartialMessage:
        return self._client.get_partial_messageable(origin.channel_id).get_partial_message(origin.message_id)


def _asked_by(message: discord.Message) -> str:
    """The key of the request that a message answers, where that came with an interaction of its own."""
    asked = message.interaction_metadata
    return f"interaction:{asked.id}" if asked else ""
