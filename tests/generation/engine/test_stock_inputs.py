"""Pictures that start from pictures are those of diffusers' own image-to-image and inpainting pipelines."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy
import pytest
from diffusers import AutoPipelineForInpainting, StableDiffusionImg2ImgPipeline
from PIL import Image, ImageDraw, ImageFilter

from generation import images, infotext, outpainting
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.events import Progress
from generation.jobs import Inputs
from generation.outpainting import Direction
from generation.settings import GenerationSettings, Sampler
from tests.generation.engine.conftest import LoopDriver, pixels
from tests.generation.engine.stock import OTHERS, Stock

REPAINTED = (48, 48, 128, 128)
"""The box that the mask leaves to be drawn."""


def picture(width: int = 128, height: int = 128) -> Image.Image:
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((width // 5, height // 5, width * 4 // 5, height * 4 // 5), fill="#c03020")
    draw.rectangle((width // 2 - 3, 5, width // 2 + 3, height // 4), fill="#305010")
    return image


def mask() -> Image.Image:
    drawn = Image.new("L", (128, 128), 0)
    drawn.paste(255, REPAINTED)
    return drawn


@pytest.fixture
def apple(apple: GenerationSettings) -> GenerationSettings:
    """Of the size of the pictures here."""
    return replace(apple, width=128, height=128)


@pytest.mark.parametrize("sampler", OTHERS)
def test_image_to_image_with_the_other_samplers(
    family_cache: ModelCache, stock: Stock, apple: GenerationSettings, sampler: Sampler
) -> None:
    settings = replace(apple, sampler=sampler, steps=10, denoising_strength=0.6)
    drawn = LoopDriver(family_cache).drawn(settings, Inputs(images.as_png(picture())))
    expected = stock.drawn(StableDiffusionImg2ImgPipeline, settings, embed=False, image=picture(), strength=0.6)
    assert abs(drawn - expected).max() <= 1


@pytest.mark.parametrize("model", ["pocket", "tiny"])
@pytest.mark.parametrize("strength", [0.3, 0.75, 1.0])
def test_image_to_image_at_every_strength(
    family_cache: ModelCache, stock: Stock, apple: GenerationSettings, model: str, strength: float
) -> None:
    settings = replace(apple, model=model, steps=12, denoising_strength=strength, sampler=Sampler.DDIM)
    drawn = LoopDriver(family_cache).drawn(settings, Inputs(images.as_png(picture())))
    given: dict[str, Any] = {"image": picture(), "strength": strength}
    expected = stock.drawn(StableDiffusionImg2ImgPipeline, settings, embed=False, **given)
    assert abs(drawn - expected).max() <= 1


@pytest.mark.parametrize("sampler", [Sampler.EULER, Sampler.DDIM, Sampler.DPMPP_2M_KARRAS, Sampler.UNIPC])
@pytest.mark.parametrize(
    ("model", "strength"), [("tiny", 0.6), ("tiny", 0.75), ("tiny", 1.0), ("inpainting", 1.0), ("xl inpainting", 1.0)]
)
def test_inpainting(
    family_cache: ModelCache, stock: Stock, apple: GenerationSettings, model: str, strength: float, sampler: Sampler
) -> None:
    own_clip_skip = 2 if model == "xl inpainting" else 1
    settings = replace(
        apple, model=model, steps=8, denoising_strength=strength, sampler=sampler, clip_skip=own_clip_skip
    )
    drawn = LoopDriver(family_cache).drawn(settings, Inputs(images.as_png(picture()), images.as_png(mask())))
    given: dict[str, Any] = {
        "image": picture(),
        "mask_image": mask(),
        "width": 128,
        "height": 128,
        "strength": strength,
    }
    expected = stock.drawn(AutoPipelineForInpainting, settings, embed=False, **given)
    inside = slice(REPAINTED[1] + 8, REPAINTED[3] - 8), slice(REPAINTED[0] + 8, REPAINTED[2] - 8)
    assert abs(drawn[inside] - expected[inside]).max() <= 1
    outside = numpy.asarray(mask()) == 0
    assert (drawn[outside] == numpy.asarray(picture())[outside]).all(), "what is not masked stays the very same"


def test_among_strangers_the_picture_is_the_same(family_cache: ModelCache, apple: GenerationSettings) -> None:
    apple = replace(apple, model="tiny")
    settings = replace(apple, steps=10, denoising_strength=0.7)
    inputs = Inputs(images.as_png(picture()))
    alone = LoopDriver(family_cache).drawn(settings, inputs)
    driver = LoopDriver(family_cache)
    for stranger in range(2, 9):
        driver.admit(stranger, replace(apple, seed=stranger, steps=4 + stranger, sampler=list(Sampler)[stranger]))
    assert abs(driver.drawn(settings, inputs) - alone).max() <= 1


def test_strict_mode_is_bit_identical_with_picture_jobs_too(
    family_cache: ModelCache, apple: GenerationSettings
) -> None:
    apple = replace(apple, model="tiny")
    settings, inputs = replace(apple, denoising_strength=0.7), Inputs(images.as_png(picture()), images.as_png(mask()))
    alone = LoopDriver(family_cache, BatchSizing(8, strict=True)).drawn(settings, inputs)
    driver = LoopDriver(family_cache, BatchSizing(8, strict=True))
    driver.admit(2, replace(apple, seed=3))
    driver.admit(3, replace(apple, seed=4), Inputs(images.as_png(picture())))
    assert (driver.drawn(settings, inputs) == alone).all()


def test_progress_counts_the_steps_that_are_drawn(family_cache: ModelCache, apple: GenerationSettings) -> None:
    driver = LoopDriver(family_cache)
    driver.drawn(replace(apple, model="tiny", steps=20, denoising_strength=0.25), Inputs(images.as_png(picture())))
    said = [(event.step, event.steps) for event in driver.of(1) if isinstance(event, Progress)]
    assert said == [(step, 5) for step in range(1, 5)]


def test_hires_draws_small_and_refines_large(family_cache: ModelCache, apple: GenerationSettings) -> None:
    driver = LoopDriver(family_cache)
    settings = replace(apple, steps=10, hires_factor=1.5, hires_strength=0.5, count=2)
    driver.admit(1, settings)
    driver.run()
    finished = driver.completed(1).pictures
    assert [(each.width, each.height) for each in finished] == [(192, 192)] * 2
    said = [(event.step, event.steps) for event in driver.of(1) if isinstance(event, Progress)]
    assert said[-1] == (14, 15)
    assert sorted(said) == said
    text = Image.open(BytesIO(finished[1].png)).info["parameters"]
    assert "Hires upscale: 1.5, Denoising strength: 0.5" in text
    assert infotext.from_infotext(text) == settings.of_picture(1)
    driver.admit(2, replace(apple, steps=10, seed=8))
    driver.run()
    small = Image.open(BytesIO(driver.completed(2).pictures[0].png)).resize((192, 192), Image.Resampling.LANCZOS)
    far = abs(pixels(finished[1].png) - numpy.asarray(small, dtype=int)).mean()
    other = abs(pixels(finished[0].png) - numpy.asarray(small, dtype=int)).mean()
    assert far < other, "the refined picture is the small one, enlarged"


def test_another_size_and_turned_and_see_through_pictures_are_fitted(
    family_cache: ModelCache, apple: GenerationSettings
) -> None:
    wide = picture(300, 200).convert("RGBA")
    wide.putalpha(Image.new("L", wide.size, 128))
    file = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    wide.save(file, "PNG", exif=exif)
    drawn = LoopDriver(family_cache).drawn(replace(apple, denoising_strength=0.1), Inputs(file.getvalue()))
    upright = images.fitted(images.on_white(wide).transpose(Image.Transpose.ROTATE_270), 128, 128)
    assert abs(drawn - numpy.asarray(upright, dtype=int)).mean() < 25


def test_an_inpainting_model_draws_from_noise_and_into_holes(
    family_cache: ModelCache, apple: GenerationSettings
) -> None:
    holed = picture().convert("RGBA")
    holed.paste((0, 0, 0, 0), REPAINTED)
    settings = replace(apple, model="inpainting", denoising_strength=1.0)
    drawn = LoopDriver(family_cache).drawn(settings, Inputs(images.as_png(holed)))
    outside = numpy.asarray(mask()) == 0
    assert (drawn[outside] == numpy.asarray(picture())[outside]).all()
    assert LoopDriver(family_cache).drawn(settings, Inputs()).shape == (128, 128, 3)


@pytest.mark.parametrize("model", ["tiny", "inpainting"])
@pytest.mark.parametrize("view", [1.5, 2.0, *Direction], ids=str)
def test_what_lies_beyond_a_picture_s_edges_is_drawn_and_the_picture_stays_the_very_same(
    family_cache: ModelCache, apple: GenerationSettings, model: str, view: float | Direction
) -> None:
    given = picture()
    canvas = (
        outpainting.panned(given, view, 512) if isinstance(view, Direction) else outpainting.zoomed_out(given, view)
    )
    width, height = canvas.image.size
    settings = replace(apple, model=model, steps=4, width=width, height=height, denoising_strength=outpainting.STRENGTH)
    inputs = Inputs(images.as_png(canvas.image), images.as_png(canvas.mask))
    drawn = LoopDriver(family_cache).drawn(settings, inputs)
    before = numpy.asarray(canvas.image.convert("RGB"), dtype=int)
    kept = numpy.asarray(canvas.mask.convert("L")) == 0
    assert 0.1 < kept.mean() < 0.9
    assert (drawn[kept] == before[kept]).all()
    assert abs(drawn[~kept] - before[~kept]).max() > 5


def test_what_a_mask_keeps_is_the_picture_s_own_in_a_larger_one_too(
    family_cache: ModelCache, apple: GenerationSettings
) -> None:
    settings = replace(apple, model="tiny", denoising_strength=0.7, hires_factor=2.0)
    drawn = LoopDriver(family_cache).drawn(settings, Inputs(images.as_png(picture()), images.as_png(mask())))
    expected = numpy.asarray(picture().resize((256, 256), Image.Resampling.LANCZOS), dtype=int)
    outside = numpy.asarray(mask().resize((256, 256), Image.Resampling.NEAREST)) == 0
    away = outside & (numpy.asarray(mask().resize((256, 256)).filter(ImageFilter.MaxFilter(31))) == 0)
    assert (drawn[away] == expected[away]).all()
