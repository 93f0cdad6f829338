"""DPM++ 3M SDE, against the algorithm of k-diffusion written out here."""

import math
from typing import Any

import pytest
import torch

from generation.engine.denoising.samplers import scheduler_for
from generation.settings import Sampler, Schedule

CPU = torch.device("cpu")
STEPS = 8
LATENTS = 1, 4, 4, 4
TRAINED_WITH: dict[str, Any] = {
    "_class_name": "EulerDiscreteScheduler",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
    "timestep_spacing": "leading",
}


def predicted(index: int, latents: torch.Tensor) -> torch.Tensor:
    """A clean picture that depends on the latents and on the step, for latents at unit noise."""
    return torch.tanh(latents) * (0.5 + 0.05 * index)


def by_k_diffusion(sigmas: list[float], start: torch.Tensor, noises: list[torch.Tensor]) -> torch.Tensor:
    """The latents after all steps, of variance 1 + sigma**2 before each."""
    x, before, steps = start, list[torch.Tensor](), list[float]()
    for i, noise in enumerate(noises):
        clean = predicted(i, x / (1 + sigmas[i] ** 2) ** 0.5)
        if sigmas[i + 1] == 0:
            x = clean
            continue
        h = math.log(sigmas[i] / sigmas[i + 1])
        x = math.exp(-2 * h) * x - math.expm1(-2 * h) * clean
        phi_2 = math.expm1(-2 * h) / (2 * h) + 1
        if len(before) >= 2:
            r0, r1 = steps[-1] / h, steps[-2] / h
            d1_0, d1_1 = (clean - before[-1]) / r0, (before[-1] - before[-2]) / r1
            d1 = d1_0 + (d1_0 - d1_1) * r0 / (r0 + r1)
            d2 = (d1_0 - d1_1) / (r0 + r1)
            x = x + phi_2 * d1 - (phi_2 / (2 * h) - 0.5) * d2
        elif before:
            x = x + phi_2 * (clean - before[-1]) / (steps[-1] / h)
        x = x + noise * sigmas[i + 1] * (-math.expm1(-2 * h)) ** 0.5
        before.append(clean)
        steps.append(h)
    return x


@pytest.mark.parametrize("schedule", [Schedule.SAMPLER, Schedule.KARRAS, Schedule.SGM_UNIFORM])
def test_it_takes_the_steps_of_k_diffusion(schedule: Schedule) -> None:
    scheduler = scheduler_for(Sampler.DPMPP_3M_SDE, TRAINED_WITH, STEPS, CPU, schedule)
    start = torch.randn(LATENTS, generator=torch.Generator().manual_seed(1))
    chance = torch.Generator().manual_seed(0)
    noises = [torch.randn(LATENTS, generator=chance).double() for _ in range(STEPS)]
    sigmas = scheduler.sigmas.tolist()
    wanted = by_k_diffusion(sigmas, start.double() * (1 + sigmas[0] ** 2) ** 0.5, noises)
    latents, chance = start, torch.Generator().manual_seed(0)
    for index, timestep in enumerate(scheduler.timesteps):
        sigma = sigmas[index]
        clean = predicted(index, latents)
        noise = (latents * (1 + sigma**2) ** 0.5 - clean) / sigma
        latents = scheduler.step(noise, timestep, latents, generator=chance, return_dict=False)[0]
    assert torch.allclose(latents.double(), wanted, atol=1e-3)


def test_its_own_schedule_is_exponential() -> None:
    own, exponential = (
        scheduler_for(Sampler.DPMPP_3M_SDE, TRAINED_WITH, STEPS, CPU, schedule).sigmas
        for schedule in (Schedule.SAMPLER, Schedule.EXPONENTIAL)
    )
    assert torch.equal(own, exponential)
