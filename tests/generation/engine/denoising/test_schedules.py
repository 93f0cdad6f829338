"""Schedules that diffusers lacks, against values computed here from Stable Diffusion's betas."""

from dataclasses import replace
from typing import Any

import numpy
import pytest
import torch
from diffusers import StableDiffusionPipeline

from generation.engine.denoising.samplers import scheduler_for
from generation.engine.denoising.schedules import ADDED
from generation.engine.scheduling.model_cache import ModelCache
from generation.settings import GenerationSettings, Sampler, Schedule
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.stock import Stock, drawn_as_it_comes

CPU = torch.device("cpu")
TRAINED_WITH: dict[str, Any] = {
    "_class_name": "EulerDiscreteScheduler",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
    "timestep_spacing": "leading",
}
SAMPLERS = [sampler for sampler in Sampler if Schedule.KL_OPTIMAL in sampler.schedules]


def trained() -> list[float]:
    remaining, sigmas = 1.0, []
    for number in range(1000):
        beta = (0.00085**0.5 + (0.012**0.5 - 0.00085**0.5) * number / 999) ** 2
        remaining *= 1 - beta
        sigmas.append(((1 - remaining) / remaining) ** 0.5)
    return sigmas


def between(timestep: float, sigmas: list[float]) -> float:
    """k-diffusion's `t_to_sigma`."""
    low, share = int(timestep), timestep - int(timestep)
    return float(sigmas[low] ** (1 - share) * sigmas[min(low + 1, 999)] ** share)


def expected(schedule: Schedule, steps: int) -> list[float]:
    """The noise levels by the formulas of A1111's `sd_schedulers.py`, ComfyUI and the paper "Align Your Steps"."""
    sigmas = trained()
    match schedule:
        case Schedule.NORMAL:
            spaced = [999 * (1 - number / max(steps - 1, 1)) for number in range(steps)]
            return [*(between(timestep, sigmas) for timestep in spaced), 0.0]
        case Schedule.SGM_UNIFORM:
            spaced = [999 * (1 - number / steps) for number in range(steps)]
            return [*(between(timestep, sigmas) for timestep in spaced), 0.0]
        case Schedule.SIMPLE:
            return [*(sigmas[-(1 + int(number * 1000 / steps))] for number in range(steps)), 0.0]
    high, low = numpy.arctan(sigmas[-1]), numpy.arctan(sigmas[0])
    return [float(numpy.tan(n / steps * low + (1 - n / steps) * high)) for n in range(steps + 1)]


@pytest.mark.parametrize("schedule", ADDED)
@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("steps", [1, 7, 20])
def test_the_noise_levels_are_the_published_ones(sampler: Sampler, schedule: Schedule, steps: int) -> None:
    scheduler = scheduler_for(sampler, TRAINED_WITH, steps, CPU, schedule)
    sigmas, timesteps = scheduler.sigmas.tolist(), scheduler.timesteps.tolist()
    if sampler is Sampler.HEUN:
        assert sigmas[1:-1:2] == sigmas[2:-1:2]
        sigmas, timesteps = [*sigmas[:1], *sigmas[1:-1:2], sigmas[-1]], timesteps[:1] + timesteps[1::2]
    wanted = expected(schedule, steps)
    if sampler is Sampler.DEIS:
        wanted[-1] = trained()[0]
    assert sigmas == pytest.approx(wanted, rel=1e-3)
    assert [between(timestep, trained()) for timestep in timesteps] == pytest.approx(wanted[:-1], rel=1e-3)


def test_levels_that_are_known_from_elsewhere() -> None:
    """A1111 and ComfyUI give Stable Diffusion 1.x the levels 14.615 and 0.029 first and last."""
    normal = scheduler_for(Sampler.EULER, TRAINED_WITH, 10, CPU, Schedule.NORMAL)
    assert normal.sigmas[[0, -2]].tolist() == pytest.approx([14.6146, 0.0292], abs=1e-4)
    optimal = scheduler_for(Sampler.EULER, TRAINED_WITH, 10, CPU, Schedule.KL_OPTIMAL)
    assert optimal.sigmas[[0, -1]].tolist() == pytest.approx([14.6146, 0.0292], abs=1e-4)
    assert optimal.sigmas[5] == pytest.approx(numpy.tan((numpy.arctan(14.6146) + numpy.arctan(0.0292)) / 2), rel=1e-3)


@pytest.mark.parametrize("schedule", [each for each in ADDED if each is not Schedule.KL_OPTIMAL])
def test_the_stock_pipeline_given_these_levels_draws_the_same(
    stock: Stock, cache: ModelCache, apple: GenerationSettings, schedule: Schedule
) -> None:
    asked = replace(apple, sampler=Sampler.EULER, schedule=schedule)
    pipeline = stock.pipeline("pocket", StableDiffusionPipeline)
    pipeline.scheduler = scheduler_for(Sampler.EULER, pipeline.trained_with, asked.steps, CPU)
    wanted = drawn_as_it_comes(pipeline, asked, sigmas=expected(schedule, asked.steps))
    assert abs(LoopDriver(cache).drawn(asked) - wanted).max() <= 1


@pytest.mark.parametrize("schedule", ADDED)
def test_every_sampler_draws_a_sound_picture(
    tiny_cache: ModelCache, apple: GenerationSettings, schedule: Schedule
) -> None:
    driver = LoopDriver(tiny_cache)
    for job_id, sampler in enumerate(SAMPLERS):
        driver.admit(job_id, replace(apple, sampler=sampler, schedule=schedule, steps=20, guidance_scale=1.0))
    driver.run()
    euler = driver.pixels(SAMPLERS.index(Sampler.EULER))
    for job_id, sampler in enumerate(SAMPLERS):
        if sampler in (Sampler.DPMPP_2M, Sampler.HEUN, Sampler.LMS, Sampler.UNIPC, Sampler.DEIS):
            assert abs(driver.pixels(job_id) - euler).mean() < 4, sampler
