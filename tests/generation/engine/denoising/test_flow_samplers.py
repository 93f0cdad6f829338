"""Samplers on the noise levels of flow matching, against diffusers' schedulers stepped by hand."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers import (
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    FlowMatchHeunDiscreteScheduler,
    UniPCMultistepScheduler,
)

from generation.abilities import FLOW_SAMPLERS
from generation.settings import Sampler
from tests.generation.engine import given, tiny
from tests.generation.engine.families.flow import FOX, SAME, Flow

SHIFT = 3.0
STEPS = 6


@pytest.fixture(scope="module")
def shifted(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    """A model whose noise levels are shifted upwards."""
    pipeline = tiny.flux_pipeline()
    pipeline.register_modules(scheduler=FlowMatchEulerDiscreteScheduler(shift=SHIFT))
    return Flow(tmp_path_factory.mktemp("shifted"), pipeline, lambda settings: {})


def levels() -> torch.Tensor:
    """The noise levels of so many steps: even, and shifted (Esser et al., arXiv 2403.03206, equation 23)."""
    even = torch.arange(STEPS, 0, -1) / STEPS
    return SHIFT * even / (1 + (SHIFT - 1) * even)


def by_hand(kind: Any, **options: Any) -> Any:
    scheduler = kind(**options)
    scheduler.set_timesteps(STEPS)
    order = [0, *(each for step in range(1, STEPS) for each in [step] * scheduler.order)]
    scheduler.timesteps = 1000 * levels()[order]
    scheduler.sigmas = torch.cat([levels()[order], torch.zeros(1)]).clamp(max=1 - 1e-6)
    scheduler.set_begin_index(0)
    return scheduler


FLOW = {"prediction_type": "flow_prediction", "use_flow_sigmas": True}


@pytest.mark.parametrize(
    ("sampler", "kind", "options"),
    [
        (Sampler.EULER, FlowMatchEulerDiscreteScheduler, {}),
        (Sampler.HEUN, FlowMatchHeunDiscreteScheduler, {}),
        (Sampler.DPMPP_2M, DPMSolverMultistepScheduler, FLOW),
        (Sampler.UNIPC, UniPCMultistepScheduler, FLOW),
    ],
)
def test_pictures_are_those_of_diffusers_schedulers(
    shifted: Flow, sampler: Sampler, kind: Any, options: dict[str, Any]
) -> None:
    settings = replace(FOX, sampler=sampler, steps=STEPS)
    expected = shifted.stepped_by_hand(settings, by_hand(kind, **options))
    for drawn in (shifted.drawn(settings), shifted.drawn_among_others(settings)):
        assert abs(drawn - expected).max() <= SAME


def test_solvers_of_higher_order_come_closer_with_few_steps(shifted: Flow) -> None:
    exact = shifted.drawn(replace(FOX, sampler=Sampler.EULER, steps=100))
    euler, *others = (
        abs(shifted.drawn(replace(FOX, sampler=sampler, steps=STEPS)) - exact).mean()
        for sampler in (Sampler.EULER, Sampler.HEUN, Sampler.DPMPP_2M, Sampler.UNIPC)
    )
    assert max(others) < euler


@pytest.mark.parametrize("sampler", FLOW_SAMPLERS)
def test_a_start_picture_and_a_mask_with_every_sampler(shifted: Flow, sampler: Sampler) -> None:
    """At a low strength the picture hardly changes, and what the mask keeps stays."""
    settings = replace(FOX, sampler=sampler, steps=10, denoising_strength=0.1)
    picture = shifted.drawn(replace(settings, denoising_strength=0.1), given.PICTURE)
    assert picture.std() > 5
    masked = shifted.drawn(replace(settings, denoising_strength=0.9), given.MASKED)
    kept = torch.tensor(shifted.drawn(settings, given.MASKED) - masked)[given.KEPT]
    assert not kept.any()
