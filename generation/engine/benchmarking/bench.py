"""Benchmark: the step loop against the stock pipeline called job by job, with the same weights, dtype and threads.

Run as `noisefox bench`. All figures are ratios of times measured in one run, so that they hold on a slow or busy
machine too.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from statistics import median
from typing import Any

import numpy
import torch
from PIL import Image

from generation import cost, wire
from generation.catalogue import Catalogue
from generation.engine.benchmarking import flow_bench
from generation.engine.benchmarking.explain_bench import cost_to_others
from generation.engine.conditioning.text_encoders import Conditioning, together
from generation.engine.denoising.samplers import scheduler_for
from generation.engine.denoising.state import DenoisingState
from generation.engine.loop import StepLoop
from generation.engine.models import loader
from generation.engine.models.unet_model import UNetModel
from generation.engine.runtime import device, memory
from generation.engine.scheduling import dtype_trial
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.engine.scheduling.profiling import DeviceMeter, await_device
from generation.engine.worker import sizing_for
from generation.events import Completed, Event, Progress
from generation.jobs import Draw, Job
from generation.settings import GenerationSettings, PartialSettings, Sampler

JOBS = 16
SAMPLERS = (Sampler.EULER, Sampler.EULER_ANCESTRAL, Sampler.DPMPP_2M_KARRAS, Sampler.DDIM, Sampler.UNIPC)
REPEATS = 5
ROUNDS = 3
"""How often all jobs run, in turns by the step loop, the stock pipeline and the bare UNet, so that a change of the
machine's speed affects all three."""

ALONE_STEPS = 25

FLOAT32_FIGURES = (
    "pixel_max_diff",
    "throughput_ratio_float32",
    "throughput_ratio_to_float32",
    "pixel_max_diff_from_float32",
)


@dataclass
class Run:
    """Seconds of one run: in all, and until each job's first preview."""

    seconds: float = 0.0
    first_previews: dict[int, float] = field(default_factory=dict)
    pictures: dict[int, "numpy.ndarray[Any, Any]"] = field(default_factory=dict)
    forwards: list[int] = field(default_factory=list)
    """The rows of each forward."""

    @property
    def first_preview(self) -> float:
        """The median wait for the first preview, in seconds."""
        return median(self.first_previews.values())


def compare(cache: ModelCache, name: str, jobs: int = JOBS, sizing: BatchSizing | None = None) -> dict[str, Any]:
    """All figures, for `jobs` mixed jobs of one size. Without a `sizing`, the batch size is measured first, as a worker
    does once.

    Ratios compare runs in the worker's dtype, unless their names say float32. Pixels are compared with those of the
    stock pipeline in float32: `pixel_max_diff` is the largest difference of ours in float32,
    `pixel_max_diff_from_float32` that of ours in the worker's dtype.
    """
    model = cache.take(name, on_load=lambda share: None)
    mixed = list(mixed_jobs(model, jobs))
    sizing = sizing or BatchSizing(2 * jobs, meter=DeviceMeter())
    bare, ceilings, pairs = Bare(model, mixed[0]), [], []
    for ours, theirs in in_turns(cache, model, mixed, sizing, ROUNDS):
        pairs.append((ours, theirs))
        ceilings.append(useful(ours, mixed, model) * bare.seconds(ours.forwards) / ours.seconds)
    return {
        "throughput_ratio": median(theirs.seconds / ours.seconds for ours, theirs in pairs),
        "ceiling_fraction": median(ceilings),
        "first_preview_ratio": median(theirs.first_preview / ours.first_preview for ours, theirs in pairs),
        "single_job_overhead": _overhead(cache, bare, replace(mixed[0], steps=ALONE_STEPS), sizing),
        "preview_cost_fraction": _preview_seconds(model, mixed[0]) / bare.forward_seconds,
        "explain_cost_to_others": cost_to_others(cache, model, sizing),
        **_beside_float32(cache, model, mixed, sizing, pairs[-1]),
        "dtype": str(model.dtype).removeprefix("torch."),
        "device": model.device.type,
        "bucket": max(pairs[-1][0].forwards),
        "threads": torch.get_num_threads(),
        "jobs": jobs,
    }


