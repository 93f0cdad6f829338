"""diffusers' schedulers for models with the noise levels of EDM; see `generation.edm`."""

from typing import Any

from generation import edm
from generation.errors import SamplerUnsuitable
from generation.settings import Sampler, Schedule

_MULTISTEP = "EDMDPMSolverMultistepScheduler"
_SECOND_ORDER = {"solver_order": 2, "algorithm_type": "dpmsolver++"}
_RECIPES: dict[Sampler, tuple[str, dict[str, Any]]] = {
    Sampler.EULER: ("EDMEulerScheduler", {}),
    Sampler.DPMPP_2M: (_MULTISTEP, _SECOND_ORDER),
    Sampler.DPMPP_2M_KARRAS: (_MULTISTEP, _SECOND_ORDER | {"sigma_schedule": "karras"}),
    Sampler.DPMPP_2M_SDE_KARRAS: (
        _MULTISTEP,
        _SECOND_ORDER | {"algorithm_type": "sde-dpmsolver++", "sigma_schedule": "karras"},
    ),
}
"""The scheduler class of each sampler, and its options."""


def scheduler_for(sampler: Sampler, model_config: dict[str, Any], schedule: Schedule) -> Any:
    """A fresh scheduler without timesteps, for the `model_config` of an EDM scheduler.

    Raises `SamplerUnsuitable` for a sampler or schedule that isn't in `generation.edm`.
    """
    import diffusers

    if sampler not in edm.SAMPLERS or schedule not in edm.SCHEDULES:
        raise SamplerUnsuitable(f"{sampler} with the {schedule} schedule cannot follow the noise levels of EDM")
    if sampler is Sampler.OWN:
        return getattr(diffusers, model_config["_class_name"]).from_config(model_config)
    name, options = _RECIPES[sampler]
    if schedule is not Schedule.SAMPLER:
        options = options | {"sigma_schedule": schedule.lower()}
    return getattr(diffusers, name).from_config(_levels(model_config), **options)


def _levels(model_config: dict[str, Any]) -> dict[str, Any]:
    """The config in the terms of EDM's schedulers. diffusers' Euler with continuous timesteps has them for latents of
    standard deviation 1, under other names."""
    if model_config["_class_name"].startswith("EDM"):
        return model_config
    kinds = {"use_karras_sigmas": "karras", "use_exponential_sigmas": "exponential"}
    named = [kind for option, kind in kinds.items() if model_config.get(option)]
    return {
        "sigma_min": model_config["sigma_min"],
        "sigma_max": model_config["sigma_max"],
        "sigma_data": 1.0,
        "sigma_schedule": named[0] if named else "exponential",
        "prediction_type": model_config["prediction_type"],
    }
