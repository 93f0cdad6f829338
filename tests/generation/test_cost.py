import inspect

import diffusers
import pytest
import torch

from generation import cost
from generation.catalogue import POCKET
from generation.engine.denoising.samplers import scheduler_for
from generation.errors import InvalidSetting
from generation.settings import GenerationSettings, Sampler, Schedule

OPTIONS = {"use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas"}


def settings(**changes: object) -> GenerationSettings:
    values = {"prompt": "a fox", "seed": 1, "model": "pocket", "width": 64, "height": 64, **changes}
    return GenerationSettings(**values)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def trained_with() -> dict[str, object]:
    return dict(diffusers.DPMSolverMultistepScheduler.load_config(POCKET.source, subfolder="scheduler"))


@pytest.mark.parametrize(("sampler", "schedule"), [(each, kind) for each in Sampler for kind in each.schedules])
@pytest.mark.parametrize("steps", [1, 2, 3, 25])
def test_forwards_are_those_of_the_real_scheduler(
    trained_with: dict[str, object], sampler: Sampler, schedule: Schedule, steps: int
) -> None:
    scheduler = scheduler_for(sampler, trained_with, steps, torch.device("cpu"), schedule)
    assert cost.forwards(settings(sampler=sampler, schedule=schedule, steps=steps)) == len(scheduler.timesteps)


@pytest.mark.parametrize("sampler", [each for each in Sampler if each is not Sampler.OWN])
def test_a_schedule_is_offered_where_the_scheduler_has_it(trained_with: dict[str, object], sampler: Sampler) -> None:
    known = inspect.signature(type(scheduler_for(sampler, trained_with, 5, torch.device("cpu")))).parameters
    assert (set(sampler.schedules) == set(Schedule)) == (known.keys() >= OPTIONS)


@pytest.mark.parametrize("schedule", [Schedule.UNIFORM, Schedule.KARRAS, Schedule.EXPONENTIAL, Schedule.BETA])
def test_a_schedule_is_that_of_the_option_of_diffusers(trained_with: dict[str, object], schedule: Schedule) -> None:
    options = {name: name == f"use_{schedule.lower()}_sigmas" for name in OPTIONS}
    stock = diffusers.EulerDiscreteScheduler.from_config(trained_with, **options)
    stock.set_timesteps(12)
    ours = scheduler_for(Sampler.EULER, trained_with, 12, torch.device("cpu"), schedule)
    assert torch.equal(ours.sigmas, stock.sigmas)


def test_a_schedule_that_the_sampler_cannot_have_is_refused_with_what_it_can() -> None:
    with pytest.raises(InvalidSetting, match=r"DDIM can't use the Karras schedule, only: Automatic, Uniform"):
        settings(sampler=Sampler.DDIM, schedule=Schedule.KARRAS)


def test_rows_count_guidance_pictures_and_samplers() -> None:
    assert cost.rows(settings(steps=20, guidance_scale=1.0)) == 20
    assert cost.rows(settings(steps=20)) == 40
    assert cost.rows(settings(steps=20, count=3)) == 120
    assert cost.rows(settings(steps=20, guidance_start=0.25, guidance_end=0.75)) == 30
    assert cost.rows(settings(steps=20, sampler=Sampler.HEUN, guidance_end=0.5)) == 39 + 20


def test_what_starts_from_a_picture_is_charged_for_the_steps_that_it_takes() -> None:
    assert cost.charged(settings(steps=30, denoising_strength=0.3, count=2), of_picture=True) == 18
    assert cost.charged(settings(steps=30, denoising_strength=0.3, sampler=Sampler.HEUN), of_picture=True) == 18
    assert cost.charged(settings(steps=30, denoising_strength=0.0), of_picture=True) == 1
    assert cost.charged(settings(steps=30, denoising_strength=0.3)) == 30


def test_a_refinement_is_charged_too() -> None:
    assert cost.charged(settings(steps=20, hires_factor=2.0, hires_strength=0.5, count=2)) == 60


def test_each_part_of_a_prompt_is_charged_as_a_picture() -> None:
    plain, regions = settings(steps=10), settings(steps=10, prompt="<left: a fox> <right: a wolf>")
    assert (cost.charged(plain), cost.charged(regions)) == (10, 20)
    assert (cost.rows(plain), cost.rows(regions)) == (20, 30)
    assert cost.charged(settings(steps=10, prompt="[a fox:a fox AND a wolf:0.5]")) == 20
