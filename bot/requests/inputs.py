"""Given pictures, and pictures with room around them, as the inputs of a request."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot.attachments.decoder_processes import DecoderProcesses
from generation import images, outpainting
from generation.jobs import Inputs
from generation.outpainting import Direction


@dataclass(frozen=True, slots=True)
class GivenPicture:
    """A picture that somebody gave, as a PNG file; `size` is its width and height in pixels."""

    png: bytes
    size: tuple[int, int]
    fingerprint: str
    """See `generation.fingerprints`."""


class PictureReader:
    """Reads the pictures that people give."""

    def __init__(self, decoders: DecoderProcesses) -> None:
        self._decoders = decoders

    async def read(self, files: Sequence[bytes]) -> list[GivenPicture]:
        """Decode given files, outside this process. Raises `UnusableImage`."""
        decoded = await asyncio.gather(*map(self._decoders.tidied, files))
        return [GivenPicture(*each) for each in decoded]


def canvas(png: bytes, size: tuple[int, int], zoom_or_direction: float | Direction, side: int) -> Inputs:
    """A picture, brought to `size`, with room around it, as what a job starts from."""
    image = images.fitted(images.read(png, limited=False), *size)
    if isinstance(zoom_or_direction, Direction):
        view = outpainting.panned(image, zoom_or_direction, side)
    else:
        view = outpainting.zoomed_out(image, zoom_or_direction)
    return Inputs(images.as_png(view.image), images.as_png(view.mask))
