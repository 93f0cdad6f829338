"""What diffusers' own pipelines draw for the same settings."""

from typing import Any

import numpy
import torch

from generation.engine.samplers import scheduler_for
from generation.settings import GenerationSettings

Pixels = numpy.ndarray[Any, Any]


@torch.inference_mode()
def drawn_as_it_comes(pipeline: Any, settings: GenerationSettings, **given: Any) -> Pixels:
    """The picture (height, width, 3), 0 to 255, by the pipeline's own scheduler; `given` is passed on to it."""
    pipeline.set_progress_bar_config(disable=True)
    image = pipeline(
        settings.prompt,
        num_inference_steps=settings.steps,
        guidance_scale=settings.guidance_scale,
        width=settings.width,
        height=settings.height,
        generator=torch.Generator("cpu").manual_seed(settings.seed),
        **given,
    ).images[0]
    return numpy.asarray(image, dtype=int)


def drawn_by_stock(pipeline: Any, settings: GenerationSettings, **given: Any) -> Pixels:
    """The same by the sampler that the settings name."""
    trained_with = dict(pipeline.scheduler.config)
    pipeline.scheduler = scheduler_for(settings.sampler, trained_with, settings.steps, torch.device("cpu"))
    return drawn_as_it_comes(pipeline, settings, **given)
