"""Removes files and messages that are no longer needed."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence

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

    def remove_soon(self, removals: Sequence[Removal]) -> None:
        """Start removing messages that are marked in the background."""
        if removals:
            self._start(self._remove_these(removals))

    async def resume(self) -> None:
        """Remove all files that are marked, and start removing messages in the background."""
        await self.remove_files()
        if self._tasks:
            return
        self._start(self._remove_messages())

    async def scrub(self) -> None:
        """Erase deleted rows from the database file."""
        await self._removals.scrub()

    async def close(self) -> None:
        """Stop removing messages."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, removing: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(removing, name="remove messages")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _remove_messages(self) -> None:
        await self._remove_these(await self._removals.messages())
        await self.remove_files()

    async def _remove_these(self, removals: Sequence[Removal]) -> None:
        for removal in removals:
            try:
                await self._remove_message(removal)
            except (discord.HTTPException, aiohttp.ClientError, OSError, StorageError) as failure:
                log.warning("message %s cannot be removed; trying again soon: %s", removal.message_id, failure)

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
                self.remove_soon(await self._generations.delete(shown.id))
        await self._removals.done(removal)
