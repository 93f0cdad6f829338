from dataclasses import replace
from io import BytesIO

import numpy
import pytest
from PIL import Image

from bot.figures import seed
from bot.locales import addressing
from bot.requests import seed_cells
from generation.figures.blocks import WIDTH
from generation.pictures import Picture, Preview
from generation.settings import GenerationSettings

SETTINGS = GenerationSettings(prompt="x", seed=7, model="pocket", width=128, height=128)


@pytest.mark.parametrize(
    ("size", "side", "other"),
    [
        ((512, 512), 2048, (640, 512)),
        ((768, 512), 1024, (768, 640)),
        ((512, 768), 768, (640, 768)),
        ((512, 512), 512, (408, 512)),
        ((64, 64), 64, (64, 64)),
    ],
)
def test_the_other_size_is_near_and_allowed(size: tuple[int, int], side: int, other: tuple[int, int]) -> None:
    assert seed_cells.other_size(*size, side) == other


def test_each_prompt_is_drawn_at_both_sizes_and_with_the_size_link() -> None:
    cells = seed_cells.cells(SETTINGS, ("a castle", "a cute fox"), 2048)
    assert [each.prompt for each in cells] == ["a castle"] * 3 + ["a cute fox"] * 3
    assert {each.seed for each in cells} == {7}
    sizes = [(each.width, each.height, each.seed_width, each.seed_height) for each in cells[:3]]
    assert sizes == [(128, 128, 0, 0), (160, 128, 0, 0), (160, 128, 128, 128)]
    assert len(seed_cells.cells(replace(SETTINGS, width=64, height=64), ("a castle",), 64)) == 1


def picture(cell: GenerationSettings, colour: str) -> Picture:
    file = BytesIO()
    Image.new("RGB", (cell.width, cell.height), colour).save(file, "PNG")
    width, height = cell.width // 8, cell.height // 8
    return Picture(file.getvalue(), 7, cell.width, cell.height, Preview(width, height, b"\x80" * (width * height * 3)))


@pytest.mark.parametrize("side", [2048, 128])
def test_every_picture_is_in_the_figure(side: int) -> None:
    colours = ["red", "lime", "blue", "yellow", "magenta", "cyan"]
    cells = seed_cells.cells(SETTINGS, seed_cells.PROMPTS, side)
    data, ending = seed.drawn(cells, [picture(*each) for each in zip(cells, colours, strict=True)])
    assert ending == "png"
    pixels = numpy.asarray(Image.open(BytesIO(data)).convert("RGB")).reshape(-1, 3)
    for colour in colours:
        rgb = Image.new("RGB", (1, 1), colour).getpixel((0, 0))
        assert (pixels == rgb).all(axis=-1).sum() > WIDTH * 20, colour


def test_the_figure_speaks_the_readers_language_and_shows_no_letters_it_lacks() -> None:
    firsts = [replace(SETTINGS, prompt=prompt) for prompt in ("un castillo", "🦊" * 3)]
    with addressing("es-ES"):
        words = seed.words_for(firsts, linked=True)
    assert words.title == "Semilla 7"
    assert words.prompts == ["“un castillo”", "lo que hace el prompt con él"]
    assert "--seed-size 128x128" in words.end
