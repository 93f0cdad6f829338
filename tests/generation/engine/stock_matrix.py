"""Pictures that are compared with diffusers' own pipelines: which settings, and how.

There are four factors: a way to begin (model and pipeline), the sampler, the guidance scale and the clip skip. All
their combinations would be twice as many as are needed to have every three values meet. `settings_of` gives each way
and guidance scale every sampler, and alternates the clip skip with the sum of their three positions. Whichever two of
the three positions are fixed, the third runs through even and odd numbers, so both clip skips occur; that and the full
product of the other three factors is three-wise coverage. `test_stock_matrix` counts it.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy
from diffusers import AutoPipelineForImage2Image, AutoPipelineForInpainting, AutoPipelineForText2Image

from generation.engine.scheduling.model_cache import ModelCache
from generation.jobs import Inputs
from generation.settings import GenerationSettings, Sampler
from tests.generation.engine.conftest import FAMILIES, NO_INPUTS, LoopDriver
from tests.generation.engine.given import KEPT, MASKED, PICTURE, WELL_INSIDE, mask, picture
from tests.generation.engine.stock import WITHOUT_NOISE, Stock

STRENGTH = 0.7
SCALES = (1.0, 5.0, 12.0)
CLIP_SKIPS = (1, 2)


@dataclass(frozen=True)
class Way:
    """A way to begin a picture: its model, the stock pipeline and that pipeline's arguments, and our job's inputs."""

    model: str
    pipeline: Any
    given: dict[str, Any]
    inputs: Inputs


SIZE: dict[str, Any] = {"width": 64, "height": 64}
FROM_PICTURE = {"image": picture(), "strength": STRENGTH}
INSIDE = FROM_PICTURE | SIZE | {"mask_image": mask()}

ONE_TWO_XL = ("pocket", "two", "xl")

TEXT_TO_IMAGE = {f"{name}, text to image": Way(name, AutoPipelineForText2Image, SIZE, NO_INPUTS) for name in ONE_TWO_XL}
IMAGE_TO_IMAGE = {
    f"{name}, image to image": Way(name, AutoPipelineForImage2Image, FROM_PICTURE, PICTURE) for name in ONE_TWO_XL
}
INPAINTING = {f"{name}, inpainting": Way(name, AutoPipelineForInpainting, INSIDE, MASKED) for name in FAMILIES}
"""The stock pipeline for inpainting refuses the shipped model, whose latents have eight channels."""

WAYS = TEXT_TO_IMAGE | IMAGE_TO_IMAGE | INPAINTING


def settings_of(way: str, scale: float) -> list[GenerationSettings]:
    """A picture by every sampler of `WITHOUT_NOISE`, each of another prompt and seed."""
    begun = WAYS[way]
    plain = GenerationSettings(
        "a fox",
        seed=0,
        model=begun.model,
        width=64,
        height=64,
        steps=6 if begun.inputs.image else 4,
        guidance_scale=scale,
        denoising_strength=STRENGTH,
    )
    position = list(WAYS).index(way) + SCALES.index(scale)
    return [
        replace(
            plain,
            seed=number,
            prompt=f"{number} cats",
            sampler=sampler,
            clip_skip=CLIP_SKIPS[(position + number) % len(CLIP_SKIPS)],
        )
        for number, sampler in enumerate(WITHOUT_NOISE)
    ]


def compare_with_stock(cache: ModelCache, stock: Stock, way: str, scale: float) -> None:
    """Draw the pictures of `settings_of` together, after two strangers have gone a step ahead, and compare each with
    the stock pipeline's. Draw every third alone too: another third at each guidance scale, so that each way's samplers
    all have their turn.
    """
    begun, pictures = WAYS[way], settings_of(way, scale)
    crowd = LoopDriver(cache)
    for job_id, other in enumerate([Sampler.EULER_ANCESTRAL, Sampler.DDPM], start=len(pictures)):
        crowd.admit(job_id, replace(pictures[0], seed=job_id, sampler=other), begun.inputs)
    crowd.loop.step()
    for job_id, asked in enumerate(pictures):
        crowd.admit(job_id, asked, begun.inputs)
    crowd.run()
    compared = WELL_INSIDE if begun.inputs.mask else ...
    wanted = [stock.drawn(begun.pipeline, asked, **begun.given)[compared] for asked in pictures]
    assert numpy.std(wanted) > 5, "pictures that say something"
    for job_id, asked in enumerate(pictures):
        among = crowd.pixels(job_id)
        assert abs(among[compared] - wanted[job_id]).max() <= 1, asked
        if begun.inputs.mask:
            assert (among[KEPT] == numpy.asarray(picture())[KEPT]).all()
        if job_id % len(SCALES) == SCALES.index(scale):
            alone = LoopDriver(cache).drawn(asked, begun.inputs)
            assert abs(alone[compared] - wanted[job_id]).max() <= 1, asked
