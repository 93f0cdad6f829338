"""Whatever the mask, nothing outside of it changes."""

from dataclasses import replace
from io import BytesIO

import numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from generation import images
from generation.engine.denoising.init_image import InitImage
from generation.engine.denoising.inpainting import pasted
from generation.engine.scheduling.model_cache import ModelCache
from generation.jobs import Inputs
from generation.settings import GenerationSettings
from tests.generation.engine.conftest import LoopDriver

SIDES = st.integers(1, 9).map(lambda side: 8 * side)
SHAPES = st.lists(
    st.tuples(st.booleans(), st.integers(0, 80), st.integers(0, 80), st.integers(0, 60), st.integers(0, 60)), max_size=4
)
NOISE = numpy.random.default_rng(0)


def noise(size: tuple[int, int]) -> Image.Image:
    """A picture of which every pixel is another."""
    return Image.fromarray(NOISE.integers(0, 256, (size[1], size[0], 3), dtype=numpy.uint8))


def mask(size: tuple[int, int], shapes: list[tuple[bool, int, int, int, int]]) -> Image.Image:
    """Ellipses and boxes, some beyond the edge; black where there are none."""
    drawn = Image.new("L", size)
    pen = ImageDraw.Draw(drawn)
    for is_round, left, top, width, height in shapes:
        (pen.ellipse if is_round else pen.rectangle)((left, top, left + width, top + height), 255)
    return drawn


@settings(max_examples=150, deadline=None)
@given(width=SIDES, height=SIDES, shapes=SHAPES)
def test_what_is_pasted_leaves_the_rest(width: int, height: int, shapes: list[tuple[bool, int, int, int, int]]) -> None:
    size = width, height
    before, drawn, drawn_anew = noise(size), noise(size), mask(size, shapes)
    result = numpy.asarray(pasted(drawn, InitImage(before, drawn_anew)))
    outside = numpy.asarray(drawn_anew) == 0
    assert (result[outside] == numpy.asarray(before)[outside]).all()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shapes=SHAPES.filter(bool), seed=st.integers(0, 2**32 - 1), strength=st.floats(0.3, 1))
def test_the_file_of_a_drawn_picture_has_the_same_pixels_outside(
    family_cache: ModelCache,
    apple: GenerationSettings,
    shapes: list[tuple[bool, int, int, int, int]],
    seed: int,
    strength: float,
) -> None:
    before, drawn_anew = noise((64, 64)), mask((64, 64), shapes)
    asked = replace(apple, model="tiny", width=64, height=64, steps=2, seed=seed, denoising_strength=strength)
    driver = LoopDriver(family_cache)
    driver.admit(1, asked, Inputs(images.as_png(before), images.as_png(drawn_anew)))
    driver.run()
    with Image.open(BytesIO(driver.completed(1).pictures[0].png)) as file:
        result = numpy.asarray(file.convert("RGB"))
    outside = numpy.asarray(drawn_anew) == 0
    assert (result[outside] == numpy.asarray(before)[outside]).all()
