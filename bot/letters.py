"""Direct messages: pictures that somebody asked to have sent, and word that a request is done."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord

from bot import layouts
from bot.layouts.lines import link_to
from bot.layouts.look import files_of
from bot.locales import addressing, say
from bot.posts import Posts
from bot.prints import Prints
from storage.people import People
from storage.records import Generation

log = logging.getLogger(__name__)


class Letters:
    """Writes to people; one who takes no direct messages gets none. Nothing else that the bot says pings anybody."""

    def __init__(self, *, client: discord.Client, prints: Prints, people: People, posts: Posts) -> None:
        self._client = client
        self._prints = prints
        self._people = people
        self._posts = posts

    async def say(self, user_id: int, sentence: str) -> None:
        """Write one sentence."""
        async with self._reaching(user_id) as user:
            await user.send(sentence)

    async def send_pictures(self, user_id: int, generation: Generation) -> None:
        """The pictures of a request, with seed and number."""
        look = layouts.letter(generation, await self._prints.of(generation))
        look.view.stop()
        async with self._reaching(user_id) as user:
            await user.send(view=look.view, files=files_of(look))

    async def tell_done(self, generation: Generation) -> None:
        """Tell the owner that a request has ended, where they want to know: by a reply, or by a direct message."""
        origin = generation.origin
        habits = await self._people.habits(origin.user_id)
        with addressing(origin.locale):
            if habits.reply_when_done and not origin.private and not origin.token_only:
                await self._posts.mention(origin, f"<@{origin.user_id}> {layouts.outcome(generation)}.")
                return
            if origin.guild_id is None or not (habits.tell_when_done or habits.reply_when_done):
                return
            where = (
                say("see /history, number {number}", number=generation.id) if origin.private else link_to(generation)
            )
            await self.say(origin.user_id, f"{layouts.outcome(generation)}: {where}")

    @asynccontextmanager
    async def _reaching(self, user_id: int) -> AsyncIterator[discord.User]:
        try:
            yield await self._client.fetch_user(user_id)
        except (discord.Forbidden, discord.NotFound):
            log.info("user %s takes no direct messages", user_id)
