"""The blocks of a figure. Each knows its height at a given width and draws itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from PIL import Image, ImageDraw

from generation.figures import palette
from generation.figures.palette import Colour
from generation.figures.typography import BODY, CAPTION, HEAD, Style, face, width_of, wrapped

WIDTH = 960
"""Pixels. A phone shows a figure about 280 wide in the chat and 390 wide when pressed. Letters of 34 pixels can be read
at both."""

MARGIN = 36
GAP = 20
"""Pixels between two blocks."""

_CORNER = 28
"""Radius of a figure's corners, in pixels."""

_SMOOTHING = 4
"""The supersampling factor of round corners."""


class Block(Protocol):
    """A part of a figure. All lengths are in pixels."""

    def height(self, width: int) -> int:
        """The height at a given width."""

    def draw(self, sheet: Image.Image, left: int, top: int, width: int) -> None:
        """Draw it on an RGB `sheet`, its upper left corner at `left`, `top`."""


class Align(StrEnum):
    """Horizontal alignment."""

    LEFT = "left"
    CENTRE = "centre"


@dataclass(frozen=True, slots=True)
class Text:
    """Text, in as many lines as it needs."""

    text: str
    style: Style = BODY
    align: Align = Align.LEFT

    def height(self, width: int) -> int:
        return self.style.line * len(wrapped(self.text, self.style, width))

    def draw(self, sheet: Image.Image, left: int, top: int, width: int) -> None:
        pen = ImageDraw.Draw(sheet)
        for number, line in enumerate(wrapped(self.text, self.style, width)):
            inset = (width - width_of(line, self.style)) // 2 if self.align is Align.CENTRE else 0
            middle = top + self.style.line * number + self.style.line // 2
            pen.text((left + inset, middle), line, font=face(self.style), fill=self.style.colour, anchor="lm")


@dataclass(frozen=True, slots=True)
class Picture:
    """An image, scaled to the given width. `smooth` is False where pixels must stay squares, as in noise. `edge` is the
    colour of a border, if any."""

    image: Image.Image
    smooth: bool = True
    edge: Colour | None = None
    radius: int = 10

    def height(self, width: int) -> int:
        return max(round(width * self.image.height / self.image.width), 1)

    def draw(self, sheet: Image.Image, left: int, top: int, width: int) -> None:
        size = width, self.height(width)
        way = Image.Resampling.LANCZOS if self.smooth else Image.Resampling.NEAREST
        shape = rounded(size, self.radius)
        if self.edge:
            sheet.paste(self.edge, (left, top), shape)
            inner = rounded((size[0] - 6, size[1] - 6), max(self.radius - 3, 0))
            shape = Image.new("L", size)
            shape.paste(inner, (3, 3))
        sheet.paste(self.image.convert("RGB").resize(size, way), (left, top), shape)


@dataclass(frozen=True, slots=True)
class Space:
    """Empty space."""

    pixels: int

    def height(self, width: int) -> int:
        return self.pixels

    def draw(self, sheet: Image.Image, left: int, top: int, width: int) -> None:
        return


@dataclass(frozen=True, slots=True)
class Bar:
    """A progress bar, from 0 to 1."""

    share: float
    colour: Colour = palette.ORANGE

    def height(self, width: int) -> int:
        return 12

    def draw(self, sheet: Image.Image, left: int, top: int, width: int) -> None:
        sheet.paste(palette.GROOVE, (left, top), rounded((width, 12), 6))
        if done := round(width * min(max(self.share, 0), 1)):
            sheet.paste(self.colour, (left, top), rounded((max(done, 12), 12), 6))


@dataclass(frozen=True, slots=True)
class Stack:
    """Blocks below each other."""

    blocks: Sequence[Block]
    gap: int = GAP

    def height(self, width: int) -> int:
        return sum(block.height(width) for block in self.blocks) + self.gap * max(len(self.blocks) - 1, 0)

    def draw(self, sheet: Image.Image, left: int, top: int, width: int) -> None:
        for block in self.blocks:
            block.draw(sheet, left, top, width)
            top += block.height(width) + self.gap


@dataclass(frozen=True, slots=True)
class Row:
    """Blocks side by side. `widths` gives some of them a width; the others share the rest evenly. `centred` aligns them
    to the middle of the row."""

    blocks: Sequence[Block]
    gap: int = GAP
    widths: Sequence[int | None] = ()
    centred: bool = False

    def height(self, width: int) -> int:
        return max(block.height(own) for block, own in zip(self.blocks, self._widths(width), strict=True))

    def draw(self, sheet: Image.Image, left: int, top: int, width: int) -> None:
        height = self.height(width)
        for block, own in zip(self.blocks, self._widths(width), strict=True):
            inset = (height - block.height(own)) // 2 if self.centred else 0
            block.draw(sheet, left, top + inset, own)
            left += own + self.gap

    def _widths(self, width: int) -> list[int]:
        given = list(self.widths) or [None] * len(self.blocks)
        rest = width - sum(each or 0 for each in given) - self.gap * (len(self.blocks) - 1)
        sharing = given.count(None)
        return [rest // sharing if each is None else each for each in given]


def panel(image: Image.Image, head: str = "", caption: str = "", *, smooth: bool = True) -> Stack:
    """A picture with an optional heading above and caption below."""
    parts: list[Block] = [Picture(image, smooth)]
    if head:
        parts.insert(0, Text(head, HEAD, Align.CENTRE))
    if caption:
        parts.append(Text(caption, CAPTION, Align.CENTRE))
    return Stack(parts, gap=10)


def rows_of(blocks: Sequence[Block], columns: int, gap: int = GAP) -> Stack:
    """Blocks in rows of `columns`. The last row may be shorter."""
    rows = [list(blocks[start : start + columns]) for start in range(0, len(blocks), columns)]
    return Stack([Row([*row, *[Space(0)] * (columns - len(row))], gap) for row in rows], gap)


def figure(block: Block, width: int = WIDTH, margin: int = MARGIN) -> Image.Image:
    """Draw a block on a card with round corners: an RGBA image, transparent outside the corners."""
    inner = width - 2 * margin
    card = Image.new("RGB", (width, block.height(inner) + 2 * margin), palette.CARD)
    block.draw(card, margin, margin, inner)
    card.putalpha(rounded(card.size, _CORNER))
    return card


def rounded(size: tuple[int, int], radius: int) -> Image.Image:
    """A mask in mode L: a rectangle with round corners."""
    width, height = size
    large = Image.new("L", (width * _SMOOTHING, height * _SMOOTHING))
    corners = 0, 0, large.width - 1, large.height - 1
    ImageDraw.Draw(large).rounded_rectangle(corners, radius * _SMOOTHING, fill=255)
    return large.resize(size, Image.Resampling.BOX)
