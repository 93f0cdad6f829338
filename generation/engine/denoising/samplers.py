"""Samplers by the names users know, as diffusers' schedulers. Each picture has its own scheduler object."""

import inspect
from dataclasses import dataclass, field
from typing import Any

import torch

from generation import sources
from generation.engine.denoising import dpmpp_3m_sde, edm_schedulers, schedules, zero_snr
from generation.settings import Sampler, Schedule


@dataclass(frozen=True)
class _Recipe:
    """A scheduler class of diffusers or our own, and options that replace those of the model's own scheduler config."""

    scheduler: str
    options: dict[str, Any] = field(default_factory=dict)
    schedule: Schedule = Schedule.UNIFORM
    """Its own schedule."""


_SECOND_ORDER = {"algorithm_type": "dpmsolver++", "solver_order": 2}
_STOCHASTIC = {"algorithm_type": "sde-dpmsolver++", "solver_order": 2}
_UNCLIPPED = {"clip_sample": False}
"""Off, since clipping to -1..1 is for pixels; latents have larger values."""

_RECIPES = {
    Sampler.EULER: _Recipe("EulerDiscreteScheduler"),
    Sampler.EULER_ANCESTRAL: _Recipe("EulerAncestralDiscreteScheduler"),
    Sampler.DPMPP_2M: _Recipe("DPMSolverMultistepScheduler", _SECOND_ORDER),
    Sampler.DPMPP_2M_KARRAS: _Recipe("DPMSolverMultistepScheduler", _SECOND_ORDER, Schedule.KARRAS),
    Sampler.DPMPP_2M_SDE_KARRAS: _Recipe("DPMSolverMultistepScheduler", _STOCHASTIC, Schedule.KARRAS),
    Sampler.DPMPP_SDE_KARRAS: _Recipe("DPMSolverSinglestepScheduler", _STOCHASTIC, Schedule.KARRAS),
    Sampler.DPMPP_3M_SDE: _Recipe(dpmpp_3m_sde.NAME, dpmpp_3m_sde.OPTIONS, Schedule.EXPONENTIAL),
    Sampler.HEUN: _Recipe("HeunDiscreteScheduler"),
    Sampler.LMS: _Recipe("LMSDiscreteScheduler"),
    Sampler.DDIM: _Recipe("DDIMScheduler", {"set_alpha_to_one": False} | _UNCLIPPED),
    Sampler.DDPM: _Recipe("DDPMScheduler", _UNCLIPPED),
    Sampler.PLMS: _Recipe("PNDMScheduler", {"skip_prk_steps": True}),
    Sampler.UNIPC: _Recipe("UniPCMultistepScheduler"),
    Sampler.DEIS: _Recipe("DEISMultistepScheduler", {"algorithm_type": "deis", "solver_order": 2}),
    Sampler.LCM: _Recipe("LCMScheduler", _UNCLIPPED),
    Sampler.TCD: _Recipe("TCDScheduler", _UNCLIPPED),
}


_SIGMAS = {
    Schedule.KARRAS: "use_karras_sigmas",
    Schedule.EXPONENTIAL: "use_exponential_sigmas",
    Schedule.BETA: "use_beta_sigmas",
}
"""The scheduler option of each sigma schedule; at most one may be on."""


def scheduler_for(
    sampler: Sampler,
    model_config: dict[str, Any],
    steps: int,
    device: torch.device,
    schedule: Schedule = Schedule.SAMPLER,
) -> Any:
    """A fresh diffusers scheduler with its timesteps set; `schedule` is one of the sampler's `schedules`.

    `model_config` is the config of the model's own scheduler: its betas and prediction type hold for every sampler.
    Raises `SamplerUnsuitable` where the sampler cannot follow the model's noise levels.
    """
    if sources.has_edm_levels(model_config):
        scheduler = edm_schedulers.scheduler_for(sampler, model_config, schedule)
    else:
        scheduler = _scheduler_with_betas(sampler, model_config, schedule)
    scheduler.set_timesteps(steps, device=device)
    if schedule in schedules.ADDED:
        schedules.spread(scheduler, schedule, steps, device)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(0)
    return scheduler


def _scheduler_with_betas(sampler: Sampler, model_config: dict[str, Any], schedule: Schedule) -> Any:
    import diffusers

    recipe = _Recipe(model_config["_class_name"]) if sampler is Sampler.OWN else _RECIPES[sampler]
    options = recipe.options | zero_snr.options(model_config)
    if sampler is not Sampler.OWN:
        chosen = recipe.schedule if schedule is Schedule.SAMPLER else schedule
        options |= {option: each is chosen for each, option in _SIGMAS.items()}
    if schedule is Schedule.KL_OPTIMAL:
        options |= {"final_sigmas_type": "sigma_min"}
    own = recipe.scheduler == dpmpp_3m_sde.NAME
    kind = dpmpp_3m_sde.scheduler_class() if own else getattr(diffusers, recipe.scheduler)
    return kind.from_config(model_config, **options)


def takes_generator(scheduler: Any) -> bool:
    """True where the sampler may add noise of its own at each step."""
    return "generator" in inspect.signature(scheduler.step).parameters
