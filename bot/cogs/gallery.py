"""Removes a picture from a gallery when somebody deletes the message that it came from."""

from collections.abc import Sequence

import discord
from discord.ext import commands

from bot.delivery.cleanup import Cleanup
from storage.gallery import GalleryPosts


class GalleryCopies(commands.Cog):
    """Listens to deleted messages."""

    def __init__(self, *, posts: GalleryPosts, cleanup: Cleanup) -> None:
        self._posts = posts
        self._cleanup = cleanup

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        await self._deleted([payload.message_id])

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        await self._deleted(list(payload.message_ids))

    async def _deleted(self, message_ids: Sequence[int]) -> None:
        self._cleanup.remove_soon(await self._posts.withdraw(message_ids))
