"""Noise schedules that diffusers lacks, by their published definitions.

Noise levels are sigmas, the ratio of noise to signal. A level of training belongs to a whole timestep; between two, the
logarithm of sigma is interpolated, as in k-diffusion.
"""

from typing import Any

import numpy
import torch

from generation.settings import Schedule

Levels = numpy.ndarray[tuple[int], numpy.dtype[numpy.float64]]

ADDED = (Schedule.SGM_UNIFORM, Schedule.SIMPLE, Schedule.NORMAL, Schedule.KL_OPTIMAL)


def levels(schedule: Schedule, trained: Levels, steps: int) -> Levels:
    """The sigmas before each step and after the last, (steps + 1,), falling; `trained` are those of all training
    timesteps, rising.

    "Normal" has equally spaced timesteps from the last to the first (k-diffusion's `get_sigmas`); "SGM Uniform" spaces
    them by one more and leaves out the first (Stability's generative-models); "Simple" takes every n-th level of
    training (ComfyUI). After their last step no noise is left. "KL Optimal" interpolates the arcus tangent of sigma and
    ends at the lowest level of training (Sabour et al., arXiv 2404.14507, section 3.1).
    """
    last = len(trained) - 1
    match schedule:
        case Schedule.SGM_UNIFORM:
            return _to_zero(_at(numpy.linspace(last, 0, steps + 1)[:-1], trained))
        case Schedule.SIMPLE:
            return _to_zero(trained[last - (numpy.arange(steps) * (len(trained) / steps)).astype(int)])
        case Schedule.NORMAL:
            return _to_zero(_at(numpy.linspace(last, 0, steps), trained))
        case Schedule.KL_OPTIMAL:
            return numpy.tan(numpy.linspace(numpy.arctan(trained[-1]), numpy.arctan(trained[0]), steps + 1))
    raise ValueError(f"{schedule} is a schedule of diffusers")


def spread(scheduler: Any, schedule: Schedule, steps: int, device: torch.device) -> None:
    """Give a diffusers scheduler, whose timesteps are set, the noise levels of one of `ADDED`."""
    remaining = scheduler.alphas_cumprod.double().cpu().numpy()
    trained = numpy.sqrt((1 - remaining) / remaining)
    sigmas = levels(schedule, trained, steps)
    if type(scheduler).__name__ == "DEISMultistepScheduler":  # it takes the logarithm of the last level
        sigmas[-1] = max(sigmas[-1], trained[0])
    timesteps = numpy.interp(numpy.log(sigmas[:-1]), numpy.log(trained), numpy.arange(len(trained)))
    if scheduler.order == 2:  # Heun's second forward of a step is at the level of the next step
        sigmas = numpy.concatenate([sigmas[:1], sigmas[1:-1].repeat(2), sigmas[-1:]])
        timesteps = numpy.concatenate([timesteps[:1], timesteps[1:].repeat(2)])
    scheduler.sigmas = torch.from_numpy(sigmas).float()
    scheduler.timesteps = torch.from_numpy(timesteps).to(device, torch.float32)


def _at(timesteps: Levels, trained: Levels) -> Levels:
    return numpy.exp(numpy.interp(timesteps, numpy.arange(len(trained)), numpy.log(trained)))


def _to_zero(sigmas: Levels) -> Levels:
    return numpy.append(sigmas, 0.0)
