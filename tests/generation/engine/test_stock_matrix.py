"""Every way to begin a picture of Stable Diffusion 1.x, by every sampler that adds no noise of its own, at any guidance
and clip skip, alone and among seven strangers: the pixels of diffusers' own pipelines."""

from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy
import pytest
import torch
from diffusers import AutoPipelineForImage2Image, AutoPipelineForInpainting, AutoPipelineForText2Image

from generation import images
from generation.catalogue import POCKET, Catalogue, ModelSpec
from generation.engine.shelf import Shelf
from generation.jobs import Inputs
from generation.settings import GenerationSettings, Sampler
from tests.generation.engine import tiny
from tests.generation.engine.conftest import NO_INPUTS, LoopDriver
from tests.generation.engine.stock import Stock
from tests.generation.engine.test_families import drawn, mask, picture, pixels
from tests.generation.engine.test_stock_pipeline import WITHOUT_NOISE

STRENGTH = 0.7
PICTURE = images.as_png(picture())
MASK = images.as_png(mask())
WELL_INSIDE = slice(24, None), slice(24, None)
"""What the mask leaves to be drawn, without the soft edge by which ours goes over into the picture that is kept."""


@dataclass(frozen=True)
class Way:
    """A way to begin a picture: of which model, from what, and what the stock pipeline for it is given."""

    model: str
    pipeline: Any
    given: dict[str, Any]
    inputs: Inputs = NO_INPUTS


SIZE = {"width": 64, "height": 64}
FROM_PICTURE = {"image": picture(), "strength": STRENGTH}
INSIDE = FROM_PICTURE | SIZE | {"mask_image": mask()}

WAYS = {
    "text to image": Way("pocket", AutoPipelineForText2Image, SIZE),
    "image to image": Way("pocket", AutoPipelineForImage2Image, FROM_PICTURE, Inputs(PICTURE)),
    "inpainting": Way("tiny", AutoPipelineForInpainting, INSIDE, Inputs(PICTURE, MASK)),
    "an inpainting model": Way("nine", AutoPipelineForInpainting, INSIDE, Inputs(PICTURE, MASK)),
}
"""The stock pipeline for inpainting refuses the shipped model, whose latents have eight channels."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    made = tmp_path_factory.mktemp("models")
    return {
        "pocket": POCKET.source,
        "tiny": str(tiny.stable_diffusion_1(made / "tiny")),
        "nine": str(tiny.inpainting(made / "nine")),
    }


@pytest.fixture(scope="module")
def shelf(folders: dict[str, str]) -> Shelf:
    specs = [ModelSpec(name, source, width=64, height=64) for name, source in folders.items()]
    return Shelf(Catalogue(specs), torch.device("cpu"), torch.float32, room=len(specs))


@pytest.fixture(scope="module")
def stock(folders: dict[str, str]) -> Stock:
    return Stock(folders)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("sampler", WITHOUT_NOISE)
def test_any_guidance_and_clip_skip_alone_and_among_seven_strangers(
    shelf: Shelf, stock: Stock, way: str, sampler: Sampler
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
    crowd = LoopDriver(shelf)
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
        alone, among = drawn(LoopDriver(shelf), asked, begun.inputs), pixels(crowd.completed(job_id))
        assert abs(alone[compared] - wanted[job_id]).max() <= 1, asked
        assert abs(among[compared] - wanted[job_id]).max() <= 1, asked
