"""Samplers for flow matching, as diffusers' schedulers on a family's own noise levels."""

from collections.abc import Mapping
from typing import Any

import torch

from generation.engine.families.family import NoiseLevels
from generation.settings import Sampler

ALMOST_NOISE = 1 - 1e-6
"""The highest noise level of solvers that work with the logarithm of the signal, of which pure noise has none."""

_MULTISTEP: Mapping[Sampler, tuple[str, dict[str, Any]]] = {
    Sampler.DPMPP_2M: ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++", "solver_order": 2}),
    Sampler.UNIPC: ("UniPCMultistepScheduler", {"solver_order": 2}),
}
_FLOW = {"prediction_type": "flow_prediction", "use_flow_sigmas": True}


def scheduler_for(sampler: Sampler, levels: NoiseLevels) -> Any:
    """A fresh scheduler that goes through the noise levels of a picture, for one of `abilities.FLOW_SAMPLERS`. The
    model's own is Euler, with the options of its scheduler's config.

    Heun takes two forwards a step, but for the last (Karras et al., arXiv 2206.00364, algorithm 1); DPM++ 2M is Lu et
    al., arXiv 2211.01095, UniPC Zhao et al., arXiv 2302.04867.
    """
    import diffusers

    if sampler in (Sampler.OWN, Sampler.EULER):
        scheduler = levels.scheduler
    elif sampler is Sampler.HEUN:
        scheduler = diffusers.FlowMatchHeunDiscreteScheduler()
        scheduler.set_timesteps(levels.steps, device=levels.timesteps.device)
        scheduler.timesteps, scheduler.sigmas = _twice(levels.timesteps), _twice(levels.sigmas[:-1], levels.sigmas[-1:])
    else:
        kind, options = _MULTISTEP[sampler]
        scheduler = getattr(diffusers, kind)(**options, **_FLOW)
        scheduler.set_timesteps(levels.steps, device=levels.timesteps.device)
        scheduler.timesteps, scheduler.sigmas = levels.timesteps, levels.sigmas.clamp(max=ALMOST_NOISE)
    scheduler.set_begin_index(0)
    return scheduler


def _twice(levels: torch.Tensor, *ending: torch.Tensor) -> torch.Tensor:
    """Each level twice, but the first once."""
    return torch.cat([levels[:1], levels[1:].repeat_interleave(2), *ending])
