"""Stable Diffusion 2.x and XL: the pixels of diffusers' own pipelines, alone and among strangers."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy
import pytest
import torch
from diffusers import AutoPipelineForImage2Image, AutoPipelineForInpainting, AutoPipelineForText2Image
from PIL import Image, ImageDraw

from generation import images
from generation.catalogue import Catalogue, ModelSpec
from generation.engine import families
from generation.engine.shelf import Shelf
from generation.events import Completed
from generation.jobs import Inputs
from generation.settings import GenerationSettings, Sampler
from tests.generation.engine import tiny
from tests.generation.engine.conftest import NO_INPUTS, LoopDriver
from tests.generation.engine.stock import Pixels, Stock
from tests.generation.engine.test_stock_pipeline import ONE_PATH

FAMILIES = {"two": tiny.stable_diffusion_2, "xl": tiny.stable_diffusion_xl, "xl inpainting": tiny.inpainting_xl}
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    made = tmp_path_factory.mktemp("models")
    specs = [ModelSpec(name, str(make(made / name)), width=64, height=64) for name, make in FAMILIES.items()]
    return Shelf(Catalogue(specs), CPU, torch.float32, room=len(specs))


@pytest.fixture(scope="module")
def stock(shelf: Shelf) -> Stock:
    return Stock({name: shelf.take(name, lambda share: None).spec.source for name in FAMILIES})


@pytest.fixture
def fox() -> GenerationSettings:
    """At Stable Diffusion XL's own clip skip."""
    return GenerationSettings(
        "a fox", seed=3, model="xl", width=64, height=64, steps=6, guidance_scale=5.0, clip_skip=2
    )


def drawn(driver: LoopDriver, settings: GenerationSettings, inputs: Inputs = NO_INPUTS) -> Pixels:
    driver.admit(1, settings, inputs)
    driver.run()
    return pixels(driver.completed(1))


def pixels(completed: Completed) -> Pixels:
    return numpy.asarray(Image.open(BytesIO(completed.pictures[0].png)), dtype=int)


def picture() -> Image.Image:
    image = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(image).ellipse((12, 12, 50, 50), fill="#c03020")
    return image


def mask() -> Image.Image:
    drawn_anew = Image.new("L", (64, 64), 0)
    drawn_anew.paste(255, (16, 16, 64, 64))
    return drawn_anew


@pytest.mark.parametrize("model", ["two", "xl"])
@pytest.mark.parametrize("sampler", ONE_PATH)
@pytest.mark.parametrize("guidance_scale", [1.0, 12.0])
def test_both_ends_of_guidance_by_every_sampler_without_noise_of_its_own(
    shelf: Shelf, stock: Stock, fox: GenerationSettings, model: str, sampler: Sampler, guidance_scale: float
) -> None:
    asked = replace(fox, model=model, sampler=sampler, guidance_scale=guidance_scale)
    wanted = stock.drawn(AutoPipelineForText2Image, asked, width=64, height=64)
    assert wanted.std() > 5, "a picture that says something"
    assert abs(drawn(LoopDriver(shelf), asked) - wanted).max() <= 1


@pytest.mark.parametrize("model", ["two", "xl"])
@pytest.mark.parametrize("sampler", Sampler)
def test_every_sampler_alone_and_among_strangers(
    shelf: Shelf, stock: Stock, fox: GenerationSettings, model: str, sampler: Sampler
) -> None:
    asked = replace(fox, model=model, sampler=sampler)
    wanted = stock.drawn(AutoPipelineForText2Image, asked, width=64, height=64)
    assert wanted.std() > 5, "a picture that says something"
    assert abs(drawn(LoopDriver(shelf), asked) - wanted).max() <= 1
    crowd = LoopDriver(shelf)
    for stranger in range(2, 9):
        other = replace(asked, prompt=f"{stranger} cats", seed=stranger, steps=1 + stranger % 4, sampler=Sampler.EULER)
        crowd.admit(stranger, other)
    crowd.loop.step()
    assert abs(drawn(crowd, asked) - wanted).max() <= 1


