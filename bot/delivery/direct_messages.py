"""Direct messages: pictures that a person asked for, and notifications that a request is done."""

import logging
from typing import Any

import aiohttp
import discord

from bot import views
from bot.attachments.finished import FinishedFiles
from bot.delivery.messages import EditFailed, EditForbidden, Messages, NobodyTold
from bot.locales import addressing, say
from bot.views.message import files_of
from bot.views.text import link_to
from storage.people import People
from storage.records import Generation

log = logging.getLogger(__name__)

_CLOSED = (50007, 50278)
"""Discord's error codes for people who take no direct messages, or share no server with the bot."""


class DirectMessages:
    """Sends direct messages; people who have turned them off get none. Only these and replies ping anybody."""

    def __init__(
        self, *, client: discord.Client, finished_files: FinishedFiles, people: People, messages: Messages
    ) -> None:
        self._client = client
        self._finished_files = finished_files
        self._people = people
        self._messages = messages

    async def say(self, user_id: int, *sentences: str) -> None:
        """Send the first sentence that Discord takes, without previews of the links in it."""
        await self._notify(user_id, *map(_text, sentences))

    async def send_pictures(self, user_id: int, generation: Generation) -> None:
        """Send the pictures of a request, with seed and number."""
        versions = views.direct_message_versions(generation, await self._finished_files.of(generation))
        for content in versions:
            content.view.stop()
        await self._notify(user_id, *({"view": each.view, "files": files_of(each)} for each in versions))

    async def tell_done(self, generation: Generation) -> None:
        """Notify the owner that a request has ended, by a reply or a direct message, if they want that."""
        origin = generation.origin
        personal_settings = await self._people.personal_settings(origin.user_id)
        with addressing(origin.locale):
            outcomes = views.outcomes(generation)
            if personal_settings.reply_when_done and not origin.private and not origin.token_only:
                await self._messages.mention(origin, *(f"<@{origin.user_id}> {each}." for each in outcomes))
                return
            if origin.guild_id is None or not (personal_settings.tell_when_done or personal_settings.reply_when_done):
                return
            where = (
                say("see /history, number {number}", number=generation.id) if origin.private else link_to(generation)
            )
            await self.say(origin.user_id, *(f"{each}: {where}" for each in outcomes))

    async def tell_unshown(self, generation: Generation) -> None:
        """Tell the owner about a request whose message cannot show how it ended.

        Raises `NobodyTold` where they take no direct messages, or Discord refuses every version of this one;
        `EditFailed`, or `EditForbidden` where it refuses for a reason that may pass soon.
        """
        with addressing(generation.origin.locale):
            where = say("I can't show it there. See /history, number {number}.", number=generation.id)
            sentences = [f"{each}. {where}" for each in views.outcomes(generation)]
        user_id = generation.origin.user_id
        try:
            await self._send(user_id, *map(_text, sentences))
        except discord.HTTPException as refusal:
            if refusal.code in _CLOSED or refusal.status in (400, 404):
                _note(user_id, refusal)
                raise NobodyTold(f"direct message to {user_id}: {refusal.status}, {refusal.code}") from None
            kind = EditForbidden if refusal.status == 403 else EditFailed
            raise kind(f"direct message to {user_id}: {refusal.status}, {refusal.code}") from None
        except (aiohttp.ClientError, OSError) as failure:
            raise EditFailed(f"direct message to {user_id}: {type(failure).__name__}") from None

    async def _notify(self, user_id: int, *versions: dict[str, Any]) -> None:
        """Send the first version that Discord takes; where it takes none, only log that."""
        try:
            await self._send(user_id, *versions)
        except discord.HTTPException as refusal:
            _note(user_id, refusal)

    async def _send(self, user_id: int, *versions: dict[str, Any]) -> None:
        """Send the first version that Discord takes. Raises what discord.py raises for the last one."""
        user = await self._client.fetch_user(user_id)
        for version in versions[:-1]:
            try:
                await user.send(**version)
                return
            except discord.HTTPException as refusal:
                if refusal.code in _CLOSED or refusal.status not in (400, 403):
                    raise
                log.info("a direct message to %s is refused: %s, %s", user_id, refusal.status, refusal.code)
        await user.send(**versions[-1])


def _text(sentence: str) -> dict[str, Any]:
    return {"content": sentence, "suppress_embeds": True}


def _note(user_id: int, refusal: discord.HTTPException) -> None:
    if refusal.code in _CLOSED:
        log.info("user %s does not accept direct messages", user_id)
    else:
        log.warning("user %s gets no direct message: %s, %s", user_id, refusal.status, refusal.code)
