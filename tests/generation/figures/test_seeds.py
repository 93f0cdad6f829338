import numpy
import pytest
from PIL import Image

from generation.figures.blocks import WIDTH
from generation.figures.seeds import SQUARE, Column, Words, of_seed, shown
from generation.pictures import Preview

WORDS = Words("Seed 7", "Each square is one latent.", ["a red apple", "a cute fox"], "Another size is other noise.")


def noise(width: int, height: int) -> Preview:
    values = numpy.random.default_rng(7).integers(256, size=(height, width, 3), dtype=numpy.uint8)
    return Preview(width, height, values.tobytes())


def middles(image: Image.Image) -> bytes:
    """One pixel of each square, from its middle."""
    half = SQUARE // 2
    small = numpy.asarray(image)[half::SQUARE, half::SQUARE]
    return small.tobytes()


def test_noise_is_shown_square_by_square() -> None:
    assert middles(shown(noise(20, 16), None)) == noise(20, 16).rgb


@pytest.mark.parametrize("shared", [(16, 16), (16, 24), (8, 4)])
def test_what_two_noises_share_stays_and_the_rest_is_darkened(shared: tuple[int, int]) -> None:
    whole, framed = (numpy.asarray(shown(noise(20, 16), each)).astype(int) for each in (None, shared))
    width, height = min(shared[0], 20) * SQUARE, min(shared[1], 16) * SQUARE
    left, top = (whole.shape[1] - width) // 2, (whole.shape[0] - height) // 2
    inner = slice(top + 4, top + height - 4), slice(left + 4, left + width - 4)
    assert (framed[inner] == whole[inner]).all()
    if left:
        assert framed[:, : left - 4].mean() < 0.6 * whole[:, : left - 4].mean()


def test_the_figure_has_a_column_a_noise_and_a_row_a_prompt() -> None:
    colours = ["red", "lime"], ["blue", "yellow"]
    columns = [
        Column(f"{width}×128", noise(width // 8, 16), [Image.new("RGB", (width, 128), each) for each in pictures])
        for width, pictures in zip((128, 160), colours, strict=True)
    ]
    figure = of_seed(columns, WORDS)
    assert figure.width == WIDTH
    pixels = numpy.asarray(figure.convert("RGB"))
    places = {}
    for name, colour in {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0)}.items():
        rows, across = numpy.nonzero((pixels == colour).all(axis=-1))
        places[name] = rows.mean(), across.mean(), across.max() - across.min()
    assert places["red"][0] == pytest.approx(places["blue"][0], abs=60)
    assert places["lime"][0] > places["red"][0] + 100
    assert places["red"][1] < WIDTH / 2 < places["blue"][1]
    assert places["blue"][2] / places["red"][2] == pytest.approx(160 / 128, rel=0.05)
