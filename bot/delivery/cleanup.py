"""Removes what nobody has any more, and goes on trying."""

import asyncio
import logging

import aiohttp
import discord

from bot.delivery.messages import Messages
from storage.images import Images
from storage.removals import Removals

log = logging.getLogger(__name__)


class Cleanup:
    """Files and messages that were noted to be removed. What cannot be removed now is tried again at the next start."""

    def __init__(self, *, removals: Removals, images: Images, messages: Messages) -> None:
        self._removals = removals
        self._images = images
        self._messages = messages
        self._tasks: set[asyncio.Task[None]] = set()

    async def remove_files(self) -> None:
        """Remove all files that are due, as far as that can be done."""
        for removal in await self._removals.files():
            try:
                await self._images.remove(removal.file)
            except OSError:
                log.exception("%s cannot be removed; the next start tries again", removal.file)
            else:
                await self._removals.done(removal)

    async def resume(self) -> None:
        """Remove all files that are due, and begin to remove messages."""
        await self.remove_files()
        task = asyncio.create_task(self._remove_messages(), name="messages to be removed")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def scrub(self) -> None:
        """Leave nothing in the database's file of what was deleted in its tables."""
        await self._removals.scrub()

    async def close(self) -> None:
        """Stop removing messages."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _remove_messages(self) -> None:
        for removal in await self._removals.messages():
            try:
                await self._messages.remove(removal)
            except (discord.HTTPException, aiohttp.ClientError, OSError) as failure:
                log.warning("message %s cannot be removed; the next start tries: %s", removal.message_id, failure)
            else:
                await self._removals.done(removal)
