"""Given pictures are decoded in processes of their own: neither their memory nor a crash is the bot's."""

import asyncio
import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from bot.attachments import metadata
from generation import environment, fingerprints, images, outpainting
from generation.errors import UserError
from generation.images import UnusableImage
from generation.jobs import Inputs
from generation.outpainting import Direction
from generation.sentences import Sentence

AT_ONCE = 2
"""Pictures that are decoded at the same time."""

MEMORY = 2 * 2**30
"""Bytes of address space that one decoder may take."""

CPU_SECONDS = 6.0
"""CPU time that one picture may take, however busy the machine is; 25 million pixels take about two seconds."""

SECONDS = 60.0
"""Time that one picture may take, however little of it the decoder works."""

PICTURES_EACH = 50
"""Pictures after which a decoder is replaced by a fresh one."""

_UNREADABLE = Sentence("I can't read that picture. Use a PNG, JPEG or WebP file that isn't damaged.")
_TOO_SLOW = Sentence("That picture takes too long to read. Save it again as PNG or JPEG.")

Decoded = TypeVar("Decoded")


Tidied = tuple[bytes, tuple[int, int], str, str]
"""A PNG without metadata, its width and height, its fingerprint, and the prompt that was in its metadata."""


class DecoderProcesses:
    """At most two decoders, which start with the first picture and end with the `async with`, whatever they do then.

    They inherit this process's environment, so the bot's secrets are taken out of that; decoders forget all others.

    A decoder whose picture takes more than its time, or is no longer awaited, is killed, and the next one is new.
    """

    def __init__(self, cpu_seconds: float = CPU_SECONDS, seconds: float = SECONDS) -> None:
        self._cpu_seconds = cpu_seconds
        self._seconds = seconds
        self._pool: ProcessPool | None = None
        self._decoding: set[Future[Any]] = set()

    async def __aenter__(self) -> Self:
        environment.forget_secrets_of_the_bot()
        return self

    async def __aexit__(self, *_: object) -> None:
        for future in tuple(self._decoding):
            future.cancel()
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            await asyncio.to_thread(pool.join)

    async def tidied(self, data: bytes) -> Tidied:
        """`images.tidied`, the fingerprint and the prompt, in a decoder. Raises `UnusableImage`, also where the decoder
        dies or takes too long."""
        return await self.run(_tidied, data)

    async def canvas(
        self, png: bytes, size: tuple[int, int], zoom_or_direction: float | Direction, side: int
    ) -> Inputs:
        """A picture of the bot's own, brought to `size`, with room around it, as what a job starts from; `side` is the
        most pixels that it may be wide or high. Raises `UnusableImage`."""
        return await self.run(_canvas, png, size, zoom_or_direction, side)

    async def run(self, decode: Callable[..., Decoded], *given: object) -> Decoded:
        """Call a function in a decoder. Raises `UnusableImage` where that raises `UserError`, dies, or takes too
        long."""
        future = self._started().schedule(_outcome, (self._cpu_seconds, decode, given), timeout=self._seconds)
        self._decoding.add(future)
        try:
            outcome: Decoded | Sentence = await asyncio.wrap_future(future)
        except TimeoutError:
            raise UnusableImage(_TOO_SLOW) from None
        except ProcessExpired as end:
            raise UnusableImage(_TOO_SLOW if end.exitcode == -signal.SIGPROF else _UNREADABLE) from None
        except BrokenProcessPool:
            raise UnusableImage(_UNREADABLE) from None
        finally:
            self._decoding.discard(future)
        if isinstance(outcome, Sentence):
            raise UnusableImage(outcome)
        return outcome

    def _started(self) -> ProcessPool:
        """The pool; a new one before the first picture, and where idle decoders were killed."""
        if self._pool is None or not self._pool.active:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPool(AT_ONCE, PICTURES_EACH, _confine, context=context)
        return self._pool


def _confine() -> None:
    """Begin a decoder: it takes so much memory, can be ended at once, and ends with its bot, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    environment.forget_secrets()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    threading.Thread(target=_end_with_the_bot, daemon=True).start()


def _end_with_the_bot() -> None:
    bot = multiprocessing.parent_process()
    assert bot is not None
    bot.join()
    os._exit(1)


def _outcome(cpu_seconds: float, decode: Callable[..., Decoded], given: tuple[object, ...]) -> Decoded | Sentence:
    """The result, or why there is none. The process is killed by SIGPROF after its CPU time."""
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    try:
        return decode(*given)
    except UserError as refused:
        return refused.sentence
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _tidied(data: bytes) -> Tidied:
    image = images.shrunk(data)
    return images.as_png(image), image.size, fingerprints.of(image), metadata.prompt_in(data)


def _canvas(png: bytes, size: tuple[int, int], zoom_or_direction: float | Direction, side: int) -> Inputs:
    image = images.fitted(images.read(png, limited=False), *size)
    if isinstance(zoom_or_direction, Direction):
        view = outpainting.panned(image, zoom_or_direction, side)
    else:
        view = outpainting.zoomed_out(image, zoom_or_direction)
    return Inputs(images.as_png(view.image), images.as_png(view.mask))
