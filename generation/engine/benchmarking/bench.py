"""Benchmark: the step loop against the stock pipeline called job by job, with the same weights, dtype and threads.

Run as `noisefox bench`. Figures are ratios of times measured in turns in one run, so that they hold on a slow or busy
machine too; each tells how far it spread.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch

from generation import wire
from generation.catalogue import Catalogue
from generation.engine.benchmarking import contest, flow_bench, ratios
from generation.engine.benchmarking.contest import Bare, Contest, Jobs, Round, most_apart
from generation.engine.benchmarking.explain_bench import cost_to_others
from generation.engine.benchmarking.ratios import Ratio, in_turns
from generation.engine.benchmarking.stock_unet import own_clip_skip, stock_of
from generation.engine.models.unet_model import UNetModel
from generation.engine.runtime import device, memory
from generation.engine.scheduling import dtype_trial
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.engine.scheduling.profiling import DeviceMeter
from generation.engine.worker import sizing_for
from generation.settings import GenerationSettings, PartialSettings, Sampler

JOBS = 16
SAMPLERS = (Sampler.EULER, Sampler.EULER_ANCESTRAL, Sampler.DPMPP_2M_KARRAS, Sampler.DDIM, Sampler.UNIPC)
REPEATS = 5
ROUNDS = 3
LEAST_STEPS = 15
"""Of the first job; each of the others has one more than the one before."""

ALONE_STEPS = 25

BESIDE_FLOAT32 = (
    "pixel_max_diff",
    "throughput_ratio_float32",
    "throughput_ratio_to_float32",
    "pixel_max_diff_from_float32",
)


def compare(cache: ModelCache, name: str, jobs: int = JOBS, sizing: BatchSizing | None = None) -> dict[str, Any]:
    """All figures, for `jobs` mixed jobs of one size. Without a `sizing`, the batch size is measured first, as a worker
    does once.

    Ratios compare runs in the worker's dtype, unless their names say float32. Pixels are compared with those of the
    stock pipeline in float32: `pixel_max_diff` is the largest difference of ours in float32,
    `pixel_max_diff_from_float32` that of ours in the worker's dtype. A worker in float32 has no figures that say so:
    they are those without that word.
    """
    model = cache.take(name, on_load=lambda share: None)
    mixed = list(mixed_jobs(model, jobs))
    sizing = sizing or BatchSizing(2 * jobs, meter=DeviceMeter())
    ours = Contest(cache, model, stock_of(model), sizing)
    ours.warm_up(mixed)
    rounds = ours.rounds(mixed, ROUNDS)
    bare = Bare(model, mixed[0])
    shared = contest.figures(model, mixed, rounds)
    return {
        **{each: shared[each] for each in ("throughput_ratio", "ceiling_fraction", "first_preview_ratio", "bucket")},
        "single_job_overhead": _overhead(ours, bare, replace(mixed[0], steps=ALONE_STEPS)),
        "preview_cost_fraction": bare.preview_seconds(REPEATS) / bare.forward_seconds(REPEATS),
        "explain_cost_to_others": cost_to_others(cache, model, sizing),
        **_beside_float32(ours, mixed, rounds),
        "dtype": str(model.dtype).removeprefix("torch."),
        "device": model.device.type,
        "threads": torch.get_num_threads(),
        "jobs": jobs,
    }


def _beside_float32(ours: Contest, mixed: Jobs, rounds: list[Round]) -> dict[str, Any]:
    """Compare our runs with runs in float32; None where memory is too small. All run in turns once more, where the
    worker's dtype is another; else only pixels are left to compare."""
    if ours.model.dtype == torch.float32:
        return {"pixel_max_diff": most_apart(rounds[-1].ours, rounds[-1].theirs)}
    try:
        precise = _in_float32(ours)
        precise.warm_up(mixed)
        works = [lambda: ours.ours(mixed), lambda: precise.theirs(mixed), lambda: precise.ours(mixed)]
        turns = list(in_turns(works, ROUNDS))
    except memory.ERRORS as reason:
        if not memory.is_exhausted(reason):
            raise
        return dict.fromkeys(BESIDE_FLOAT32)
    quick, stock, precisely = turns[-1]
    return {
        "pixel_max_diff": most_apart(precisely, stock),
        "throughput_ratio_float32": Ratio.of(theirs.seconds / run.seconds for _, theirs, run in turns),
        "throughput_ratio_to_float32": Ratio.of(theirs.seconds / run.seconds for run, theirs, _ in turns),
        "pixel_max_diff_from_float32": most_apart(quick, stock),
    }


def _in_float32(ours: Contest) -> Contest:
    """The same contest with a second copy of the model."""
    cache = ours.cache.like_this(torch.float32)
    copy = cache.take(ours.model.spec.name, lambda share: None)
    return Contest(cache, copy, stock_of(copy), ours.sizing, ours.clock)


def mixed_jobs(model: UNetModel, jobs: int, least_steps: int | None = None) -> Iterator[GenerationSettings]:
    """Jobs with other prompts, seeds, samplers and numbers of steps; `LEAST_STEPS` and more unless another is given."""
    least_steps = least_steps or LEAST_STEPS
    prompts = ("a red apple", "a cute fox", "a castle", "a blue rose")
    for i in range(jobs):
        chosen = PartialSettings(steps=least_steps + i, sampler=SAMPLERS[i % len(SAMPLERS)]).over(model.spec.preferred)
        if len(model.prompts.readers) > 1:
            chosen = replace(chosen, clip_skip=own_clip_skip(model.pipeline))
        yield chosen.of(prompts[i % len(prompts)], seed=i)


def _overhead(ours: Contest, bare: Bare, settings: GenerationSettings) -> Ratio:
    """The time of a job alone, divided by that of its networks."""
    forwards = ours.ours([settings]).forwards
    works: list[Callable[[], float]] = [
        lambda: ours.ours([settings]).seconds,
        lambda: bare.seconds(forwards) + bare.decoding_seconds,
    ]
    return Ratio.of(job / networks for job, networks in in_turns(works, REPEATS))


def main() -> None:
    """Read the configuration from standard input, as the worker does; print the figures as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--jobs", type=int, default=JOBS)
    arguments = parser.parse_args()
    options: wire.Configure = wire.read(sys.stdin.buffer)
    if options.threads:
        torch.set_num_threads(options.threads)
    where, dtype = device.choose(options.device, options.dtype)
    trial = dtype_trial.trial_for(where, options.dtype, strict=options.strict, measurements=options.measurements)
    accelerated = options.acceleration
    cache = ModelCache(
        Catalogue(options.models), where, dtype, trial=trial, acceleration=accelerated, strict=options.strict
    )
    figures = compare(cache, arguments.model, arguments.jobs, sizing_for(options))
    print(json.dumps(ratios.as_json(figures | flow_bench.compare(where, dtype, arguments.jobs))))


if __name__ == "__main__":
    main()
