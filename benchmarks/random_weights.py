"""The step loop against the stock pipeline for networks of common sizes with random weights, so that nothing is
downloaded.

Run as `python -m benchmarks.random_weights --size sd15`. It prints each figure as soon as it is known, begins no round
that would end after `--seconds`, draws fewer steps where all would take too long, and leaves out what does not fit into
memory. With `--tiny`, networks have few channels: a test that it runs, whose figures mean nothing.
"""

import argparse
import copy
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch

from benchmarks import networks
from benchmarks.networks import SIZES, TINY_RESOLUTION, TINY_WORDS, Size
from generation.acceleration import UNACCELERATED, Acceleration
from generation.catalogue import ModelSpec
from generation.engine.benchmarking import bench, contest, flow_bench
from generation.engine.benchmarking.contest import Bare, Clock, Contest, Jobs
from generation.engine.benchmarking.ratios import Ratio
from generation.engine.benchmarking.stock_unet import StockUNet
from generation.engine.models import loader
from generation.engine.models.acceleration import accelerated
from generation.engine.models.unet_model import UNetModel
from generation.engine.runtime import device, memory
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.profiling import DeviceMeter
from generation.plans import GIGABYTE

ROUNDS = 3
FEWEST_STEPS = 4
ACTIVATIONS = 3 * GIGABYTE
"""What drawing a picture needs beside the weights, about."""


def main(clock: Clock = time.perf_counter) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="sd15")
    parser.add_argument("--resolution", type=int, help="width and height in pixels; the native ones if not given")
    parser.add_argument("--jobs", type=int, nargs="+", default=[bench.JOBS, 1])
    parser.add_argument("--seconds", type=float, default=600.0, help="after which no round begins")
    parser.add_argument("--tiny", action="store_true", help="few channels, to test that it runs")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--attention", default="")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--fuse-projections", action="store_true")
    parser.add_argument("--offload", default="")
    options, started = parser.parse_args(), clock()
    faster = Acceleration(options.attention, options.compile, options.fuse_projections, options.offload)
    where, dtype = device.choose(options.device, options.dtype)
    size = SIZES[options.size]
    side = options.resolution or (TINY_RESOLUTION if options.tiny else size.resolution)
    print(f"{options.size}, {side}x{side}, {options.dtype}, {where}, {_told(faster)}", flush=True)
    copies = 1 if faster == UNACCELERATED else 2
    wanted = copies * networks.bytes_of(size, dtype, tiny=options.tiny)
    if not options.tiny and (reason := no_room(wanted, memory.free(where))):
        print(f"  skipped: {reason}", flush=True)
        return
    try:
        ready = _contest(size, side, where, dtype, faster, tiny=options.tiny, most=max(options.jobs))
        for line in measured(ready, size, side, options.jobs, started + options.seconds, clock):
            print(f"  {line}", flush=True)
    except memory.ERRORS as reason:
        if not memory.is_exhausted(reason):
            raise
        print("  skipped: out of memory", flush=True)


def no_room(wanted: int, free: int) -> str:
    """Why weights of so many bytes are not tried; empty where they are."""
    if wanted + ACTIVATIONS <= free:
        return ""
    return f"it needs {wanted / GIGABYTE:.1f} GB of weights, and {free / GIGABYTE:.1f} GB are free"


def measured(ready: Contest, size: Size, side: int, jobs: Iterable[int], end: float, clock: Clock) -> Iterator[str]:
    """A line for each figure, for each number of jobs. The time until `end` is shared by the number of pictures."""
    left = sorted(jobs, reverse=True)
    forward = Bare(ready.model, _jobs(ready, size, side, 1, FEWEST_STEPS)[0], clock).forward_seconds(repeats=3)
    yield f"forward of one picture: {1000 * forward:.1f} ms"
    for number in left:
        ready.warm_up(_jobs(ready, size, side, number, FEWEST_STEPS))
        share = (end - clock()) * number / sum(each for each in left if each <= number)
        mixed = _jobs(ready, size, side, number, fitting_steps(size.steps, number, forward, share))
        rounds = ready.rounds(mixed, ROUNDS, share)
        steps = f"{mixed[0].steps} to {mixed[-1].steps}" if number > 1 else str(mixed[0].steps)
        yield f"{number} {'jobs' if number > 1 else 'job'} of {steps} steps, {len(rounds)} rounds:"
        for name, value in contest.figures(ready.model, mixed, rounds).items():
            yield f"  {name:24}{told(value)}"


def fitting_steps(usual: int, jobs: int, forward: float, seconds: float) -> int:
    """The steps of the first job, so that `ROUNDS` rounds of ours, theirs and the bare networks take about `seconds`,
    where a forward of one picture takes `forward` seconds."""
    return max(FEWEST_STEPS, min(usual, int(seconds / (3 * ROUNDS * jobs * forward))))


def told(value: Ratio | float | None) -> str:
    """A figure, and how far it spread."""
    if not isinstance(value, Ratio):
        return "not counted" if value is None else f"{value:.2f}"
    if value.spread is None:
        return f"{value.median:.2f}  unsettled: one round"
    return f"{value.median:.2f}  {'' if value.settled else 'unsettled: '}spread {100 * value.spread:.0f} %"


def _told(faster: Acceleration) -> str:
    """The options that are on."""
    on = [name for name in ("attention", "compile", "fuse_projections", "offload") if getattr(faster, name)]
    return ", ".join(f"{name} {getattr(faster, name)}" for name in on) or "not accelerated"


def _jobs(ready: Contest, size: Size, side: int, number: int, steps: int) -> Jobs:
    """Mixed jobs of a size."""
    if isinstance(ready.model, UNetModel):
        return list(bench.mixed_jobs(ready.model, number, steps))
    return flow_bench.mixed_jobs(number, side, steps, size.guidance_scale)


def _contest(
    size: Size, side: int, where: torch.device, dtype: torch.dtype, faster: Acceleration, *, tiny: bool, most: int
) -> Contest:
    """The step loop, accelerated, against a pipeline that is not; without acceleration both have the same weights."""
    stock = networks.make(size, where, dtype, tiny=tiny)
    pipeline = stock if faster == UNACCELERATED else accelerated(copy.deepcopy(stock), where, faster)
    sizing = BatchSizing(2 * most, meter=None if tiny else DeviceMeter())
    if size.family:
        words = TINY_WORDS if tiny else size.words
        flow = flow_bench.flowing(size.family(pipeline, words), where, dtype)
        return Contest(flow_bench.OneModel(flow), flow, flow_bench.StockFlow(size.family(stock, words)), sizing)
    spec = ModelSpec(flow_bench.NAME, flow_bench.NAME, width=side, height=side)
    model = loader.assembled(spec, Path(spec.source), pipeline, None, where, dtype)
    model.measure_frames()
    return Contest(flow_bench.OneModel(model), model, StockUNet(model, stock), sizing)


if __name__ == "__main__":
    main()
