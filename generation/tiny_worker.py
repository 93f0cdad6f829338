"""A worker without a model: speaks like the real one, and draws pictures of one colour in milliseconds.

For measuring and soaking the bot. A picture's colour depends on its seed; its settings are inside, as always.
"""

import queue
import sys
import threading
import time
from dataclasses import dataclass
from io import BytesIO
from os import getpid
from random import Random
from typing import BinaryIO

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from generation import infotext, wire
from generation.errors import FailureKind
from generation.events import Cancelled, Completed, Event, Failed, Progress, Started
from generation.infotext import Drawn
from generation.jobs import Draw, Job, Upscale
from generation.pictures import Picture, Preview
from generation.settings import PIXELS_PER_LATENT, GenerationSettings
from generation.upscaling import UpscalerName

STEPS = 3
"""Steps that every picture takes."""

STEP_SECONDS = 0.02
"""How long a step takes, for all jobs at work together, unless the first argument says otherwise."""

BROKEN = "brokenpicture"
"""A prompt with this word fails."""

_GREY = Preview(2, 2, bytes([128] * 12))


@dataclass
class _Running:
    job: Job
    step: int = 0


class TinyWorker:
    """Takes commands and sends events, one step of all jobs at a time."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self._running: dict[int, _Running] = {}

    @property
    def busy(self) -> bool:
        """True while it has jobs."""
        return bool(self._running)

    def take(self, command: wire.Command) -> None:
        """Carry out one command."""
        match command:
            case wire.Configure():
                self._send(wire.Ready(getpid(), "cpu", "float32", 1))
            case wire.Submit(job):
                self._running[job.id] = _Running(job)
                self._send(Started(job.id))
            case wire.Cancel(job_id):
                if self._running.pop(job_id, None):
                    self._send(Cancelled(job_id))

    def step(self) -> None:
        """Take a step of every job, and finish those that have taken all."""
        for running in list(self._running.values()):
            running.step += 1
            job = running.job
            if running.step <= STEPS:
                self._send(Progress(job.id, running.step, STEPS, (_GREY,) * job.task.pictures))
            else:
                del self._running[job.id]
                self._send(_outcome(job))

    def _send(self, message: wire.Ready | Event) -> None:
        self._output.write(wire.pack(message))
        self._output.flush()


def _outcome(job: Job) -> Completed | Failed:
    task = job.task
    if BROKEN in task.settings.prompt:
        return Failed(job.id, FailureKind.BROKEN_PICTURE, "the prompt asks for it")
    if isinstance(task, Upscale):
        return Completed(job.id, (_enlarged(task),), STEPS * STEP_SECONDS, "tiny", UpscalerName.LANCZOS.value)
    pictures = tuple(_drawn(task, settings) for settings in task.each)
    return Completed(job.id, pictures, STEPS * STEP_SECONDS, "tiny")


def _drawn(task: Draw, settings: GenerationSettings) -> Picture:
    random = Random(settings.seed)
    image = Image.new("RGB", settings.final_size, tuple(random.randbytes(3)))
    text = infotext.to_infotext(settings, Drawn("tiny", "tiny", from_picture=bool(task.inputs.image)))
    width, height = settings.width // PIXELS_PER_LATENT, settings.height // PIXELS_PER_LATENT
    noise = Preview(width, height, random.randbytes(3 * width * height))
    return Picture(_png(image, text), settings.seed, *image.size, noise)


def _enlarged(task: Upscale) -> Picture:
    with Image.open(BytesIO(task.picture)) as small:
        text = infotext.with_upscale(
            str(small.info.get(infotext.CHUNK_NAME, "")), UpscalerName.LANCZOS.value, task.total_factor
        )
        large = small.resize((small.width * task.factor, small.height * task.factor))
    return Picture(_png(large, text), task.settings.seed, *large.size)


def _png(image: Image.Image, text: str) -> bytes:
    info, file = PngInfo(), BytesIO()
    info.add_text(infotext.CHUNK_NAME, text)
    image.save(file, "PNG", pnginfo=info)
    return file.getvalue()


def _read_all(source: BinaryIO, commands: "queue.Queue[wire.Command | None]") -> None:
    """Pass on the commands of a stream, and None at its end."""
    while True:
        try:
            commands.put(wire.read(source))
        except EOFError:
            commands.put(None)
            return


def main() -> None:
    """Work until the standard input ends."""
    commands: queue.Queue[wire.Command | None] = queue.Queue()
    threading.Thread(target=_read_all, args=(sys.stdin.buffer, commands), daemon=True).start()
    worker = TinyWorker(sys.stdout.buffer)
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else STEP_SECONDS
    while True:
        try:
            command = commands.get(block=not worker.busy)
        except queue.Empty:
            worker.step()
            time.sleep(seconds)
            continue
        if command is None:
            return
        worker.take(command)


if __name__ == "__main__":
    main()
