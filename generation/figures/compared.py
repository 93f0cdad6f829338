"""A comparison as one labelled sheet."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from generation.figures import palette, sheet
from generation.figures.blocks import Align, Block, Picture, Row, Space, Stack, Text
from generation.figures.typography import BODY, CAPTION, TITLE, Style, Weight

ACROSS = 4
"""Pictures in a row of a comparison of one setting; with fewer values they are larger."""

_WIDEST = 3
"""Columns of a grid that fit the usual width; each one more makes the sheet wider."""

_HEAD = Style(30, Weight.BOLD, palette.ORANGE)
_SIDE = 150
_GAP = 14


@dataclass(frozen=True, slots=True)
class Words:
    """What a sheet says, in the reader's language: a title, a line of what all pictures share, the name of what is
    compared from left to right (`columns`) and its values, and the same of what is compared from top to bottom, which
    may be nothing."""

    title: str
    settings: str
    columns: str
    column_heads: Sequence[str]
    rows: str = ""
    row_heads: Sequence[str] = ()


def of_cells(pictures: Sequence[Image.Image | None], words: Words) -> Image.Image:
    """The sheet: row by row the pictures, None where one is missing."""
    top = Stack([Text(words.title, TITLE), Text(words.settings, CAPTION)], gap=4)
    if not words.row_heads:
        return sheet.drawn(Stack([top, Text(words.columns, _HEAD), _strip(pictures, words.column_heads)], gap=18))
    across = len(words.column_heads)
    width = sheet.WIDTH + max(across - _WIDEST, 0) * (sheet.WIDTH // (_WIDEST + 1))
    named = Row([Text(words.rows, _HEAD, Align.CENTRE), Text(words.columns, _HEAD, Align.CENTRE)], _GAP, (_SIDE, None))
    return sheet.drawn(Stack([top, named, _grid(pictures, words, across)], gap=18), width)


def _strip(pictures: Sequence[Image.Image | None], heads: Sequence[str]) -> Block:
    """Each picture under its value, in rows as even as can be."""
    rows = -(-len(pictures) // ACROSS)
    across = -(-len(pictures) // rows)
    panels: list[Block] = [
        Stack([Text(head, BODY, Align.CENTRE), _picture(picture)], gap=6)
        for picture, head in zip(pictures, heads, strict=True)
    ]
    panels += [Space(0)] * (rows * across - len(panels))
    return Stack([Row(panels[start : start + across], _GAP) for start in range(0, len(panels), across)], gap=18)


def _grid(pictures: Sequence[Image.Image | None], words: Words, across: int) -> Block:
    widths = (_SIDE, *[None] * across)
    heads = [Text(head, BODY, Align.CENTRE) for head in words.column_heads]
    table: list[Block] = [Row([Space(0), *heads], _GAP, widths)]
    for number, head in enumerate(words.row_heads):
        row = [_picture(each) for each in pictures[number * across : (number + 1) * across]]
        table.append(Row([Text(head, BODY, Align.CENTRE), *row], _GAP, widths, centred=True))
    return Stack(table, gap=_GAP)


def _picture(picture: Image.Image | None) -> Block:
    return Picture(picture) if picture else Picture(Image.new("RGB", (64, 64), palette.INNER))
