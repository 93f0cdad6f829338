"""What passes between the bot's process and a worker's: length-prefixed pickles over the worker's own pipe.

Both ends are one program, so pickles are safe here; nothing that came from outside is ever unpickled.
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
    """The first command: what the worker is to work with. "auto" leaves device and dtype to what there is."""

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
    """Rows of a forward; 0 measures how many pay."""
    measurements: Path | None = None
    """The file that keeps what was measured."""
    model_wait_seconds: float = 20.0
    """How long a job for another model waits for the batch to drain, until it is drawn beside it, or nothing joins the
    batch any more."""
    upscaler: UpscalerName = UpscalerName.AUTO
    step_seconds: float = 300.0
    """How long a worker may say nothing while it draws; then it is taken for stuck."""
    acceleration: Acceleration = UNACCELERATED


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
    """The worker's first word: which process it is, and what it runs on."""

    pid: int
    device: str
    dtype: str
    """The number format, or "float32 or bfloat16" where each model is drawn in the faster one."""
    threads: int


class AsyncReader(Protocol):
    async def readexactly(self, n: int) -> bytes: ...


def pack(message: Any) -> bytes:
    """A message as bytes, its length in front."""
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(body)) + body


def read(stream: BinaryIO) -> Any:
    """The next message; raises `EOFError` when the other side is gone."""
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    return pickle.loads(_exactly(stream, length))


async def read_async(stream: AsyncReader) -> Any:
    """The next message; raises `asyncio.IncompleteReadError`, an `EOFError`, when the other side is gone."""
    (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
    return pickle.loads(await stream.readexactly(length))


def _exactly(stream: BinaryIO, length: int) -> bytes:
    read = stream.read(length)
    if len(read) < length:
        raise EOFError
    return read
