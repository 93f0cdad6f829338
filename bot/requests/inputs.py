"""Given pictures, and pictures with room around them, as the inputs of a request."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot.attachments.decoder_processes import DecoderProcesses
from bot.requests.pending import Outpaint
from generation.jobs import Inputs


@dataclass(frozen=True, slots=True)
class GivenPicture:
    """A picture that somebody gave, as a PNG file; `size` is its width and height in pixels."""

    png: bytes
    size: tuple[int, int]
    fingerprint: str
    """See `generation.fingerprints`."""


class PictureReader:
    """Reads the pictures that people give, and makes room around the bot's own."""

    def __init__(self, decoders: DecoderProcesses) -> None:
        self._decoders = decoders

    async def read(self, files: Sequence[bytes]) -> list[GivenPicture]:
        """Decode given files, outside this process. Raises `UnusableImage`."""
        decoded = await asyncio.gather(*map(self._decoders.tidied, files))
        return [GivenPicture(*each) for each in decoded]

    async def canvas(self, png: bytes, work: Outpaint) -> Inputs:
        """A picture with room around it, made outside this process. Raises `UnusableImage`."""
        return await self._decoders.canvas(png, work.size, work.zoom_or_direction, work.side)