def _beside_float32(
    cache: ModelCache, model: UNetModel, mixed: list[GenerationSettings], sizing: BatchSizing, drawn: tuple[Run, Run]
) -> dict[str, Any]:
    """Compare the runs in `drawn`, ours and the stock pipeline's, with runs in float32; None where memory is too
    small."""
    (ours, _), (precisely, precise) = drawn, drawn
    if model.dtype != torch.float32:
        in_float32 = cache.like_this(torch.float32)
        try:
            copy = in_float32.take(model.spec.name, lambda share: None)
            [(precisely, precise)] = in_turns(in_float32, copy, mixed, sizing, rounds=1)
        except memory.ERRORS as reason:
            if not memory.is_exhausted(reason):
                raise
            return dict.fromkeys(FLOAT32_FIGURES)
    return {
        "pixel_max_diff": most_apart(precisely, precise),
        "throughput_ratio_float32": precise.seconds / precisely.seconds,
        "throughput_ratio_to_float32": precise.seconds / ours.seconds,
        "pixel_max_diff_from_float32": most_apart(ours, precise),
    }


def in_turns(
    cache: ModelCache, model: UNetModel, mixed: list[GenerationSettings], sizing: BatchSizing, rounds: int
) -> Iterator[tuple[Run, Run]]:
    """For each round, our run and the stock pipeline's in the same dtype."""
    stock = stock_of(model)
    _warm_up(cache, mixed, stock, sizing)
    for _ in range(rounds):
        theirs = drawn_by_stock(stock, model, mixed)
        yield drawn_by_us(cache, mixed, sizing), theirs


def most_apart(one: Run, other: Run) -> int:
    """The largest difference of any pixel value, 0 to 255."""
    return max(int(abs(one.pictures[job_id] - other.pictures[job_id]).max()) for job_id in one.pictures)


def mixed_jobs(model: UNetModel, jobs: int) -> Iterator[GenerationSettings]:
    prompts = ("a red apple", "a cute fox", "a castle", "a blue rose")
    for i in range(jobs):
        chosen = PartialSettings(steps=15 + i, sampler=SAMPLERS[i % len(SAMPLERS)]).over(model.spec.preferred)
        if len(model.prompts.readers) > 1:
            chosen = replace(chosen, clip_skip=_own_clip_skip(model.pipeline))
        yield chosen.of(prompts[i % len(prompts)], seed=i)


def drawn_by_us(cache: ModelCache, mixed: list[GenerationSettings], sizing: BatchSizing) -> Run:
    run, started = Run(), time.perf_counter()
    unet = cache.take(mixed[0].model, on_load=lambda share: None).unet
    counting = unet.register_forward_pre_hook(lambda _, inputs: run.forwards.append(len(inputs[0])))

    def hear(event: Event) -> None:
        if isinstance(event, Progress):
            run.first_previews.setdefault(event.job_id, time.perf_counter() - started)
        if isinstance(event, Completed):
            image = Image.open(BytesIO(event.pictures[0].png))
            run.pictures[event.job_id] = numpy.asarray(image, dtype=int)

    loop = StepLoop(cache, hear, sizing)
    for job_id, settings in enumerate(mixed):
        loop.admit(Job(job_id, str(job_id), Draw(settings)))
    while not loop.idle:
        loop.step()
    run.seconds = time.perf_counter() - started
    counting.remove()
    return run


