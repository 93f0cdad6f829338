from collections.abc import Callable
from itertools import pairwise

import numpy
import pytest
import torch
from PIL import Image

from generation.engine.upscalers.base import enlarged
from generation.engine.upscalers.tiles import Pixels
from generation.upscaling import Tiling
from tests.generation.engine.upscalers.conftest import finish

UNTILED = Tiling(side=4096, context=0, blend=0)


class Enlarger:
    """An upscaler of any function and tiling."""

    name = "of the test"

    def __init__(self, tiling: Tiling, function: Callable[[Pixels, int], Pixels]) -> None:
        self.tiling = tiling
        self.enlarge = function


def finished(image: Image.Image, upscaler: Enlarger, factor: int) -> tuple[Pixels, list[tuple[int, int]]]:
    """The larger picture, and what was reported on the way."""
    reports: list[tuple[int, int]] = []
    larger = finish(enlarged(image, upscaler, factor, lambda done, of: reports.append((done, of))))
    return numpy.asarray(larger), reports


def local_network(tile: Pixels, factor: int) -> Pixels:
    """Three random convolutions and a pixel shuffle: what comes out hears of pixels up to three away."""
    torch.manual_seed(0)
    layers = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(8, 8, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(8, 3 * factor**2, 3, padding=1),
        torch.nn.PixelShuffle(factor),
    )
    with torch.no_grad():
        drawn = layers(torch.tensor(tile).permute(2, 0, 1)[None] / 255)[0].permute(1, 2, 0)
    pixels: Pixels = (128 + 400 * drawn).clamp(0, 255).to(torch.uint8).numpy()
    return pixels


@pytest.mark.parametrize("tiling", [Tiling(64, 8, 16), Tiling(40, 0, 0), Tiling(112, 10, 8), Tiling(50, 5, 6)])
@pytest.mark.parametrize("length", [1, 39, 40, 64, 65, 100, 128, 513, 1000])
def test_equal_tiles_cover_everything_and_overlap_enough(tiling: Tiling, length: int) -> None:
    side, starts = tiling.cut(length)
    assert side <= max(tiling.side, 1)
    assert starts[0] == 0
    assert starts[-1] + side == length
    overlaps = [before + side - after for before, after in pairwise(starts)]
    assert all(overlap >= 2 * tiling.context + tiling.blend for overlap in overlaps)


@pytest.mark.parametrize(("tiling", "factor"), [(Tiling(40, 3, 8), 2), (Tiling(33, 4, 0), 4), (Tiling(64, 3, 1), 2)])
def test_tiles_change_nothing_where_the_context_is_as_wide_as_the_network_sees(tiling: Tiling, factor: int) -> None:
    noise = numpy.random.default_rng(0).integers(0, 256, (91, 130, 3), numpy.uint8)
    image = Image.fromarray(noise, "RGB")
    whole, stops = finished(image, Enlarger(UNTILED, local_network), factor)
    assert whole.shape == (91 * factor, 130 * factor, 3)
    assert stops == []
    tiled, stops = finished(image, Enlarger(tiling, local_network), factor)
    assert len(stops) >= 5
    assert stops == [(done, len(stops) + 1) for done in range(1, len(stops) + 1)]
    assert abs(tiled.astype(int) - whole).max() <= 1


def test_too_little_context_shows() -> None:
    noise = numpy.random.default_rng(0).integers(0, 256, (91, 130, 3), numpy.uint8)
    image = Image.fromarray(noise, "RGB")
    whole, tiled = (finished(image, Enlarger(tiling, local_network), 2)[0] for tiling in (UNTILED, Tiling(40, 0, 0)))
    assert abs(tiled.astype(int) - whole).max() > 1


def test_where_neighbours_disagree_one_goes_over_into_the_other() -> None:
    moods = iter([0, 24] * 50)

    def moody(tile: Pixels, factor: int) -> Pixels:
        return tile.repeat(factor, 0).repeat(factor, 1) + numpy.uint8(next(moods))

    grey = Image.new("RGB", (150, 150), (100, 100, 100))
    tiled = finished(grey, Enlarger(Tiling(64, 4, 12), moody), 2)[0].astype(int)
    assert (tiled.min(), tiled.max()) == (100, 124)
    assert abs(numpy.diff(tiled, axis=0)).max() <= 2
    assert abs(numpy.diff(tiled, axis=1)).max() <= 2
