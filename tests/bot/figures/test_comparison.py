"""The sheet of a comparison."""

from io import BytesIO

import pytest
from PIL import Image

from bot.figures import comparison
from bot.locales import addressing
from generation.comparison import Axis, Parameter
from generation.figures import palette
from generation.settings import GenerationSettings

SETTINGS = GenerationSettings(prompt="a fox", seed=7, model="pocket", width=64, height=64)
STEPS = Axis(Parameter.STEPS, ("1", "5", "10", "20", "30"))


def square(red: int) -> bytes:
    file = BytesIO()
    Image.new("RGB", (64, 64), (red, 0, 0)).save(file, "PNG")
    return file.getvalue()


def reds_in(sheet: bytes) -> list[int]:
    """The colours of a sheet's pictures, from left to right and from top to bottom."""
    image, seen = Image.open(BytesIO(sheet)).convert("RGB"), []
    for y in range(0, image.height, 8):
        for x in range(0, image.width, 8):
            pixel = image.getpixel((x, y))
            assert isinstance(pixel, tuple)
            if pixel[1:] == (0, 0) and pixel[0] not in seen:
                seen.append(pixel[0])
    return seen


@pytest.mark.parametrize("count", [2, 5, 7])
def test_one_setting_is_a_strip_in_order(count: int) -> None:
    axis = Axis(Parameter.SEED, tuple(map(str, range(count))))
    sheet, ending = comparison.drawn(SETTINGS, [axis], [square(100 + index) for index in range(count)])
    assert ending == "png"
    assert Image.open(BytesIO(sheet)).width == 960
    assert reds_in(sheet) == [100 + index for index in range(count)]


def test_two_settings_are_a_grid_with_heads_at_both_sides() -> None:
    axes = [Axis(Parameter.GUIDANCE, ("1", "7")), STEPS]
    sheet, _ = comparison.drawn(SETTINGS, axes, [square(100 + index) for index in range(10)])
    assert reds_in(sheet) == [100 + index for index in range(10)]
    assert Image.open(BytesIO(sheet)).width == 960 + 2 * 240
    words = comparison.words_for(SETTINGS, axes)
    assert (words.rows, words.row_heads) == ("guidance", ("1", "7"))
    assert (words.columns, words.column_heads) == ("steps", STEPS.values)


def test_a_picture_that_is_missing_leaves_its_place_empty() -> None:
    axis = Axis(Parameter.SEED, ("1", "2", "3"))
    sheet, _ = comparison.drawn(SETTINGS, [axis], [square(100), None, square(102)])
    assert reds_in(sheet) == [100, 102]
    colours = Image.open(BytesIO(sheet)).convert("RGB").getcolors(10**6) or []
    assert any(colour == palette.EMPTY for _, colour in colours)


def test_it_says_what_all_pictures_share_and_not_what_differs() -> None:
    assert comparison.words_for(SETTINGS, [STEPS]).settings == "seed 7 · 64×64 · guidance 7 · DPM++ 2M Karras"
    assert comparison.words_for(SETTINGS, [Axis(Parameter.MODEL, ("a", "b"))]).settings == "seed 7"
    with addressing("es-ES"):
        words = comparison.words_for(SETTINGS, [STEPS])
    assert (words.columns, words.settings) == ("pasos", "semilla 7 · 64×64 · guía 7 · DPM++ 2M Karras")