@torch.inference_mode()
def drawn_by_stock(stock: Any, model: UNetModel, mixed: list[GenerationSettings]) -> Run:
    """The same jobs, one after the other, by the stock pipeline."""
    run, started = Run(), time.perf_counter()
    for job_id, settings in enumerate(mixed):

        def preview(_: Any, step: int, timestep: Any, values: dict[str, Any], job_id: int = job_id) -> dict[str, Any]:
            run.first_previews.setdefault(job_id, time.perf_counter() - started)
            return values

        stock.scheduler = scheduler_for(settings.sampler, model.scheduler_config, settings.steps, model.device)
        image = stock(
            **_words(stock, settings),
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


def stock_of(model: UNetModel) -> Any:
    """The stock pipeline with the model's weights, read again, in the same dtype and on the same device."""
    pipeline = loader.pipeline_of(model.spec, model.weights, model.dtype).to(model.device)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _words(stock: Any, settings: GenerationSettings) -> dict[str, Any]:
    """The prompt arguments of the stock pipeline. For a clip skip other than its own, embeddings by its own encoder,
    since diffusers 0.42.1 can't skip layers of transformers 5."""
    if settings.clip_skip == _own_clip_skip(stock):
        return {"prompt": settings.prompt}
    prompt, negative = (_embeddings(stock, text, settings.clip_skip) for text in (settings.prompt, ""))
    return {"prompt_embeds": prompt, "negative_prompt_embeds": negative}


def _own_clip_skip(stock: Any) -> int:
    return 2 if hasattr(stock, "text_encoder_2") else 1


def _embeddings(stock: Any, text: str, clip_skip: int) -> torch.Tensor:
    """A text's embeddings by the text encoder of Stable Diffusion 1.x or 2.x, (1, tokens, width)."""
    tokenizer, encoder = stock.tokenizer, stock.text_encoder
    length = tokenizer.model_max_length
    tokens = tokenizer(text, padding="max_length", truncation=True, max_length=length, return_tensors="pt").input_ids
    layers = encoder(tokens.to(encoder.device), output_hidden_states=True).hidden_states
    embeddings: torch.Tensor = encoder.final_layer_norm(layers[-clip_skip])
    return embeddings


def _warm_up(cache: ModelCache, mixed: list[GenerationSettings], stock: Any, sizing: BatchSizing) -> None:
    """Run both once, so that kernels are chosen and the batch size is measured."""
    brief = replace(mixed[0], steps=2)
    drawn_by_us(cache, [replace(brief, seed=seed) for seed in range(len(mixed))], sizing)
    stock(brief.prompt, num_inference_steps=2, width=brief.width, height=brief.height)


class Bare:
    """The networks alone, with inputs prepared in advance."""

    def __init__(self, model: UNetModel, settings: GenerationSettings) -> None:
        self._model = model
        self._state = DenoisingState(model, settings)

    @torch.inference_mode()
    def seconds(self, forwards: list[int], *, decoded: bool = False) -> float:
        """Seconds of UNet forwards with these numbers of rows, and of decoding one picture if `decoded`."""
        works = {rows: self._forward(rows) for rows in {*forwards}}
        for work in works.values():
            work()
        await_device(self._model.device)
        started = time.perf_counter()
        for rows in forwards:
            works[rows]()
        if decoded:
            self._model.decode(self._state.result).cpu()
        await_device(self._model.device)
        return time.perf_counter() - started

    @property
    @torch.inference_mode()
    def forward_seconds(self) -> float:
        """Seconds of one forward for one guided picture."""
        return _timed(self._forward(len(self._state.prompts)), self._model.device)

    def _forward(self, rows: int) -> Callable[[], object]:
        model = self._model
        latents = self._state.input.repeat(rows, 1, 1, 1).to(model.dtype)
        timesteps = self._state.timestep.float().repeat(rows)
        prompt = self._state.prompts[-1]
        assert isinstance(prompt, Conditioning)
        conditioning = together([prompt] * rows)
        return lambda: model.unet(latents, timesteps, return_dict=False, **conditioning)


def _overhead(cache: ModelCache, bare: Bare, settings: GenerationSettings, sizing: BatchSizing) -> float:
    """The time of a job alone, divided by that of its networks: the median of several pairs in turns."""
    forwards = drawn_by_us(cache, [settings], sizing).forwards
    return median(
        drawn_by_us(cache, [settings], sizing).seconds / bare.seconds(forwards, decoded=True) for _ in range(REPEATS)
    )


def useful(run: Run, mixed: list[GenerationSettings], model: UNetModel) -> float:
    """The share of rows in a run's forwards that a picture needed; the others are padding."""
    guided = sum(cost.is_guided(each, step) for each in mixed for step in range(each.steps))
    needed = sum(each.steps for each in mixed) + (0 if model.embeds_guidance else guided)
    return needed / sum(run.forwards)


@torch.inference_mode()
def _preview_seconds(model: UNetModel, settings: GenerationSettings) -> float:
    latents = DenoisingState(model, settings).visible
    return _timed(lambda: model.preview(latents), model.device)


def _timed(work: Callable[[], object], device: torch.device) -> float:
    """Median seconds of several runs, after a warm-up."""
    work()
    seconds = []
    for _ in range(REPEATS):
        await_device(device)
        started = time.perf_counter()
        work()
        await_device(device)
        seconds.append(time.perf_counter() - started)
    return median(seconds)


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
    print(json.dumps(figures | flow_bench.compare(where, dtype, arguments.jobs)))


if __name__ == "__main__":
    main()
