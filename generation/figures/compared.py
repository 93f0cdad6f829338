"""A comparison as one labelled sheet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from generation.figures import palette
from generation.figures.blocks import WIDTH, Align, Block, Picture, Row, Space, Stack, Text, figure, rows_of
from generation.figures.typography import BODY, CAPTION, TITLE, Style, Weight

ACROSS = 4
"""The most pictures in a row for one setting. With fewer, they are larger."""

_WIDEST = 3
"""The columns of a grid that fit the usual width. Each further one makes the sheet wider."""

_HEAD = Style(38, Weight.BOLD, palette.ORANGE)
_SIDE = 190
"""Width in pixels of the column of headings."""
_GAP = 14


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a sheet, in the reader's language: a title, a line with the settings that all pictures share, the
    setting that varies from left to right (`columns`) with its values, and the same from top to bottom, if any."""

    title: str
    settings: str
    columns: str
    column_heads: Sequence[str]
    rows: str = ""
    row_heads: Sequence[str] = ()


def of_cells(pictures: Sequence[Image.Image | None], words: Words) -> Image.Image:
    """Draw the sheet. `pictures` are row by row, None where one is missing. The letters grow with the width, so that a
    phone shows them equally large."""
    across = len(words.column_heads)
    wider = max(across - _WIDEST, 0) * (WIDTH // (_WIDEST + 1)) if words.row_heads else 0
    times = 1 + wider / WIDTH
    top = Stack([Text(words.title, larger(TITLE, times)), Text(words.settings, larger(CAPTION, times))], gap=4)
    if words.row_heads:
        table = _grid(pictures, words, times)
    else:
        table = Stack([Text(words.columns, _HEAD), _strip(pictures, words.column_heads)], gap=_GAP)
    return figure(Stack([top, table], gap=22), WIDTH + wider)


def larger(style: Style, times: float) -> Style:
    """A style with letters `times` as large."""
    return replace(style, size=round(style.size * times))


def _strip(pictures: Sequence[Image.Image | None], heads: Sequence[str]) -> Block:
    """The pictures below their values, in rows of about equal length."""
    rows = -(-len(pictures) // ACROSS)
    across = -(-len(pictures) // rows)
    panels = [
        Stack([Text(head, BODY, Align.CENTRE), _picture(picture)], gap=6)
        for picture, head in zip(pictures, heads, strict=True)
    ]
    return rows_of(panels, across, _GAP)


def _grid(pictures: Sequence[Image.Image | None], words: Words, times: float) -> Block:
    across = len(words.column_heads)
    side, value, name = round(_SIDE * times), larger(BODY, times), larger(_HEAD, times)
    named = Row([Text(words.rows, name, Align.CENTRE), Text(words.columns, name, Align.CENTRE)], _GAP, (side, None))
    widths = (side, *[None] * across)
    table: list[Block] = [
        named,
        Row([Space(0), *(Text(head, value, Align.CENTRE) for head in words.column_heads)], _GAP, widths, centred=True),
    ]
    for number, head in enumerate(words.row_heads):
        row = [_picture(each) for each in pictures[number * across : (number + 1) * across]]
        table.append(Row([Text(head, value, Align.CENTRE), *row], _GAP, widths, centred=True))
    return Stack(table, gap=_GAP)


def _picture(picture: Image.Image | None) -> Block:
    return Picture(picture) if picture else Picture(Image.new("RGB", (64, 64), palette.EMPTY))
