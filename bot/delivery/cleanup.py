"""Removes files and messages that are no longer needed."""

import asyncio
import logging

import aiohttp
import discord

from bot.delivery.messages import Messages
from storage.database import StorageError
from storage.generations import Generations
from storage.images import Images
from storage.records import Removal
from storage.removals import Removals

log = logging.getLogger(__name__)


class Cleanup:
    """Removes the files and messages that are marked for removal, and with a message what it showed. What fails is
    tried again with the next `resume`."""

    def __init__(self, *, generations: Generations, removals: Removals, images: Images, messages: Messages) -> None:
        self._generations = generations
        self._removals = removals
        self._images = images
        self._messages = messages
        self._tasks: set[asyncio.Task[None]] = set()

    async def remove_files(self) -> None:
        """Remove all files that are marked. Failures are logged."""
        for removal in await self._removals.files():
            try:
                await self._images.remove(removal.file)
            except OSError as failure:
                log.warning("file %s cannot be removed; trying again soon: %s", removal.file, failure)
            else:
                await self._removals.done(removal)

    async def resume(self) -> None:
        """Remove all files that are marked, and start removing messages in the background."""
        await self.remove_files()
        if self._tasks:
            return
        task = asyncio.create_task(self._remove_messages(), name="remove messages")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def scrub(self) -> None:
        """Erase deleted rows from the database file."""
        await self._removals.scrub()

    async def close(self) -> None:
        """Stop removing messages."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _remove_messages(self) -> None:
        for removal in await self._removals.messages():
            try:
                await self._remove_message(removal)
            except (discord.HTTPException, aiohttp.ClientError, OSError, StorageError) as failure:
                log.warning("message %s cannot be removed; trying again soon: %s", removal.message_id, failure)
        await self.remove_files()

    async def _remove_message(self, removal: Removal) -> None:
        """Remove a message, then what is kept of the request that it showed; where Discord refuses, both are kept."""
        shown = await self._generations.by_message(removal.message_id)
        try:
            await self._messages.remove(removal)
        except discord.HTTPException as refusal:
            if shown is None or refusal.status >= 500:
                raise
            log.info("message %s and what it shows are kept: %s", removal.message_id, refusal)
        else:
            if shown is not None:
                await self._generations.delete(shown.id)
        await self._removals.done(removal)
