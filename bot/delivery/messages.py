"""The messages that show requests, reached by whichever way is open."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import aiohttp
import discord

from bot.attachments.finished import FILE_BYTES
from bot.views.message import MessageContent, files_of
from generation.errors import NoisefoxError
from storage.records import Origin, Removal

log = logging.getLogger(__name__)

_DEAD_TOKEN = (10015, 50027)
"""Discord's codes for a webhook that it does not know (any more) and for a token that is not valid (any more)."""

_NO_MENTIONS = discord.AllowedMentions.none()


class MessageUnreachable(NoisefoxError):
    """The message is gone, or nothing is left to edit it with."""


class EditFailed(NoisefoxError):
    """Discord did not take it this time; trying again may help."""


class Messages:
    """Edits and removes the answers to requests.

    An interaction's token edits its answer for 15 minutes; after that a message in a channel is edited as the bot's
    own, and a private one, or one where the bot is no member, no more.
    """

    def __init__(self, client: discord.Client, now: Callable[[], datetime] = discord.utils.utcnow) -> None:
        self._client = client
        self._now = now

    def lane(self, origin: Origin) -> str:
        """What the edits of a message share their rate with: an interaction's other answers, or all messages of a
        channel that the bot edits as its own."""
        return f"token:{origin.token}" if self._token_lives(origin) else f"channel:{origin.channel_id}"

    async def edit(self, origin: Origin, content: MessageContent) -> None:
        """Show `content` in the message. Raises `MessageUnreachable` or `EditFailed`."""
        try:
            if not (self._token_lives(origin) and await self._edit_by_token(origin, content)):
                await self._edit_in_channel(origin, content)
        except (discord.NotFound, discord.Forbidden) as gone:
            raise MessageUnreachable(f"message {origin.message_id}: {gone}") from gone
        except (discord.HTTPException, aiohttp.ClientError, OSError) as failure:
            raise EditFailed(f"message {origin.message_id}: {failure!r}") from failure

    async def remove(self, origin: Origin | Removal) -> None:
        """Remove a message from its channel; one that is gone already is fine."""
        try:
            await self._in_channel(origin).delete()
        except (discord.NotFound, discord.Forbidden):
            return

    async def reply(self, channel_id: int, message_id: int, content: MessageContent) -> discord.Message:
        """A new message that answers another, in a channel."""
        channel = self._client.get_partial_messageable(channel_id)
        reference = discord.MessageReference(message_id=message_id, channel_id=channel_id, fail_if_not_exists=False)
        content.view.stop()
        return await channel.send(
            view=content.view, files=files_of(content), reference=reference, allowed_mentions=_NO_MENTIONS
        )

    async def mention(self, origin: Origin, sentence: str) -> None:
        """Say something about a request in reply to its message, so that its owner is pinged, and nobody else. Where
        that cannot be said any more, nothing is."""
        reference = discord.MessageReference(
            message_id=origin.message_id, channel_id=origin.channel_id, fail_if_not_exists=False
        )
        only = discord.AllowedMentions(users=[discord.Object(origin.user_id)], everyone=False, roles=False)
        try:
            channel = self._client.get_partial_messageable(origin.channel_id)
            await channel.send(sentence, reference=reference, allowed_mentions=only)
        except discord.HTTPException as refusal:
            log.info("the owner of message %s was not told: %s", origin.message_id, refusal)

    def room(self, origin: Origin) -> int:
        """Bytes that a file may have in the message: as much as the place takes, whoever pressed; where the token is
        the only way, as much as that takes."""
        if origin.private or origin.token_only:
            return origin.file_limit or FILE_BYTES
        guild = self._client.get_guild(origin.guild_id) if origin.guild_id else None
        place = guild.filesize_limit if guild else FILE_BYTES
        return min(place, origin.file_limit or place)

    def may_miss(self, origin: Origin, seconds: float) -> bool:
        """True where what is ready in `seconds` comes too late for a message that only its token reaches."""
        if not (origin.private or origin.token_only) or origin.token_expires is None:
            return False
        return self._now() + timedelta(seconds=seconds) > origin.token_expires

    def _token_lives(self, origin: Origin) -> bool:
        return bool(origin.token and origin.token_expires and self._now() < origin.token_expires)

    async def _edit_by_token(self, origin: Origin, content: MessageContent) -> bool:
        """False where the token is dead before its time: the clocks of this machine and of Discord may differ."""
        assert self._client.application_id is not None
        assert origin.token is not None
        webhook = discord.Webhook.partial(self._client.application_id, origin.token, client=self._client)
        content.view.stop()
        try:
            await webhook.edit_message(
                origin.message_id, view=content.view, attachments=files_of(content), allowed_mentions=_NO_MENTIONS
            )
        except discord.HTTPException as refusal:
            if refusal.code in _DEAD_TOKEN:
                return False
            raise
        return True

    async def _edit_in_channel(self, origin: Origin, content: MessageContent) -> None:
        if origin.private or origin.token_only:
            raise MessageUnreachable(f"message {origin.message_id} can be edited by its token only, which has expired")
        content.view.stop()
        await self._in_channel(origin).edit(
            view=content.view, attachments=files_of(content), allowed_mentions=_NO_MENTIONS
        )

    def _in_channel(self, origin: Origin | Removal) -> discord.PartialMessage:
        return self._client.get_partial_messageable(origin.channel_id).get_partial_message(origin.message_id)
