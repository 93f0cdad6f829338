"""Without an IP-Adapter a blend starts from halfway between its pictures."""

from dataclasses import replace

import pytest
import torch
from PIL import Image

from generation import images
from generation.engine.denoising.init_image import InitImage
from generation.engine.latents import noise
from generation.engine.scheduling.model_cache import ModelCache
from generation.jobs import Inputs
from generation.settings import GenerationSettings, Sampler
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.stock import Pixels

RED, BLUE, GREEN = (Image.new("RGB", (128, 128), colour) for colour in ("#d02010", "#1030c0", "#20a040"))


def drawn(cache: ModelCache, settings: GenerationSettings, *pictures: Image.Image) -> Pixels:
    inputs = Inputs(**dict(zip(("image", "second", "third"), map(images.as_png, pictures), strict=False)))
    return LoopDriver(cache).drawn(settings, inputs)


def test_every_picture_has_the_same_say_and_the_blend_is_no_paler() -> None:
    latents = [torch.zeros(1, 3, 1, 1).index_fill(1, torch.tensor(place), 2.0) for place in range(3)]
    between = noise.middle(latents)
    assert between.flatten().tolist() == pytest.approx([2 * 3**-0.5] * 3)
    assert torch.allclose(noise.middle([latents[0]] * 4), latents[0])


def test_the_blend_is_neither_of_its_pictures(cache: ModelCache, apple: GenerationSettings) -> None:
    settings = replace(apple, steps=8, denoising_strength=0.125, sampler=Sampler.DDIM)
    blend, red, blue = (drawn(cache, settings, *each) for each in ((RED, BLUE), (RED,), (BLUE,)))
    assert abs(blend - red).mean() > 20
    assert abs(blend - blue).mean() > 20
    assert abs(drawn(cache, settings, RED, BLUE, GREEN) - blend).mean() > 5


def test_what_is_heard_is_not_what_it_starts_from() -> None:
    """Further pictures of a blend go with the image prompt, where there is one."""
    inputs = Inputs(image=images.as_png(RED), image_prompt=images.as_png(BLUE), second=images.as_png(GREEN))
    init_image = InitImage.of(inputs, 64, 64, holes=False)
    assert init_image is not None
    assert init_image.blended == ()
    assert len(inputs.image_prompts) == 2
