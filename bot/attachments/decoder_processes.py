"""Given pictures are decoded in processes of their own: neither their memory nor a crash is the bot's."""

import asyncio
import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Self, TypeVar

from generation import fingerprints, images, outpainting
from generation.errors import UserError
from generation.images import UnusableImage
from generation.jobs import Inputs
from generation.outpainting import Direction
from generation.sentences import Sentence

AT_ONCE = 2
"""Pictures that are decoded at the same time."""

MEMORY = 2 * 2**30
"""Bytes of address space that one decoder may take."""

PICTURES_EACH = 50
"""Pictures after which a decoder is replaced by a fresh one."""

Decoded = TypeVar("Decoded")


Tidied = tuple[bytes, tuple[int, int], str]
"""A PNG without metadata, its width and height, and its fingerprint."""


class DecoderProcesses:
    """At most two decoders, which start with the first picture and end with the `async with`."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    async def tidied(self, data: bytes) -> Tidied:
        """`images.tidied` and the fingerprint, in a decoder. Raises `UnusableImage`, also where the decoder dies; the
        next one is new."""
        return await self._decoded(_tidied, data)

    async def canvas(
        self, png: bytes, size: tuple[int, int], zoom_or_direction: float | Direction, side: int
    ) -> Inputs:
        """A picture of the bot's own, brought to `size`, with room around it, as what a job starts from; `side` is the
        most pixels that it may be wide or high. Raises `UnusableImage`."""
        return await self._decoded(_canvas, png, size, zoom_or_direction, side)

    async def _decoded(self, decode: Callable[..., Decoded], *given: object) -> Decoded:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                AT_ONCE,
                multiprocessing.get_context("spawn"),
                initializer=_confine,
                max_tasks_per_child=PICTURES_EACH,
            )
        pool = self._pool
        try:
            outcome = await asyncio.get_running_loop().run_in_executor(pool, _outcome, decode, given)
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = None
            raise UnusableImage("I can't read that picture. Use a PNG, JPEG or WebP file that isn't damaged.") from None
        if isinstance(outcome, Sentence):
            raise UnusableImage(outcome)
        return outcome


def _confine() -> None:
    """Begin a decoder: it takes so much memory, and ends with its bot, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    threading.Thread(target=_end_with_the_bot, daemon=True).start()


def _end_with_the_bot() -> None:
    bot = multiprocessing.parent_process()
    assert bot is not None
    bot.join()
    os._exit(1)


def _outcome(decode: Callable[..., Decoded], given: tuple[object, ...]) -> Decoded | Sentence:
    try:
        return decode(*given)
    except UserError as refused:
        return refused.sentence


def _tidied(data: bytes) -> Tidied:
    image = images.shrunk(data)
    return images.as_png(image), image.size, fingerprints.of(image)


def _canvas(png: bytes, size: tuple[int, int], zoom_or_direction: float | Direction, side: int) -> Inputs:
    image = images.fitted(images.read(png, limited=False), *size)
    if isinstance(zoom_or_direction, Direction):
        view = outpainting.panned(image, zoom_or_direction, side)
    else:
        view = outpainting.zoomed_out(image, zoom_or_direction)
    return Inputs(images.as_png(view.image), images.as_png(view.mask))
