"""Text: the bundled font in two weights, and line breaks by measured width."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

from generation.figures import palette
from generation.figures.palette import Colour

_FONTS = Path(__file__).parent / "fonts"
_MISSING = "\U0010fffd"
"""A character that no font has; it is drawn as the missing-glyph sign."""


class Weight(StrEnum):
    """The weights of the font."""

    REGULAR = "Regular"
    BOLD = "Bold"


@dataclass(frozen=True, slots=True)
class Style:
    """A text style. `size` is in pixels of the figure, which a phone shows at less than a third."""

    size: int
    weight: Weight = Weight.REGULAR
    colour: Colour = palette.TEXT

    @property
    def line(self) -> int:
        """The height of a line, in pixels."""
        return round(self.size * 1.28)


TITLE = Style(56, Weight.BOLD)
HEAD = Style(42, Weight.BOLD)
BODY = Style(38)
CAPTION = Style(34, colour=palette.QUIET)


@lru_cache
def face(style: Style) -> ImageFont.FreeTypeFont:
    """The font at a style's size and weight."""
    return ImageFont.truetype(_FONTS / f"AtkinsonHyperlegibleNext-{style.weight}.ttf", style.size)


def wrapped(text: str, style: Style, width: int) -> list[str]:
    """Break a text into lines of at most `width` pixels. Its own line breaks are kept, and words that are too long are
    broken."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += _filled(paragraph.split(), style, width) or [""]
    return lines


def width_of(text: str, style: Style) -> int:
    """The width of a line, in pixels."""
    return round(face(style).getlength(text))


def covers(text: str) -> bool:
    """True if the font has every letter of a text. It has those of the European languages in Latin script."""
    font = face(BODY)
    missing = bytes(font.getmask(_MISSING))
    return all(bytes(font.getmask(letter)) != missing for letter in set(text) if not letter.isspace())


def _filled(words: list[str], style: Style, width: int) -> list[str]:
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if width_of(longer, style) <= width:
            lines[-1:] = [longer]
        else:
            lines += _broken(word, style, width)
    return lines


def _broken(word: str, style: Style, width: int) -> list[str]:
    parts = [word]
    while len(parts[-1]) > 1 and width_of(parts[-1], style) > width:
        last = parts.pop()
        fits = next(end for end in range(len(last) - 1, 0, -1) if end == 1 or width_of(last[:end], style) <= width)
        parts += [last[:fits], last[fits:]]
    return parts
