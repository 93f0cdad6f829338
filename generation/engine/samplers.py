"""Samplers by the names users know, as diffusers' schedulers. Each picture gets a scheduler object of its own."""

import inspect
from dataclasses import dataclass, field
from typing import Any

import diffusers
import torch

from generation.settings import Sampler


@dataclass(frozen=True)
class _Recipe:
    scheduler: str
    options: dict[str, Any] = field(default_factory=dict)


_RECIPES = {
    Sampler.EULER: _Recipe("EulerDiscreteScheduler", {"use_karras_sigmas": False}),
    Sampler.EULER_ANCESTRAL: _Recipe("EulerAncestralDiscreteScheduler"),
    Sampler.DPMPP_2M_KARRAS: _Recipe(
        "DPMSolverMultistepScheduler",
        {"algorithm_type": "dpmsolver++", "solver_order": 2, "use_karras_sigmas": True},
    ),
    Sampler.DDIM: _Recipe("DDIMScheduler"),
    Sampler.UNIPC: _Recipe("UniPCMultistepScheduler", {"use_karras_sigmas": False}),
}


def scheduler_for(sampler: Sampler, model_config: dict[str, Any], steps: int, device: torch.device) -> Any:
    """A fresh diffusers scheduler with its timesteps set.

    `model_config` is the configuration of the model's own scheduler: it knows the noise schedule and what the
    UNet predicts, which hold for every sampler.
    """
    recipe = _RECIPES[sampler]
    scheduler = getattr(diffusers, recipe.scheduler).from_config(model_config, **recipe.options)
    scheduler.set_timesteps(steps, device=device)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(0)
    return scheduler


def takes_generator(scheduler: Any) -> bool:
    """True where the sampler may add noise of its own at each step."""
    return "generator" in inspect.signature(scheduler.step).parameters
