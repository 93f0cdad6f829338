"""Every way to begin a picture, of every family in the batch, by every sampler that adds no noise of its own, at any
guidance and clip skip, alone and among seven strangers: the pixels of diffusers' own pipelines."""

from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy
import pytest
from diffusers import AutoPipelineForImage2Image, AutoPipelineForInpainting, AutoPipelineForText2Image

from generation.engine.scheduling.model_cache import ModelCache
from generation.jobs import Inputs
from generation.settings import GenerationSettings, Sampler
from tests.generation.engine.conftest import FAMILIES, NO_INPUTS, LoopDriver
from tests.generation.engine.given import KEPT, MASKED, PICTURE, WELL_INSIDE, mask, picture
from tests.generation.engine.stock import Stock
from tests.generation.engine.test_stock_pipeline import WITHOUT_NOISE

STRENGTH = 0.7


@dataclass(frozen=True)
class Way:
    """A way to begin a picture: of which model, from what, and what the stock pipeline for it is given."""

    model: str
    pipeline: Any
    given: dict[str, Any]
    inputs: Inputs


SIZE: dict[str, Any] = {"width": 64, "height": 64}
FROM_PICTURE = {"image": picture(), "strength": STRENGTH}
INSIDE = FROM_PICTURE | SIZE | {"mask_image": mask()}

ONE_TWO_XL = ["pocket", "two", "xl"]

WAYS = {
    **{f"{name}, text to image": Way(name, AutoPipelineForText2Image, SIZE, NO_INPUTS) for name in ONE_TWO_XL},
    **{f"{name}, image to image": Way(name, AutoPipelineForImage2Image, FROM_PICTURE, PICTURE) for name in ONE_TWO_XL},
    **{f"{name}, inpainting": Way(name, AutoPipelineForInpainting, INSIDE, MASKED) for name in FAMILIES},
}
"""The stock pipeline for inpainting refuses the shipped model, whose latents have eight channels."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("sampler", WITHOUT_NOISE)
def test_any_guidance_and_clip_skip_alone_and_among_seven_strangers(
    family_cache: ModelCache, stock: Stock, way: str, sampler: Sampler
) -> None:
    """The six are strangers to each other; two more, by other samplers, have gone a step ahead."""
    begun = WAYS[way]
    steps = 6 if begun.inputs.image else 4
    plain = GenerationSettings(
        "a fox", seed=0, model=begun.model, width=64, height=64, steps=steps, denoising_strength=STRENGTH
    )
    six = [
        replace(plain, seed=seed, prompt=f"{seed} cats", sampler=sampler, guidance_scale=scale, clip_skip=clip_skip)
        for seed, (scale, clip_skip) in enumerate(product([1.0, 5.0, 12.0], [1, 2]))
    ]
    crowd = LoopDriver(family_cache)
    for job_id, other in enumerate([Sampler.EULER_ANCESTRAL, Sampler.DDPM], start=len(six)):
        crowd.admit(job_id, replace(plain, seed=job_id, sampler=other, steps=job_id), begun.inputs)
    crowd.loop.step()
    for job_id, asked in enumerate(six):
        crowd.admit(job_id, asked, begun.inputs)
    crowd.run()
    compared = WELL_INSIDE if begun.inputs.mask else ...
    wanted = [stock.drawn(begun.pipeline, asked, **begun.given)[compared] for asked in six]
    assert numpy.std(wanted) > 5, "pictures that say something"
    for job_id, asked in enumerate(six):
        alone = LoopDriver(family_cache).drawn(asked, begun.inputs)
        among = crowd.pixels(job_id)
        assert abs(alone[compared] - wanted[job_id]).max() <= 1, asked
        assert abs(among[compared] - wanted[job_id]).max() <= 1, asked
        if begun.inputs.mask:
            assert (among[KEPT] == numpy.asarray(picture())[KEPT]).all()
