"""The worker process: commands in on standard input, events out on what was standard output.

Run as `python -m generation.engine.worker` by `generation.local_pool`, which restarts it when it ends.
"""

import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import BinaryIO

import torch

from generation import abilities, sources, wire
from generation.catalogue import Catalogue, ModelSpec
from generation.engine.loop import StepLoop
from generation.engine.models.safety_checker import SafetyCheckers
from generation.engine.runtime import device, device_trial, libraries, memory
from generation.engine.runtime.pipes import claim_output
from generation.engine.scheduling import dtype_trial
from generation.engine.scheduling.batch_sizing import SIZES, BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.engine.scheduling.profiling import DeviceMeter
from generation.engine.upscalers.registry import UpscalerRegistry
from generation.engine.vision.faces import FaceFinder
from generation.events import Event

log = logging.getLogger(__name__)

LOST = 1
"""Exit status of a process that cannot go on."""

LEAVING_SECONDS = 5.0
"""Seconds to end in good order once the bot is gone. A process in the middle of a model load then ends at once."""

STRICT_ROWS = 16
"""Rows of each forward in strict mode, unless the host sets them: a lone picture costs as much as all of them."""


def main() -> None:
    """Serve until standard input closes. Where the device is lost, or an error belongs to no job, the process ends at
    once with the status `LOST`: threads and libraries might wait for the device for ever."""
    commands, events = sys.stdin.buffer, claim_output()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        options: wire.Configure = wire.read(commands)
        libraries.prepare(peft=needs_peft(options), quantized=any(map(may_come_quantised, options.models)))
        serve(options, commands, events, _leave)
    except EOFError:
        return
    except Exception:
        log.critical("the worker ends", exc_info=True)
        os._exit(LOST)


def needs_peft(options: wire.Configure) -> bool:
    """True where there are LoRAs for a model that a pipeline of diffusers draws, or that may be one."""
    alone = [model.name for model in options.models if not abilities.is_batched(model)]
    return any(lora.fits(name) for lora in options.loras for name in alone)


def may_come_quantised(model: ModelSpec) -> bool:
    """True for a model whose weights come quantised, and for one that is not on this machine yet."""
    try:
        return sources.comes_quantised(model.source)
    except (OSError, ValueError):
        return True


def serve(
    options: wire.Configure, commands: BinaryIO, events: BinaryIO, on_end: Callable[[], None] = lambda: None
) -> None:
    """Run jobs until the commands end. `on_end` is called in another thread then, whatever is being done. The process
    ends with the status `LOST` where its device cannot be used."""
    inbox: queue.SimpleQueue[wire.Command | None] = queue.SimpleQueue()
    unwanted: set[int] = set()
    threading.Thread(target=_listen, args=(commands, inbox, unwanted, on_end), daemon=True).start()
    if options.threads:
        torch.set_num_threads(options.threads)
    where, dtype = device.choose(options.device, options.dtype)
    if fault := device_trial.fault_of(where, dtype):
        log.critical("the device %s can't be used: %s; `noisefox doctor` says what to install", where, fault)
        os._exit(LOST)
    if options.vram is not None:
        memory.limit(where, options.vram)

    def emit(event: Event | wire.Ready) -> None:
        try:
            events.write(wire.pack(event))
            events.flush()
        except BrokenPipeError:  # the bot is gone: no job failed, and nobody waits for one
            os._exit(0)

    catalogue = Catalogue(options.models, options.loras, options.embeddings)
    trial = dtype_trial.trial_for(where, options.dtype, strict=options.strict, measurements=options.measurements)
    cache = ModelCache(
        catalogue,
        where,
        dtype,
        room=options.models_in_memory,
        trial=trial,
        acceleration=options.acceleration,
        measurements=options.measurements,
        strict=options.strict,
        vram=options.vram,
    )
    loop = StepLoop(
        cache,
        emit,
        sizing_for(options),
        model_wait=options.model_wait_seconds,
        upscalers=UpscalerRegistry(catalogue, where, options.upscaler),
        checkers=SafetyCheckers(catalogue, where),
        is_unwanted=unwanted.__contains__,
        faces=FaceFinder(options.faces),
    )
    formats = [str(each).removeprefix("torch.") for each in (dtype, trial and trial.dtype) if each]
    emit(wire.Ready(os.getpid(), str(where), " or ".join(formats), torch.get_num_threads()))
    while True:
        while loop.idle or not inbox.empty():
            command = inbox.get()
            if command is None:
                return
            _obey(loop, command, unwanted)
        loop.step()


def sizing_for(options: wire.Configure) -> BatchSizing:
    """The rows of a forward: as many as the host sets, or else as measuring finds to pay."""
    if options.largest_batch or options.strict:
        return BatchSizing(options.largest_batch or STRICT_ROWS, options.strict, file=options.measurements)
    return BatchSizing(SIZES[-1], meter=DeviceMeter(), file=options.measurements)


def _listen(
    commands: BinaryIO,
    inbox: "queue.SimpleQueue[wire.Command | None]",
    unwanted: set[int],
    on_end: Callable[[], None],
) -> None:
    """Fill the inbox. Jobs to cancel are in `unwanted` even before their cancel is read from it."""
    try:
        while True:
            command = wire.read(commands)
            if isinstance(command, wire.Cancel):
                unwanted.add(command.job_id)
            inbox.put(command)
    except EOFError:
        inbox.put(None)
        on_end()


def _leave() -> None:
    """End the process soon: its bot is gone, and nobody waits for what it does."""
    time.sleep(LEAVING_SECONDS)
    os._exit(0)


def _obey(loop: StepLoop, command: wire.Command, unwanted: set[int]) -> None:
    match command:
        case wire.Submit(job):
            loop.admit(job)
        case wire.Cancel(job_id):
            unwanted.discard(job_id)
            loop.cancel(job_id)
        case wire.WantFrame(job_id):
            loop.want_frame(job_id)


if __name__ == "__main__":
    main()
