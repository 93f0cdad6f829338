"""Benchmark: how much an explained job slows down other jobs."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch

from generation.engine.benchmarking.ratios import Ratio, in_turns
from generation.engine.loop import StepLoop
from generation.engine.models.unet_model import UNetModel
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.events import Completed, Event
from generation.jobs import Draw, Job
from generation.settings import GenerationSettings

REPEATS = 5
STRANGERS = 2
STRANGERS_STEPS = 40
STEPS = 8


def cost_to_others(
    cache: ModelCache,
    model: UNetModel,
    sizing: BatchSizing,
    clock: Callable[[], float] | None = None,
    repeats: int = REPEATS,
) -> Ratio:
    """The time of other jobs beside an explained job, divided by their time beside the same job without explanation,
    in turns. The jobs are guided, so that both cases have the same rows. On a CPU, CPU seconds of one thread are
    measured, so that other programs matter little. A given `clock` is also the loop's."""
    on_cpu = model.device.type == "cpu"
    now = clock or (time.process_time if on_cpu else time.perf_counter)
    usual = model.spec.preferred
    guidance = max(usual.guidance_scale or 0.0, 2.0)
    own = replace(usual, steps=STEPS, guidance_scale=guidance).of("an apple", seed=7)

    def seconds(explained: bool) -> float:
        """Seconds until all other jobs are completed."""
        waiting = set(range(1, STRANGERS + 1))

        def hear(event: Event) -> None:
            if isinstance(event, Completed):
                waiting.discard(event.job_id)

        loop = StepLoop(cache, hear, sizing, clock=clock or time.monotonic)
        loop.admit(Job(0, "own", Draw(own, explained=explained)))
        for job_id in sorted(waiting):
            loop.admit(Job(job_id, str(job_id), Draw(_of_a_stranger(own, job_id))))
        started = now()
        while waiting:
            loop.step()
        return now() - started

    with _threads(1 if on_cpu else torch.get_num_threads()):
        seconds(True)
        turns = in_turns((lambda: seconds(True), lambda: seconds(False)), repeats)
        return Ratio.of(explained / plain for explained, plain in turns)


@contextmanager
def _threads(number: int) -> Iterator[None]:
    """Set the number of torch's threads for a while: CPU time counts threads that wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _of_a_stranger(own: GenerationSettings, seed: int) -> GenerationSettings:
    return replace(own, prompt="a castle", seed=seed, steps=STRANGERS_STEPS)
