"""Figures, made of what a request drew, in the language of whoever asked."""

import asyncio
from collections.abc import Sequence
from io import BytesIO

from PIL import Image

from bot import seeds
from bot.locales import addressing
from generation.events import Picture
from storage.records import Generation


async def figure_of(generation: Generation, pictures: Sequence[Picture]) -> Picture:
    """The figure that a request is about; `pictures` are those of its cells."""
    with addressing(generation.origin.locale):
        data, _ = await asyncio.to_thread(seeds.drawn, generation.cells, pictures)
    with Image.open(BytesIO(data)) as image:
        size = image.size
    flagged = any(each.flagged for each in pictures)
    return Picture(data, generation.settings.seed, *size, flagged=flagged)
