"""Given pictures are decoded in processes of their own: neither their memory nor a crash is the bot's."""

import asyncio
import multiprocessing
import resource
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Self

from generation import fingerprints, images
from generation.errors import UserError
from generation.images import UnusableImage
from generation.sentences import Sentence

AT_ONCE = 2
"""Pictures that are decoded at the same time."""

MEMORY = 2 * 2**30
"""Bytes of address space that one decoder may take."""

PICTURES_EACH = 50
"""Pictures after which a decoder is replaced by a fresh one."""


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
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                AT_ONCE,
                multiprocessing.get_context("spawn"),
                initializer=_confine,
                max_tasks_per_child=PICTURES_EACH,
            )
        pool = self._pool
        try:
            outcome = await asyncio.get_running_loop().run_in_executor(pool, _tidied, data)
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = None
            raise UnusableImage("I can't read that picture. Use a PNG, JPEG or WebP file that isn't damaged.") from None
        if isinstance(outcome, Sentence):
            raise UnusableImage(outcome)
        return outcome


def _confine() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _tidied(data: bytes) -> Tidied | Sentence:
    try:
        image = images.shrunk(data)
        return images.as_png(image), image.size, fingerprints.of(image)
    except UserError as refused:
        return refused.sentence
