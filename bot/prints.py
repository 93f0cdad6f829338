"""Finished pictures as files that fit where they are shown."""

import asyncio
import logging

from bot import sheets
from storage.images import Images
from storage.records import Generation

log = logging.getLogger(__name__)

FILE_BYTES = 10 * 2**20
REQUEST_BYTES = 24 * 2**20
"""What one file and one request may have: Discord's 10 MiB, and 25 MiB less room for the rest of the request."""

Files = list[tuple[bytes, str]]
"""Each with its ending."""


class Prints:
    """Reads pictures from the store and makes them fit."""

    def __init__(self, images: Images) -> None:
        self._images = images

    async def of(self, generation: Generation) -> Files:
        """All pictures of a request that are still there, together small enough for one message."""
        names = [picture.file for picture in generation.pictures if picture.file]
        most = min(FILE_BYTES, REQUEST_BYTES // max(len(names), 1))
        files = [await self._fitting(name, most) for name in names]
        return [file for file in files if file]

    async def one(self, generation: Generation, index: int) -> tuple[bytes, str] | None:
        """One picture of a request; None where it is not here any more."""
        name = next((each.file for each in generation.pictures if each.index == index), None)
        return await self._fitting(name, FILE_BYTES) if name else None

    async def thumbnail(self, generation: Generation) -> bytes | None:
        """A small JPEG of a request's first picture."""
        name = next((picture.file for picture in generation.pictures if picture.file), None)
        try:
            return await asyncio.to_thread(sheets.thumbnail, await self._images.read(name)) if name else None
        except OSError:
            return None

    async def _fitting(self, name: str, most: int) -> tuple[bytes, str] | None:
        try:
            return await asyncio.to_thread(sheets.fitting, await self._images.read(name), most)
        except OSError as reason:
            log.warning("the file %s cannot be shown: %s", name, reason)
            return None
