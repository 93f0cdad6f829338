"""A seed: its noise at two sizes, with and without the size link, and what prompts make of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from generation.figures import palette
from generation.figures.blocks import MARGIN, WIDTH, Block, Picture, Row, Stack, Text, figure, panel
from generation.figures.typography import HEAD, TITLE
from generation.pictures import Preview

GAP = 24
"""Pixels between two rows, and between two columns."""

SQUARE = 16
"""Pixels of a latent's square before the figure is laid out."""

_DARKENED = 0.7


@dataclass(frozen=True, slots=True)
class Column:
    """One noise, and what comes of it. Sizes are in pixels of the pictures."""

    head: str
    noise: Preview
    pictures: Sequence[Image.Image]
    """One a prompt."""
    caption: str = ""
    shared: tuple[int, int] | None = None
    """The size, in latents, of the middle that this noise shares with another, which is framed; None frames nothing."""


@dataclass(frozen=True, slots=True)
class Words:
    """What the figure says, in the reader's language."""

    title: str
    noise: str
    """What the squares are."""
    prompts: Sequence[str]
    """What stands above the pictures of each prompt."""
    end: str
    """What to learn from it."""


def of_seed(columns: Sequence[Column], words: Words) -> Image.Image:
    """The figure. Columns are as wide as their pictures are to each other."""
    across = [each.pictures[0].width for each in columns]
    rows: list[Block] = [
        Text(words.title, TITLE),
        Text(words.noise),
        _row([_noise(each) for each in columns], across),
    ]
    for number, head in enumerate(words.prompts):
        pictures = [Picture(each.pictures[number]) for each in columns]
        rows += [Text(head, HEAD), _row(pictures, across)]
    return figure(Stack([*rows, Text(words.end)], GAP))


def _row(blocks: Sequence[Block], across: Sequence[int]) -> Row:
    room = WIDTH - 2 * MARGIN - GAP * (len(blocks) - 1)
    return Row(blocks, GAP, [room * each // sum(across) for each in across])


def _noise(column: Column) -> Stack:
    return panel(shown(column.noise, column.shared), column.head, column.caption, smooth=False)


def shown(noise: Preview, shared: tuple[int, int] | None) -> Image.Image:
    """Noise as squares; where a middle of `shared` size, in latents, is that of another noise, what is around it is
    darkened."""
    small = Image.frombytes("RGB", (noise.width, noise.height), noise.rgb)
    large = small.resize((noise.width * SQUARE, noise.height * SQUARE), Image.Resampling.NEAREST)
    if shared is None:
        return large
    (left, right), (top, bottom) = map(_middle, small.size, shared)
    dark = Image.blend(large, Image.new("RGB", large.size, palette.CARD), _DARKENED)
    box = left * SQUARE, top * SQUARE, right * SQUARE, bottom * SQUARE
    dark.paste(large.crop(box), box)
    ImageDraw.Draw(dark).rectangle((box[0] - 2, box[1] - 2, box[2] + 1, box[3] + 1), outline="white", width=4)
    return dark


def _middle(length: int, shared: int) -> tuple[int, int]:
    """Where the middle of `shared` squares, or fewer where there are not so many, begins and ends."""
    start = (length - min(length, shared)) // 2
    return start, start + min(length, shared)
