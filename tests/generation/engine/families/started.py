"""A start picture and a mask for diffusers' pipelines that take neither: by their starting latents and callback."""

from collections.abc import Callable
from typing import Any

import numpy
import torch

from generation import cost
from generation.settings import GenerationSettings
from tests.generation.engine import given
from tests.generation.engine.families.flow import Flow


def pixels() -> torch.Tensor:
    """The start picture, (1, 3, 64, 64), from -1 to 1."""
    values = torch.from_numpy(numpy.array(given.picture(), dtype=numpy.float32))
    return values.permute(2, 0, 1)[None] / 127.5 - 1


def started(
    flow: Flow,
    settings: GenerationSettings,
    known: torch.Tensor,
    noise: torch.Tensor,
    tokens: Callable[[torch.Tensor], torch.Tensor],
    *,
    masked: bool = False,
) -> dict[str, Any]:
    """What the pipeline takes instead: the `known` latents of the start picture with the noise of the first level, the
    levels that are left, and with a mask what is laid over after each step; `tokens` gives latents the pipeline's form.
    """
    levels = flow.model.noise_levels(settings).sigmas
    steps, first = settings.steps, settings.steps - cost.steps_drawn(settings)
    size = known.shape[-2:]
    mask = torch.from_numpy(numpy.array(given.mask().resize((size[1], size[0]), 0), dtype=numpy.float32) / 255)
    drawn = tokens(mask.expand(known.shape))

    def after(pipeline: Any, index: int, timestep: Any, values: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        level = levels[first + index + 1]
        kept = tokens(level * noise + (1 - level) * known)
        return {"latents": (1 - drawn) * kept + drawn * values["latents"]} if masked else values

    return {
        "latents": levels[first] * noise + (1 - levels[first]) * known,
        "sigmas": numpy.linspace(1, 1 / steps, steps)[first:],
        "callback_on_step_end": after,
    }