@pytest.mark.parametrize("model", ["two", "xl"])
@pytest.mark.parametrize(
    "changes",
    [
        {"clip_skip": 1},
        {"guidance_scale": 1.0},
        {"guidance_scale": 12.0},
        {"negative_prompt": "green"},
        {"guidance_rescale": 0.7},
        {"width": 96, "height": 64},
    ],
    ids=str,
)
def test_other_settings_agree_too(
    shelf: Shelf, stock: Stock, fox: GenerationSettings, model: str, changes: dict[str, Any]
) -> None:
    asked = replace(fox, model=model, sampler=Sampler.DDIM, **changes)
    size: dict[str, Any] = {"width": asked.width, "height": asked.height}
    assert abs(drawn(LoopDriver(shelf), asked) - stock.drawn(AutoPipelineForText2Image, asked, **size)).max() <= 1


@pytest.mark.parametrize(("model", "clip_skip"), [("two", 1), ("xl", 2)])
@pytest.mark.parametrize("negative", ["", "green"])
def test_plain_words_are_read_as_the_stock_pipeline_reads_them(
    shelf: Shelf, stock: Stock, fox: GenerationSettings, model: str, clip_skip: int, negative: str
) -> None:
    asked = replace(fox, model=model, clip_skip=clip_skip, negative_prompt=negative)
    wanted = stock.drawn(AutoPipelineForText2Image, asked, embed=False, width=64, height=64)
    assert abs(drawn(LoopDriver(shelf), asked) - wanted).max() <= 1


@pytest.mark.parametrize("model", ["two", "xl"])
@pytest.mark.parametrize("sampler", [Sampler.EULER, Sampler.DDIM, Sampler.DPMPP_2M_KARRAS, Sampler.UNIPC])
def test_image_to_image(shelf: Shelf, stock: Stock, fox: GenerationSettings, model: str, sampler: Sampler) -> None:
    asked = replace(fox, model=model, sampler=sampler, steps=8, denoising_strength=0.6)
    wanted = stock.drawn(AutoPipelineForImage2Image, asked, image=picture(), strength=0.6)
    assert abs(drawn(LoopDriver(shelf), asked, Inputs(images.as_png(picture()))) - wanted).max() <= 1


@pytest.mark.parametrize(
    ("model", "strength"), [("two", 0.6), ("xl", 0.6), ("xl inpainting", 0.6), ("xl inpainting", 1.0)]
)
@pytest.mark.parametrize("sampler", [Sampler.EULER, Sampler.DDIM])
def test_inpainting(
    shelf: Shelf, stock: Stock, fox: GenerationSettings, model: str, strength: float, sampler: Sampler
) -> None:
    asked = replace(fox, model=model, sampler=sampler, steps=8, denoising_strength=strength)
    given: dict[str, Any] = {"image": picture(), "mask_image": mask(), "width": 64, "height": 64, "strength": strength}
    wanted = stock.drawn(AutoPipelineForInpainting, asked, **given)
    ours = drawn(LoopDriver(shelf), asked, Inputs(images.as_png(picture()), images.as_png(mask())))
    assert abs(ours[24:, 24:] - wanted[24:, 24:]).max() <= 1
    assert (ours[:16] == numpy.asarray(picture())[:16]).all()


@pytest.mark.parametrize("model", ["two", "xl"])
@pytest.mark.parametrize("scale", [1.0, 12.0])
def test_image_to_image_at_the_ends_of_guidance(
    shelf: Shelf, stock: Stock, fox: GenerationSettings, model: str, scale: float
) -> None:
    asked = replace(fox, model=model, sampler=Sampler.DDIM, steps=8, denoising_strength=0.6, guidance_scale=scale)
    wanted = stock.drawn(AutoPipelineForImage2Image, asked, image=picture(), strength=0.6)
    assert abs(drawn(LoopDriver(shelf), asked, Inputs(images.as_png(picture()))) - wanted).max() <= 1


