"""The figure of docs/prompts.md: what prompts of each kind draw, with the prompts below."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from generation.catalogue import POCKET
from generation.settings import GenerationSettings

SEED = 7
GAP = 8
CAPTION = 22
"""Pixels between pictures, and below each."""

ROWS = (
    ("a red apple", "a blue boat", "[red apple:blue boat:0.4]", "[red apple|blue boat]"),
    ("<left: a red apple> <right: a blue boat>", "<left: a castle> <right: a tree>"),
    ("a cat face", "a [cat|dog] face", "a cat face AND a rose :0.6", "red flowers --tile"),
)
"""Each row fills the width: two pictures are twice as wide as four."""

ACROSS = 4


def settings() -> list[GenerationSettings]:
    """The settings of every picture, row by row."""
    return [_settings(prompt, len(row)) for row in ROWS for prompt in row]


def drawn(pngs: list[bytes]) -> bytes:
    """The figure from all pictures, as PNG."""
    side = POCKET.width
    figure = Image.new("RGB", (ACROSS * (side + GAP) - GAP, len(ROWS) * (side + CAPTION)), "white")
    pen, font = ImageDraw.Draw(figure), ImageFont.load_default(10)
    for (left, top, prompt), png in zip(_places(side), pngs, strict=True):
        with Image.open(BytesIO(png)) as image:
            figure.paste(_repeated(image) if "--tile" in prompt else image, (left, top))
        pen.text((left, top + side + 3), prompt, "black", font)
    buffer = BytesIO()
    figure.save(buffer, "PNG")
    return buffer.getvalue()


def _settings(prompt: str, in_row: int) -> GenerationSettings:
    words, flag, _ = prompt.partition(" --tile")
    width = POCKET.width * ACROSS // in_row + (GAP if in_row < ACROSS else 0)
    return replace(POCKET.preferred.of(words, SEED), width=width, tile=bool(flag))


def _places(side: int) -> Iterator[tuple[int, int, str]]:
    """Left and top of each picture, and its prompt."""
    for row, prompts in enumerate(ROWS):
        for column, prompt in enumerate(prompts):
            yield column * (side + GAP) * ACROSS // len(prompts), row * (side + CAPTION), prompt


def _repeated(image: Image.Image) -> Image.Image:
    """Four of a picture at half its size, side by side."""
    half = image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)
    tiles = Image.new("RGB", (2 * half.width, 2 * half.height))
    for place in ((0, 0), (half.width, 0), (0, half.height), half.size):
        tiles.paste(half, place)
    return tiles
