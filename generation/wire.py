"""The messages between the bot's process and a worker: length-prefixed pickles over the worker's pipes.

Both ends are the same program, so pickles are safe here. Nothing from outside is ever unpickled.
"""

import pickle
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from generation.acceleration import UNACCELERATED, Acceleration
from generation.catalogue import ModelSpec
from generation.embeddings import EmbeddingSpec
from generation.jobs import Job
from generation.loras import LoraSpec
from generation.upscaling import UpscalerName

_LENGTH = struct.Struct("!I")


@dataclass(frozen=True, slots=True)
class Configure:
    """The first command: the worker's options. "auto" lets the worker choose device and dtype."""

    models: tuple[ModelSpec, ...]
    loras: tuple[LoraSpec, ...] = ()
    embeddings: tuple[EmbeddingSpec, ...] = ()
    device: str = "auto"
    dtype: str = "auto"
    threads: int | None = None
    max_pictures: int = 16
    strict: bool = False
    models_in_memory: int = 1
    largest_batch: int = 0
    """The most rows of a forward; 0 measures the best number."""
    measurements: Path | None = None
    """The file for measurements."""
    model_wait_seconds: float = 20.0
    """Seconds a job for another model waits for the batch to drain. After that, both models run in turns, or, if memory
    is short, nothing new joins the batch."""
    upscaler: UpscalerName = UpscalerName.AUTO
    faces: str = ""
    """The model that finds faces; see `generation.vision.VisionModels`."""
    step_seconds: float = 300.0
    """Seconds without a message after which a busy worker counts as stuck."""
    acceleration: Acceleration = UNACCELERATED
    vram: float | None = None
    """Bytes of the device's memory that models may take; None for what is free."""


@dataclass(frozen=True, slots=True)
class Submit:
    job: Job


@dataclass(frozen=True, slots=True)
class Cancel:
    job_id: int


@dataclass(frozen=True, slots=True)
class WantFrame:
    job_id: int


Command = Configure | Submit | Cancel | WantFrame


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker's first message: its process id, and what it runs on."""

    pid: int
    device: str
    dtype: str
    """The number format, or "float32 or bfloat16" if each model runs in the faster one."""
    threads: int


class AsyncReader(Protocol):
    async def readexactly(self, n: int) -> bytes: ...


def pack(message: Any) -> bytes:
    """A message as bytes, prefixed by its length."""
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(body)) + body


def read(stream: BinaryIO) -> Any:
    """Read the next message. Raises `EOFError` when the other side has closed."""
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    return pickle.loads(_exactly(stream, length))


async def read_async(stream: AsyncReader) -> Any:
    """Read the next message. Raises `asyncio.IncompleteReadError`, an `EOFError`, when the other side has closed."""
    (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
    return pickle.loads(await stream.readexactly(length))


def _exactly(stream: BinaryIO, length: int) -> bytes:
    read = stream.read(length)
    if len(read) < length:
        raise EOFError
    return read
