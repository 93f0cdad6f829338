"""Posts, edits and deletes the messages that show requests."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import aiohttp
import discord

from bot.attachments.finished import DISCORD_FILE_BYTES
from bot.redaction import redacted
from bot.views.message import MessageContent, files_of
from generation.errors import NoisefoxError
from storage.records import Origin, Removal

log = logging.getLogger(__name__)

_DEAD_TOKEN = (10015, 50027)
"""Discord's error codes for an unknown webhook and for an invalid or expired token."""

_NO_MENTIONS = discord.AllowedMentions.none()


class MessageUnreachable(NoisefoxError):
    """The message is deleted, or the bot can no longer edit it."""


class EditFailed(NoisefoxError):
    """The edit failed this time; trying again may help."""


class Messages:
    """Edits and deletes the answers to requests.

    An interaction token can edit its answer for 15 minutes. After that the bot edits a message in a channel as its
    own; an ephemeral message, or one where the bot is not a member, can't be edited any more.
    """

    def __init__(self, client: discord.Client, now: Callable[[], datetime] = discord.utils.utcnow) -> None:
        self._client = client
        self._now = now

    def lane(self, origin: Origin) -> str:
        """The rate limit that edits of a message share: the one of its interaction token, or the one of its channel
        for messages that the bot edits as its own."""
        return f"token:{origin.token}" if self._token_lives(origin) else f"channel:{origin.channel_id}"

    async def edit(self, origin: Origin, content: MessageContent) -> None:
        """Show `content` in the message. Raises `MessageUnreachable` or `EditFailed`."""
        try:
            if not (self._token_lives(origin) and await self._edit_by_token(origin, content)):
                await self._edit_in_channel(origin, content)
        except (discord.NotFound, discord.Forbidden) as gone:
            raise MessageUnreachable(f"message {origin.message_id}: {gone}") from gone
        except (discord.HTTPException, aiohttp.ClientError, OSError) as failure:
            raise EditFailed(f"message {origin.message_id}: {redacted(repr(failure))}") from failure

    async def remove(self, origin: Origin | Removal) -> None:
        """Delete a message; do nothing if it is already deleted."""
        try:
            await self._in_channel(origin).delete()
        except (discord.NotFound, discord.Forbidden):
            return

    async def reply(self, channel_id: int, message_id: int, content: MessageContent) -> discord.Message:
        """Post a reply to a message in a channel."""
        channel = self._client.get_partial_messageable(channel_id)
        reference = discord.MessageReference(message_id=message_id, channel_id=channel_id, fail_if_not_exists=False)
        content.view.stop()
        return await channel.send(
            view=content.view, files=files_of(content), reference=reference, allowed_mentions=_NO_MENTIONS
        )

    async def mention(self, origin: Origin, sentence: str) -> None:
        """Reply to the message of a request and ping only its owner. If Discord refuses the reply, only log that."""
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
        return bool(origin.token and origin.token_expires and self._now() < origin.token_expires)

    async def _edit_by_token(self, origin: Origin, content: MessageContent) -> bool:
        """Edit with the token. False if Discord says that the token has expired, as its clock may differ from ours."""
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
