"""diffusers' schedulers as the step loop uses them: of noise prediction and of flow matching alike."""

from typing import Any

import torch

from generation.engine.denoising import flow_samplers, samplers
from generation.engine.denoising.predicted_x0 import FLOW, prediction_type
from generation.engine.models.batched_model import AnyBatchedModel
from generation.engine.models.flow_model import FlowModel
from generation.settings import GenerationSettings


def for_picture(model: AnyBatchedModel, settings: GenerationSettings) -> Any:
    """A fresh scheduler for one picture, with its timesteps set."""
    if isinstance(model, FlowModel):
        return flow_samplers.scheduler_for(settings.sampler, model.noise_levels(settings))
    return samplers.scheduler_for(
        settings.sampler, model.scheduler_config, settings.steps, model.device, settings.schedule
    )


def first_scale(scheduler: Any) -> float:
    """The standard deviation of the noise that denoising starts from."""
    scale: float = getattr(scheduler, "init_noise_sigma", 1.0)
    return scale


def scaled(scheduler: Any, latents: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
    """Latents as the network takes them at a timestep."""
    if not hasattr(scheduler, "scale_model_input"):
        return latents
    own: torch.Tensor = scheduler.scale_model_input(latents, timestep)
    return own


def noised(scheduler: Any, latents: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
    """Clean latents with the noise of a timestep, which is one of the scheduler's, (1,).

    For flow matching that is the straight line between both (Lipman et al., arXiv 2210.02747)."""
    if prediction_type(scheduler) != FLOW:
        mixed: torch.Tensor = scheduler.add_noise(latents, noise, timesteps)
        return mixed
    [index] = (scheduler.timesteps == timesteps[0]).nonzero()[0].tolist()
    sigma: torch.Tensor = scheduler.sigmas[index].to(latents)
    return sigma * noise + (1 - sigma) * latents
