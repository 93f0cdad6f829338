"""A contest: the same jobs by the step loop, and by diffusers' own pipeline one after the other."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from io import BytesIO
from statistics import median
from typing import Any, Protocol

import numpy
import torch
from PIL import Image

from generation import cost
from generation.engine.benchmarking.ratios import Ratio, in_turns
from generation.engine.denoising.state import DenoisingState
from generation.engine.loop import StepLoop
from generation.engine.models.batched_model import AnyBatchedModel
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.engine.scheduling.profiling import await_device
from generation.events import Completed, Event, Failed, Progress
from generation.jobs import Draw, Job
from generation.plans import GIGABYTE
from generation.settings import GenerationSettings

Clock = Callable[[], float]
Jobs = Sequence[GenerationSettings]

BRIEF = 2
"""Steps of the jobs that both draw beforehand."""


class Stock(Protocol):
    """diffusers' own pipeline of a model."""

    def __call__(self, settings: GenerationSettings, on_step: Callable[[], None]) -> Image.Image:
        """Draw a picture, and call `on_step` after each step."""


@dataclass
class Run:
    """Seconds of one run: in all, and until each job's first preview."""

    seconds: float = 0.0
    first_previews: dict[int, float] = field(default_factory=dict)
    pictures: dict[int, "numpy.ndarray[Any, Any]"] = field(default_factory=dict)
    forwards: list[int] = field(default_factory=list)
    """The rows of each forward of the step loop."""
    memory: int = 0
    """The most bytes that were held on a CUDA device."""

    @property
    def first_preview(self) -> float:
        """The median wait for the first preview, in seconds."""
        return median(self.first_previews.values())


@dataclass(frozen=True)
class Round:
    """A run of each, and right after it the networks alone."""

    ours: Run
    theirs: Run
    forwards: float
    """Seconds of the forwards of our run, with inputs prepared in advance."""
    decoding: float
    """Seconds of decoding its pictures."""


@dataclass(frozen=True)
class Contest:
    """The step loop and the stock pipeline, ready to draw with the same model."""

    cache: ModelCache
    model: AnyBatchedModel
    stock: Stock
    sizing: BatchSizing
    clock: Clock = time.perf_counter

    def rounds(self, jobs: Jobs, rounds: int, seconds: float = math.inf) -> list[Round]:
        """Ours, theirs, and the networks alone, again and again; see `in_turns`."""
        bare = Bare(self.model, jobs[0], self.clock)

        def one() -> Round:
            ours, theirs = self.ours(jobs), self.theirs(jobs)
            return Round(ours, theirs, bare.seconds(ours.forwards), len(jobs) * bare.decoding_seconds)

        return [each for (each,) in in_turns((one,), rounds, seconds, self.clock)]

    def warm_up(self, jobs: Jobs) -> None:
        """Run both once, so that kernels are chosen and the batch size is measured."""
        brief = replace(jobs[0], steps=BRIEF)
        self.ours([replace(brief, seed=seed) for seed in range(len(jobs))])
        self.theirs([brief])

    def ours(self, jobs: Jobs) -> Run:
        """All jobs by the step loop."""
        return drawn_by_us(self.cache, jobs, self.sizing, self.clock)

    def theirs(self, jobs: Jobs) -> Run:
        """All jobs by the stock pipeline."""
        return drawn_by_stock(self.stock, self.model.device, jobs, self.clock)


def figures(model: AnyBatchedModel, jobs: Jobs, rounds: list[Round]) -> dict[str, Ratio | float | None]:
    """What the rounds of these jobs come to."""
    ours = [each.ours for each in rounds]
    return {
        "throughput_ratio": Ratio.of(each.theirs.seconds / each.ours.seconds for each in rounds),
        "ceiling_fraction": Ratio.of(
            useful(each.ours, jobs, model) * each.forwards / each.ours.seconds for each in rounds
        ),
        "first_preview_ratio": Ratio.of(each.theirs.first_preview / each.ours.first_preview for each in rounds),
        "overhead": Ratio.of(each.ours.seconds / (each.forwards + each.decoding) for each in rounds),
        "pictures_a_minute": 60 * len(jobs) / median(run.seconds for run in ours),
        "first_preview_seconds": median(run.first_preview for run in ours),
        "memory_gb": _gigabytes(ours),
        "stock_memory_gb": _gigabytes([each.theirs for each in rounds]),
        "bucket": max(ours[-1].forwards),
    }


def _gigabytes(runs: list[Run]) -> float | None:
    """The most memory of several runs; None where it isn't counted."""
    return max(run.memory for run in runs) / GIGABYTE or None


