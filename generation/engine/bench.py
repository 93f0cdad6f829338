"""The step loop against the stock pipeline called job by job: same weights, same dtype, same threads, one run.

Run as `noisefox bench`. All figures are ratios of times taken in this run, so that they mean something on a machine
that is slow or busy.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any

import numpy
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from generation import wire
from generation.catalogue import Catalogue
from generation.engine import device
from generation.engine.buckets import Buckets
from generation.engine.loop import StepLoop
from generation.engine.models import Model, Shelf
from generation.engine.painting import Painting, predict
from generation.engine.samplers import scheduler_for
from generation.engine.sizing import Sizing
from generation.events import Completed, Event, Progress
from generation.jobs import Draw, Job
from generation.settings import GenerationSettings, PartialSettings, Sampler

JOBS = 16
SAMPLERS = (Sampler.EULER, Sampler.EULER_ANCESTRAL, Sampler.DPMPP_2M_KARRAS, Sampler.DDIM, Sampler.UNIPC)
REPEATS = 5


@dataclass
class Run:
    """How long one way of drawing took: in all, and until each job's first preview, in seconds."""

    seconds: float = 0.0
    first_previews: dict[int, float] = field(default_factory=dict)
    pictures: dict[int, "numpy.ndarray[Any, Any]"] = field(default_factory=dict)


def compare(shelf: Shelf, name: str, jobs: int = JOBS) -> dict[str, Any]:
    """All figures, for `jobs` mixed jobs of one size."""
    model = shelf.take(name, on_load=lambda: None)
    mixed = list(_mixed(model, jobs))
    buckets = Buckets(2 * jobs)
    stock = _stock(model)
    _warm_up(shelf, mixed[0], stock)
    theirs = _drawn_by_stock(stock, model, mixed)
    ours = _drawn_by_us(shelf, mixed, buckets)
    alone = _drawn_by_us(shelf, [replace(mixed[0], steps=25)], buckets)
    forwards = {rows: _forward_seconds(model, mixed, rows) for rows in {2, *(_rows_of_steps(mixed, buckets))}}
    ideal = sum(forwards[rows] for rows in _rows_of_steps(mixed, buckets))
    return {
        "throughput_ratio": theirs.seconds / ours.seconds,
        "ceiling_fraction": ideal / ours.seconds,
        "first_preview_ratio": _median(theirs.first_previews) / _median(ours.first_previews),
        "single_job_overhead": alone.seconds / (25 * forwards[2] + _decode_seconds(model, mixed[0])),
        "preview_cost_fraction": _preview_seconds(model, mixed[0]) / forwards[2],
        "pixel_max_diff": max(int(abs(ours.pictures[i] - theirs.pictures[i]).max()) for i in range(jobs)),
        "dtype": str(model.dtype).removeprefix("torch."),
        "device": model.device.type,
        "bucket": buckets.most,
        "threads": torch.get_num_threads(),
        "jobs": jobs,
    }


def _mixed(model: Model, jobs: int) -> Iterator[GenerationSettings]:
    prompts = ("a red apple", "a cute fox", "a castle", "a blue rose")
    for i in range(jobs):
        chosen = PartialSettings(steps=15 + i, sampler=SAMPLERS[i % len(SAMPLERS)]).over(model.spec.preferred)
        yield chosen.of(prompts[i % len(prompts)], seed=i)


def _drawn_by_us(shelf: Shelf, mixed: list[GenerationSettings], buckets: Buckets) -> Run:
    run, started = Run(), time.perf_counter()

    def hear(event: Event) -> None:
        if isinstance(event, Progress):
            run.first_previews.setdefault(event.job_id, time.perf_counter() - started)
        if isinstance(event, Completed):
            image = Image.open(BytesIO(event.pictures[0].png))
            run.pictures[event.job_id] = numpy.asarray(image, dtype=int)

    loop = StepLoop(shelf, hear, Sizing(buckets.most))
    for job_id, settings in enumerate(mixed):
        loop.admit(Job(job_id, str(job_id), Draw(settings)))
    while not loop.idle:
        loop.step()
    run.seconds = time.perf_counter() - started
    return run


@torch.inference_mode()
def _drawn_by_stock(stock: Any, model: Model, mixed: list[GenerationSettings]) -> Run:
    run, started = Run(), time.perf_counter()
    for job_id, settings in enumerate(mixed):

        def preview(_: Any, step: int, timestep: Any, values: dict[str, Any], job_id: int = job_id) -> dict[str, Any]:
            run.first_previews.setdefault(job_id, time.perf_counter() - started)
            return values

        stock.scheduler = scheduler_for(settings.sampler, model.scheduler_config, settings.steps, model.device)
        image = stock(
            settings.prompt,
            num_inference_steps=settings.steps,
            guidance_scale=settings.guidance_scale,
            width=settings.width,
            height=settings.height,
            generator=torch.Generator("cpu").manual_seed(settings.seed),
            callback_on_step_end=preview,
        ).images[0]
        run.pictures[job_id] = numpy.asarray(image, dtype=int)
    run.seconds = time.perf_counter() - started
    return run


def _stock(model: Model) -> Any:
    pipeline = StableDiffusionPipeline.from_pretrained(
        model.spec.source, dtype=model.dtype, use_safetensors=True, safety_checker=None
    ).to(model.device)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _warm_up(shelf: Shelf, settings: GenerationSettings, stock: Any) -> None:
    brief = replace(settings, steps=2)
    _drawn_by_us(shelf, [brief], Buckets(2))
    stock(brief.prompt, num_inference_steps=2, width=brief.width, height=brief.height)


def _rows_of_steps(mixed: list[GenerationSettings], buckets: Buckets) -> list[int]:
    """The bucket of each forward that draws all jobs together: jobs leave as their steps end."""
    longest = max(settings.steps for settings in mixed)
    return [buckets.holding(2 * sum(settings.steps > step for settings in mixed)) for step in range(longest)]


@torch.inference_mode()
def _forward_seconds(model: Model, mixed: list[GenerationSettings], rows: int) -> float:
    """A bare forward of the UNet with `rows` rows."""
    painting = _painting(model, mixed[0])
    return _timed(lambda: predict([painting], rows))


@torch.inference_mode()
def _decode_seconds(model: Model, settings: GenerationSettings) -> float:
    latents = _painting(model, settings).visible
    return _timed(lambda: model.decode(latents))


@torch.inference_mode()
def _preview_seconds(model: Model, settings: GenerationSettings) -> float:
    latents = _painting(model, settings).visible
    return _timed(lambda: model.preview(latents))


def _painting(model: Model, settings: GenerationSettings) -> Painting:
    return Painting(model, settings, *model.prompts.encode_pair(settings.prompt, "", 1))


def _timed(work: Callable[[], object]) -> float:
    """The median of several runs, after one that does not count."""
    work()
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def _median(first_previews: dict[int, float]) -> float:
    return statistics.median(first_previews.values())


def main() -> None:
    """Read what to work with from standard input, as the worker does; print the figures as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--jobs", type=int, default=JOBS)
    arguments = parser.parse_args()
    options: wire.Configure = wire.read(sys.stdin.buffer)
    if options.threads:
        torch.set_num_threads(options.threads)
    shelf = Shelf(Catalogue(options.models), *device.choose(options.device, options.dtype))
    print(json.dumps(compare(shelf, arguments.model, arguments.jobs)))


if __name__ == "__main__":
    main()
