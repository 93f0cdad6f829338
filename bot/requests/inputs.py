"""Pictures as what requests start from."""

import asyncio
from collections.abc import Sequence

from generation import images, outpainting
from generation.jobs import Inputs
from generation.outpainting import Direction


async def tidied(files: Sequence[bytes]) -> list[tuple[bytes, tuple[int, int]]]:
    """Given pictures as PNG files, with width and height of each. Raises `UnusableImage`."""
    return await asyncio.gather(*(asyncio.to_thread(images.tidied, file) for file in files))


def canvas(png: bytes, size: tuple[int, int], zoom_or_direction: float | Direction, side: int) -> Inputs:
    """A picture, brought to `size`, with room around it, as what a job starts from."""
    image = images.fitted(images.read(png, limited=False), *size)
    if isinstance(zoom_or_direction, Direction):
        view = outpainting.panned(image, zoom_or_direction, side)
    else:
        view = outpainting.zoomed_out(image, zoom_or_direction)
    return Inputs(images.as_png(view.image), images.as_png(view.mask))
