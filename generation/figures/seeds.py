"""The figure of a seed: its noise at two sizes, with and without seed size, and the pictures of some prompts."""

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
"""Pixels of a latent's square, before the layout scales it."""

_DARKENED = 0.7


@dataclass(frozen=True, slots=True)
class Column:
    """One noise and its pictures."""

    head: str
    noise: Preview
    pictures: Sequence[Image.Image]
    """One for each prompt."""
    caption: str = ""
    shared: tuple[int, int] | None = None
    """The size in latents of the centre that this noise shares with another. It is framed; None frames nothing."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of the figure, in the reader's language."""

    title: str
    noise: str
    """An explanation of the squares."""
    prompts: Sequence[str]
    """The headings above the pictures of each prompt."""
    end: str
    """The conclusion."""


def of_seed(columns: Sequence[Column], words: Words) -> Image.Image:
    """Draw the figure. The widths of columns are in proportion to those of their pictures."""
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
    """Noise as squares. If its centre, of `shared` size in latents, is that of another noise, the rest is darkened."""
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
    """The start and end of the centre: `shared` squares, or all if there are fewer."""
    start = (length - min(length, shared)) // 2
    return start, start + min(length, shared)