@pytest.mark.parametrize(("model", "strength"), [("two", 0.6), ("xl", 0.6), ("xl inpainting", 1.0)])
@pytest.mark.parametrize("scale", [1.0, 5.0, 12.0])
def test_inpainting_at_the_ends_of_guidance_alone_and_among_strangers(
    shelf: Shelf, stock: Stock, fox: GenerationSettings, model: str, strength: float, scale: float
) -> None:
    asked = replace(fox, model=model, sampler=Sampler.EULER, steps=8, denoising_strength=strength, guidance_scale=scale)
    given: dict[str, Any] = {"image": picture(), "mask_image": mask(), "width": 64, "height": 64, "strength": strength}
    wanted, inside = stock.drawn(AutoPipelineForInpainting, asked, **given), (slice(24, None), slice(24, None))
    inputs = Inputs(images.as_png(picture()), images.as_png(mask()))
    assert abs(drawn(LoopDriver(shelf), asked, inputs)[inside] - wanted[inside]).max() <= 1
    crowd = LoopDriver(shelf)
    for stranger in range(2, 9):
        other = replace(asked, prompt=f"{stranger} cats", seed=stranger, steps=3 + stranger % 4, sampler=Sampler.DDIM)
        crowd.admit(stranger, other, inputs if stranger % 2 else NO_INPUTS)
    crowd.loop.step()
    among = drawn(crowd, asked, inputs)
    assert abs(among[inside] - wanted[inside]).max() <= 1
    assert (among[:16] == numpy.asarray(picture())[:16]).all()


def test_a_refinement_is_told_its_own_size(shelf: Shelf, fox: GenerationSettings) -> None:
    model = shelf.take("xl", lambda share: None)
    with_prompt, without = model.listen(replace(fox, hires_factor=1.5).refinement)
    assert with_prompt.added["time_ids"].tolist() == [[96, 96, 0, 0, 96, 96]]
    assert without.added.keys() == with_prompt.added.keys() == {"text_embeds", "time_ids"}
    wide, _ = model.listen(replace(fox, width=128))
    assert wide.added["time_ids"].tolist() == [[64, 128, 0, 0, 64, 128]]


def test_long_prompts_are_read_to_their_end_by_both_encoders(shelf: Shelf, fox: GenerationSettings) -> None:
    long = "a red apple " + "very " * 60
    blue, yellow = (drawn(LoopDriver(shelf), replace(fox, prompt=long + colour)) for colour in ("blue", "yellow"))
    assert abs(blue - yellow).max() > 1


def test_an_autoencoder_that_half_precision_breaks_stays_in_float32(shelf: Shelf, fox: GenerationSettings) -> None:
    source = shelf.take("xl", lambda share: None).spec.source
    half = Shelf(Catalogue([ModelSpec("xl", source, width=64, height=64)]), CPU, torch.float16).take(
        "xl", lambda share: None
    )
    assert (half.unet.dtype, half.vae.dtype) == (torch.float16, torch.float32)
    latents = torch.zeros((1, 4, 8, 8), dtype=torch.float16)
    with torch.inference_mode():
        assert half.decode(latents).shape == (1, 64, 64, 3)
        assert half.encode(torch.zeros((1, 3, 64, 64))).latents(torch.Generator()).dtype == torch.float32


def test_statistics_of_the_latents_are_heeded(shelf: Shelf) -> None:
    model = shelf.take("xl", lambda share: None)
    config = {**model.vae.config, "latents_mean": [0.1, 0.2, 0.3, 0.4], "latents_std": [1.0, 2.0, 3.0, 4.0]}
    latents = torch.randn((1, 4, 2, 2), generator=torch.Generator().manual_seed(0))
    own = families.unscaled(latents, type("Config", (), config))
    assert torch.allclose(own[0, 1], latents[0, 1] * 2.0 / config["scaling_factor"] + 0.2)
    assert torch.allclose(families.scaled(own, type("Config", (), config)), latents, atol=1e-5)
