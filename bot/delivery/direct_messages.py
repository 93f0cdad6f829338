"""Direct messages: pictures that a person asked for, and notifications that a request is done."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import discord

from bot import views
from bot.attachments.finished import FinishedFiles
from bot.delivery.messages import EditFailed, EditForbidden, Messages
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

    async def say(self, user_id: int, sentence: str) -> None:
        """Send one sentence, without previews of the links in it."""
        async with self._reaching(user_id) as user:
            await user.send(sentence, suppress_embeds=True)

    async def send_pictures(self, user_id: int, generation: Generation) -> None:
        """Send the pictures of a request, with seed and number."""
        content = views.direct_message(generation, await self._finished_files.of(generation))
        content.view.stop()
        async with self._reaching(user_id) as user:
            await user.send(view=content.view, files=files_of(content))

    async def tell_done(self, generation: Generation) -> None:
        """Notify the owner that a request has ended, by a reply or a direct message, if they want that."""
        origin = generation.origin
        personal_settings = await self._people.personal_settings(origin.user_id)
        with addressing(origin.locale):
            if personal_settings.reply_when_done and not origin.private and not origin.token_only:
                await self._messages.mention(origin, f"<@{origin.user_id}> {views.outcome(generation)}.")
                return
            if origin.guild_id is None or not (personal_settings.tell_when_done or personal_settings.reply_when_done):
                return
            where = (
                say("see /history, number {number}", number=generation.id) if origin.private else link_to(generation)
            )
            await self.say(origin.user_id, f"{views.outcome(generation)}: {where}")

    async def tell_unshown(self, generation: Generation) -> None:
        """Tell the owner about a request whose message cannot show how it ended, unless they take no direct messages.

        Raises `EditFailed`, or `EditForbidden` where Discord refuses it for a reason that may pass.
        """
        with addressing(generation.origin.locale):
            where = say("I can't show it there. See /history, number {number}.", number=generation.id)
            sentence = f"{views.outcome(generation)}. {where}"
        user_id = generation.origin.user_id
        try:
            user = await self._client.fetch_user(user_id)
            await user.send(sentence, suppress_embeds=True)
        except discord.NotFound:
            log.info("user %s does not exist any more", user_id)
        except discord.HTTPException as refusal:
            if refusal.code in _CLOSED:
                log.info("user %s does not accept direct messages", user_id)
                return
            told = f"direct message to {user_id}: {refusal.status}, {refusal.code}"
            raise (EditForbidden if refusal.status == 403 else EditFailed)(told) from None
        except (aiohttp.ClientError, OSError) as failure:
            raise EditFailed(f"direct message to {user_id}: {type(failure).__name__}") from None

    @asynccontextmanager
    async def _reaching(self, user_id: int) -> AsyncIterator[discord.User]:
        try:
            yield await self._client.fetch_user(user_id)
        except (discord.Forbidden, discord.NotFound):
            log.info("user %s does not accept direct messages", user_id)
