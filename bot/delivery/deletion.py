"""Deletes a request together with its message: both go, or both stay. Its copy in a gallery follows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord

from bot.delivery.cleanup import Cleanup
from storage.generations import Generations
from storage.records import Generation
from storage.removals import Removals


class Deletion:
    """Notes what is to be deleted before it is; where it is not known how that went, the clean-up finishes it."""

    def __init__(self, *, generations: Generations, removals: Removals, cleanup: Cleanup) -> None:
        self._generations = generations
        self._removals = removals
        self._cleanup = cleanup

    @asynccontextmanager
    async def of(self, generation: Generation) -> AsyncIterator[None]:
        """Delete the pictures of a request that has ended once the body has removed its message; its settings stay.

        What Discord refuses to the body keeps both. Raises `StorageError`, before the body where nothing can be saved.
        """
        origin = generation.origin
        removal = await self._removals.note(origin.channel_id, origin.message_id) if origin.message_id else None
        try:
            yield
        except discord.HTTPException as refusal:
            if removal is not None and refusal.status < 500:
                await self._removals.done(removal)
            raise
        self._cleanup.remove_soon(await self._generations.delete(generation.id))
        await self._cleanup.remove_files()
