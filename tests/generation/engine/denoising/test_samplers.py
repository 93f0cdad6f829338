"""Samplers as diffusers' schedulers, whatever the config of the model's own scheduler says."""

from typing import Any

import pytest
import torch

from generation.engine.denoising.samplers import scheduler_for
from generation.settings import Sampler, Schedule

CPU = torch.device("cpu")
STEPS = 8
OPTIONS = ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas")
TRAINED_WITH: dict[str, Any] = {
    "_class_name": "EulerDiscreteScheduler",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
    "timestep_spacing": "leading",
}


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("sampler", [each for each in Sampler if each is not Sampler.OWN])
def test_a_sampler_keeps_its_own_schedule_where_the_model_names_another(sampler: Sampler, option: str) -> None:
    for schedule in sampler.schedules:
        usual = scheduler_for(sampler, TRAINED_WITH, STEPS, CPU, schedule)
        ours = scheduler_for(sampler, TRAINED_WITH | {option: True}, STEPS, CPU, schedule)
        assert torch.equal(ours.timesteps, usual.timesteps)
        if getattr(usual, "sigmas", None) is not None:
            assert torch.equal(ours.sigmas, usual.sigmas)


@pytest.mark.parametrize("option", OPTIONS)
def test_the_model_s_own_scheduler_keeps_the_model_s_schedule(option: str) -> None:
    own = scheduler_for(Sampler.OWN, TRAINED_WITH | {option: True}, STEPS, CPU)
    named = Schedule(option.removeprefix("use_").removesuffix("_sigmas").capitalize())
    assert torch.equal(own.sigmas, scheduler_for(Sampler.EULER, TRAINED_WITH, STEPS, CPU, named).sigmas)
