"""The predicted clean picture, for every sampler and prediction type."""

from typing import Any

import pytest
import torch

from generation.engine.denoising.predicted_x0 import level, predicted
from generation.engine.denoising.samplers import scheduler_for
from generation.settings import Sampler, Schedule

STEPS = 8
KINDS = ("epsilon", "v_prediction", "sample")
LATENTS = 1, 4, 4, 4


def scheduler(sampler: Sampler, kind: str, schedule: Schedule = Schedule.SAMPLER) -> Any:
    config = {
        "_class_name": "DDIMScheduler",
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "steps_offset": 1,
        "clip_sample": False,
        "prediction_type": kind,
    }
    return scheduler_for(sampler, config, STEPS, torch.device("cpu"), schedule)


def asked() -> list[tuple[Sampler, Schedule, str]]:
    spreads = [(sampler, schedule, "epsilon") for sampler in Sampler for schedule in sampler.schedules]
    kinds = [(sampler, Schedule.SAMPLER, kind) for sampler in Sampler for kind in KINDS[1:]]
    distilled = (Sampler.LCM, Sampler.TCD)
    return spreads + [each for each in kinds if each[0] not in distilled or each[2] != "sample"]


@pytest.mark.parametrize(("sampler", "schedule", "kind"), asked())
def test_a_perfect_prediction_points_at_the_picture_itself(sampler: Sampler, schedule: Schedule, kind: str) -> None:
    """diffusers' own schedulers mix picture and noise; a model that knows both is asked."""
    chance = torch.Generator().manual_seed(0)
    clean, noise = torch.randn(LATENTS, generator=chance), torch.randn(LATENTS, generator=chance)
    for index in range(len(scheduler(sampler, kind, schedule).timesteps)):
        mixing = scheduler(sampler, kind, schedule)
        if hasattr(mixing, "set_begin_index"):
            mixing.set_begin_index(index)
        timestep = mixing.timesteps[index : index + 1]
        latents = mixing.scale_model_input(mixing.add_noise(clean, noise, timestep), timestep[0])
        at = level(mixing, index)
        assert at.signal**2 + at.noise**2 == pytest.approx(1, abs=1e-4)
        knows = {"epsilon": noise, "v_prediction": at.signal * noise - at.noise * clean, "sample": clean}
        assert torch.allclose(predicted(latents, knows[kind], at, kind), clean, atol=2e-3), (index, at)


TELLING = (Sampler.EULER, Sampler.EULER_ANCESTRAL, Sampler.LMS, Sampler.DDIM, Sampler.DDPM)
"""Samplers whose schedulers tell the clean picture that they themselves find."""


@pytest.mark.parametrize("kind", KINDS[:2])
@pytest.mark.parametrize("sampler", TELLING)
def test_it_is_what_the_scheduler_itself_finds(sampler: Sampler, kind: str) -> None:
    chance, ours = torch.Generator().manual_seed(0), scheduler(sampler, kind)
    latents = torch.randn(LATENTS, generator=chance) * ours.init_noise_sigma
    for index, timestep in enumerate(ours.timesteps):
        prediction = torch.randn(LATENTS, generator=chance)
        given = ours.scale_model_input(latents, timestep)
        expected = predicted(given, prediction, level(ours, index), kind)
        step = ours.step(prediction, timestep, latents)
        assert torch.allclose(step.pred_original_sample, expected, atol=1e-3), index
        latents = step.prev_sample


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sampler", [Sampler.DPMPP_2M_KARRAS, Sampler.DPMPP_SDE_KARRAS, Sampler.UNIPC, Sampler.DEIS])
def test_it_is_what_multistep_schedulers_convert_predictions_to(sampler: Sampler, kind: str) -> None:
    chance, ours = torch.Generator().manual_seed(0), scheduler(sampler, kind)
    for index in range(len(ours.timesteps)):
        ours._step_index = index
        latents, prediction = torch.randn(LATENTS, generator=chance), torch.randn(LATENTS, generator=chance)
        expected = predicted(latents, prediction, level(ours, index), kind)
        found = ours.convert_model_output(prediction, sample=latents)
        if sampler is Sampler.DEIS:  # it goes on with the noise that belongs to the picture
            at = level(ours, index)
            found = (latents - at.noise * found) / at.signal
        assert torch.allclose(found, expected, atol=2e-3), index


def test_an_unknown_prediction_type_is_refused() -> None:
    with pytest.raises(ValueError, match="flow"):
        predicted(torch.zeros(1), torch.zeros(1), level(scheduler(Sampler.DDIM, "epsilon"), 0), "flow")