def drawn_by_us(cache: ModelCache, jobs: Jobs, sizing: BatchSizing, clock: Clock = time.perf_counter) -> Run:
    """All jobs at once, by the step loop. Raises `RuntimeError` where one fails: then times mean nothing."""
    model = cache.any(jobs[0].model, lambda share: None)
    run, failed, device = Run(), list[Failed](), model.device
    network = getattr(model.pipeline, "unet", None) or model.pipeline.transformer
    _count_memory(device)
    started = clock()

    def count(_: Any, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
        run.forwards.append(len(inputs[0] if inputs else named["hidden_states"]))

    def hear(event: Event) -> None:
        if isinstance(event, Progress):
            run.first_previews.setdefault(event.job_id, clock() - started)
        if isinstance(event, Completed):
            image = Image.open(BytesIO(event.pictures[0].png))
            run.pictures[event.job_id] = numpy.asarray(image, dtype=int)
        if isinstance(event, Failed):
            failed.append(event)

    counting = network.register_forward_pre_hook(count, with_kwargs=True)
    try:
        loop = StepLoop(cache, hear, sizing)
        for job_id, settings in enumerate(jobs):
            loop.admit(Job(job_id, str(job_id), Draw(settings)))
        while not loop.idle:
            loop.step()
    finally:
        counting.remove()
    if failed:
        raise RuntimeError(f"job {failed[0].job_id} failed: {failed[0].detail}")
    run.seconds, run.memory = clock() - started, _most_memory(device)
    return run


@torch.inference_mode()
def drawn_by_stock(stock: Stock, device: torch.device, jobs: Jobs, clock: Clock = time.perf_counter) -> Run:
    """The same jobs, one after the other, by the stock pipeline."""
    run = Run()
    _count_memory(device)
    started = clock()

    def preview(job_id: int) -> None:
        if job_id not in run.first_previews:
            await_device(device)
            run.first_previews[job_id] = clock() - started

    for job_id, settings in enumerate(jobs):
        run.pictures[job_id] = numpy.asarray(stock(settings, partial(preview, job_id)), dtype=int)
    run.seconds, run.memory = clock() - started, _most_memory(device)
    return run


def most_apart(one: Run, other: Run) -> int:
    """The largest difference of any pixel value, 0 to 255."""
    return max(int(abs(one.pictures[job_id] - other.pictures[job_id]).max()) for job_id in one.pictures)


def useful(run: Run, jobs: Jobs, model: AnyBatchedModel) -> float:
    """The share of rows in a run's forwards that a picture needed; the others are padding."""
    needed = 0
    for each in jobs:
        guided = sum(cost.is_guided(each, step) for step in range(each.steps))
        needed += each.steps + (len(model.guided(model.encode_prompts(each), each)) - 1) * guided
    return needed / sum(run.forwards)


class Bare:
    """The networks alone, with inputs prepared in advance."""

    def __init__(self, model: AnyBatchedModel, settings: GenerationSettings, clock: Clock = time.perf_counter) -> None:
        self._model = model
        self._state = DenoisingState(model, settings)
        self._clock = clock

    @torch.inference_mode()
    def seconds(self, forwards: list[int]) -> float:
        """Seconds of forwards with these numbers of rows, each of which is run once beforehand."""
        works = {rows: self._forward(rows) for rows in sorted({*forwards})}
        for work in works.values():
            work()
        return self._timed(lambda: [works[rows]() for rows in forwards])

    @property
    @torch.inference_mode()
    def decoding_seconds(self) -> float:
        """Seconds of decoding one picture."""
        return self._timed(lambda: self._model.decode(self._state.result).cpu())

    @torch.inference_mode()
    def forward_seconds(self, repeats: int) -> float:
        """The median seconds of a forward for one guided picture."""
        return self._usual(self._forward(len(self._state.prompts)), repeats)

    @torch.inference_mode()
    def preview_seconds(self, repeats: int) -> float:
        """The median seconds of a preview of the latents."""
        latents = self._state.visible
        return self._usual(lambda: self._model.preview(latents), repeats)

    def _forward(self, rows: int) -> Callable[[], object]:
        latents = self._state.input.repeat(rows, 1, 1, 1).to(self._model.dtype)
        timesteps = self._state.timestep.float().repeat(rows)
        prompts = [self._state.prompts[-1]] * rows
        return lambda: self._model.predict(latents, timesteps, prompts)

    def _usual(self, work: Callable[[], object], repeats: int) -> float:
        """Median seconds of several runs, after a warm-up."""
        work()
        return median(self._timed(work) for _ in range(repeats))

    def _timed(self, work: Callable[[], object]) -> float:
        await_device(self._model.device)
        started = self._clock()
        work()
        await_device(self._model.device)
        return self._clock() - started


def _count_memory(device: torch.device) -> None:
    """Begin to count the most memory that is held on a CUDA device."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def _most_memory(device: torch.device) -> int:
    """The most bytes that were held since then; 0 on other devices."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return 0
