"""Draws the example pictures again, all or the named ones: `python -m bot.lessons.making [TOPIC...]`."""

import asyncio
import logging
import sys
from collections.abc import Collection, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

from bot.config import Config, WorkerConfig
from bot.lessons.examples import EXAMPLES, FOLDER, Example, file_name
from bot.lessons.topics import Topic
from generation.errors import NoisefoxError
from generation.events import Completed, Failed
from generation.figures import blocks
from generation.figures.blocks import Align, Block, Picture, Row, Stack, Text
from generation.figures.files import still
from generation.figures.typography import Style, Weight
from generation.jobs import Draw, Inputs, Job
from generation.local_pool import LocalPool
from generation.pool import WorkerPool
from generation.settings import GenerationSettings

MOST_BYTES = 60_000
"""Limit for an example's file, so that it loads at once on a phone."""

WIDTH = 640
"""Width in pixels; less than of other figures, so that headings are readable at the 270 pixels of a phone."""

_HEAD = Style(29, Weight.BOLD)
_GAP = 12

log = logging.getLogger(__name__)


class NotMade(NoisefoxError):
    """The worker could not draw an example."""


async def make(topics: Collection[Topic] = tuple(EXAMPLES), folder: Path = FOLDER) -> None:
    """Draw the examples of the given lessons and write them to `folder`. Raises `NotMade`."""
    async with LocalPool(Config(worker=WorkerConfig(dtype="float32")).worker_options) as pool:
        for topic in topics:
            figure = laid_out(await cells_of(pool, EXAMPLES[topic]))
            data, _ = still(figure, MOST_BYTES)
            await asyncio.to_thread((folder / file_name(topic)).write_bytes, data)
            log.info("%s, %s bytes", file_name(topic), len(data))


async def cells_of(pool: WorkerPool, example: Example) -> list[tuple[str, Image.Image]]:
    """The pictures of an example, each with its heading."""
    heads, changes = zip(*example.cells, strict=True)
    inputs, cells = Inputs(), []
    if example.starts_from:
        [first] = await _drawn(pool, [example.settings({"prompt": example.starts_from})], inputs)
        inputs, cells = Inputs(image=first), [("0", _opened(first))]
    drawn = await _drawn(pool, [example.settings(each) for each in changes], inputs)
    return [*cells, *zip(heads, map(_opened, drawn), strict=True)]


def laid_out(cells: Sequence[tuple[str, Image.Image]]) -> Image.Image:
    """Pictures side by side, each below its heading."""
    rows: list[list[Block]] = [
        [Text(head, _HEAD, Align.CENTRE) for head, _ in cells],
        [Picture(image) for _, image in cells],
    ]
    return blocks.figure(Stack([Row(each, _GAP) for each in rows], gap=10), WIDTH, margin=20)


async def _drawn(pool: WorkerPool, settings: Sequence[GenerationSettings], inputs: Inputs) -> list[bytes]:
    """Draw pictures together; returns PNG files. Raises `NotMade`."""
    for number, each in enumerate(settings):
        await pool.submit(Job(number, "lessons", Draw(each, inputs)))
    finished: dict[int, bytes] = {}
    async for event in pool.events():
        match event:
            case Completed():
                finished[event.job_id] = event.pictures[0].png
            case Failed():
                raise NotMade(event.detail)
        if len(finished) == len(settings):
            break
    return [finished[number] for number in range(len(settings))]


def _opened(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png)).convert("RGB")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asyncio.run(make([Topic(name) for name in sys.argv[1:]] or tuple(EXAMPLES)))
