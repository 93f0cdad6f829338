from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from generation import images
from generation.images import UnusableImage
from generation.outpainting import NO_MARGINS, Margins
from generation.painted import PaintedCanvas, inputs_of

PICTURE = images.as_png(Image.effect_noise((64, 48), 90).convert("RGB"))


def painted(size: tuple[int, int], box: tuple[int, int, int, int]) -> bytes:
    mask = Image.new("RGBA", size, "black")
    mask.paste("white", box)
    return images.as_png(mask)


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(png)))


def test_a_painted_part_is_the_mask_at_the_size_of_the_picture() -> None:
    inputs = inputs_of(PICTURE, painted((32, 24), (0, 0, 16, 12)), PaintedCanvas((64, 48), NO_MARGINS, (64, 48)))
    assert inputs.image == b""
    mask = pixels(inputs.mask)
    assert mask.shape == (48, 64)
    assert set(np.unique(mask)) == {0, 255}
    assert (mask[:23, :31] == 255).all()
    assert (mask[25:] == 0).all()


def test_nothing_painted_is_nothing_to_draw() -> None:
    canvas = PaintedCanvas((64, 48), NO_MARGINS, (64, 48))
    with pytest.raises(UnusableImage, match="Paint over the part"):
        inputs_of(PICTURE, painted((32, 24), (0, 0, 0, 0)), canvas)


@settings(max_examples=15)
@given(sides=st.lists(st.sampled_from([0, 8, 24]), min_size=4, max_size=4), box=st.tuples(*[st.integers(0, 60)] * 4))
def test_what_is_neither_painted_nor_beside_the_picture_stays(sides: list[int], box: tuple[int, int, int, int]) -> None:
    margins = Margins(*sides)
    if margins == NO_MARGINS:
        margins = Margins(8)
    size = margins.around((64, 48))
    left, top, right, bottom = box
    strokes = painted(size, (min(left, right), min(top, bottom), max(left, right), max(top, bottom)))
    inputs = inputs_of(PICTURE, strokes, PaintedCanvas((64, 48), margins, size))
    mask, image = pixels(inputs.mask), pixels(inputs.image)
    assert mask.shape == image.shape[:2] == (size[1], size[0])
    inner = (slice(margins.up, margins.up + 48), slice(margins.left, margins.left + 64))
    assert (image[inner] == pixels(PICTURE)).all(), "the picture itself lies unchanged on its canvas"
    outside = np.ones_like(mask, bool)
    outside[inner] = False
    assert (mask[outside] == 255).all()
    assert (mask[pixels(strokes)[..., 0] == 255] == 255).all()
    untouched = np.zeros_like(outside)
    untouched[margins.up + 8 : margins.up + 40, margins.left + 8 : margins.left + 56] = True
    assert (mask[untouched & (pixels(strokes)[..., 0] == 0)] == 0).all()


def test_a_model_with_sizes_of_its_own_gets_one_of_them() -> None:
    inputs = inputs_of(PICTURE, painted((8, 8), (0, 0, 4, 4)), PaintedCanvas((64, 48), Margins(8), (64, 64)))
    assert pixels(inputs.mask).shape == (64, 64)
    assert pixels(inputs.image).shape == (64, 64, 3)
