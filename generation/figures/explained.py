"""An explanation as one wide figure, as its two halves for the chat, and as an animation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy
from PIL import Image

from generation.explanation import Explanation, Fork, Moment
from generation.figures import blocks, palette
from generation.figures.blocks import MARGIN, WIDTH, Align, Bar, Block, Picture, Row, Stack, Text, panel, rows_of
from generation.figures.typography import CAPTION, HEAD, TITLE, Style, Weight
from generation.pictures import Preview

SHOWN = 8
"""The number of moments in the figure. With the noise they fill three rows."""

ANIMATION_WIDTH = 800
FIRST_MS, STEP_MS, LAST_MS = 1200, 220, 2600
"""Milliseconds that the animation shows the noise, each step, and the finished picture."""

_COLUMN = Style(34, Weight.BOLD)
_ABOVE, _BELOW = Style(33, Weight.BOLD), Style(30)
"""The letters of the animation."""
_ACROSS = 3
_GAP = 14


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a figure and its animation, in the reader's language."""

    title: str
    settings: str
    becoming: str
    """Above the moments; `moments` are their captions, one for each of `shown`."""
    becoming_caption: str
    noise: str
    """Below the noise."""
    moments: Sequence[str]
    forking: str
    """Above the predictions; `forks` are the headings of their rows."""
    forking_caption: str
    without: str
    with_prompt: str
    merged: str
    difference: str
    forks: Sequence[str]
    difference_caption: str
    there: str
    """Above the left side of the animation: the current latents."""
    expected: str
    """Above its right side: the predicted x0."""
    steps: Sequence[str]
    """Below its frames, one for each moment."""


def shown(explanation: Explanation) -> list[Moment]:
    """The moments for the figure, the first and the last included. They are evenly spaced by the sum of steps done and
    noise removed, because most samplers spend half of their steps where nothing can be seen yet."""

    def formed(moment: Moment) -> float:
        return moment.step / explanation.steps + 1 - moment.noise

    left, found = list(explanation.moments), []
    for number in range(min(SHOWN, len(left))):
        apart = [abs(formed(moment) - 2 * number / (SHOWN - 1)) for moment in left]
        found.append(left.pop(apart.index(min(apart))))
    return sorted(found, key=lambda moment: moment.step)


def figure(explanation: Explanation, words: Words) -> Image.Image:
    """Draw both halves side by side."""
    width = 2 * WIDTH - MARGIN
    return blocks.figure(Row([_becoming(explanation, words), _forking(explanation, words)], gap=MARGIN), width)


def halves(explanation: Explanation, words: Words) -> tuple[Image.Image, Image.Image]:
    """Draw the two halves: the noise becoming the picture, and the predictions early, in the middle and late."""
    return blocks.figure(_becoming(explanation, words)), blocks.figure(_forking(explanation, words))


def animation(explanation: Explanation, words: Words) -> tuple[list[Image.Image], list[int]]:
    """The frames of the animation, one for each moment, and the milliseconds that each is shown."""
    frames = [
        blocks.figure(_frame(moment, explanation.steps, words, said), ANIMATION_WIDTH, margin=28)
        for moment, said in zip(explanation.moments, words.steps, strict=True)
    ]
    return frames, [FIRST_MS] + [STEP_MS] * (len(frames) - 2) + [LAST_MS]


def _frame(moment: Moment, steps: int, words: Words, said: str) -> Block:
    sides = (words.there, moment.picture, palette.VIOLET), (words.expected, moment.expected, palette.GREEN)
    heads = Row([Text(head, Style(_ABOVE.size, _ABOVE.weight, colour), Align.CENTRE) for head, _, colour in sides])
    pictures = Row([Picture(_image(look), edge=colour) for _, look, colour in sides])
    return Stack([heads, pictures, Bar(moment.step / steps), Text(said, _BELOW, Align.CENTRE)], gap=16)


def _becoming(explanation: Explanation, words: Words) -> Block:
    looks = [panel(_image(explanation.noise), caption=words.noise, smooth=False)]
    looks += [
        panel(_image(moment.picture), caption=said)
        for moment, said in zip(shown(explanation), words.moments, strict=True)
    ]
    title = Stack([Text(words.title, TITLE), Text(words.settings, CAPTION)], gap=4)
    return Stack([title, _section(words.becoming, words.becoming_caption), rows_of(looks, _ACROSS, _GAP)], gap=22)


def _forking(explanation: Explanation, words: Words) -> Block:
    return Stack([_section(words.forking, words.forking_caption), _forks(explanation, words)], gap=22)


def _section(head: str, caption: str) -> Block:
    return Stack([Text(head, HEAD), Text(caption, CAPTION)], gap=4)


def _forks(explanation: Explanation, words: Words) -> Block:
    """A table: a row for each step, a column for each prediction."""
    heads = (
        (words.without, palette.BLUE),
        (words.with_prompt, palette.ORANGE),
        (words.merged, palette.GREEN),
        (words.difference, palette.QUIET),
    )
    columns = [Text(head, Style(_COLUMN.size, _COLUMN.weight, colour), Align.CENTRE) for head, colour in heads]
    table: list[Block] = [Row(columns, _GAP, centred=True)]
    apart = [_difference(fork) for fork in explanation.forks]
    most = max(float(each.max()) for each in apart)
    for fork, values, said in zip(explanation.forks, apart, words.forks, strict=True):
        looks = (fork.without, fork.with_prompt, fork.merged)
        pictures = [Picture(_image(look), edge=colour) for look, (_, colour) in zip(looks, heads, strict=False)]
        table += [Text(said, CAPTION), Row([*pictures, Picture(palette.heat_map(values, most))], _GAP)]
    return Stack([*table, Text(words.difference_caption, CAPTION)], gap=12)


def _difference(fork: Fork) -> palette.Values:
    """The difference of the two predictions, shape (height, width): the square root of the mean over the colours, which
    makes small differences visible beside large ones."""
    one, other = (_pixels(look) for look in (fork.without, fork.with_prompt))
    values: palette.Values = numpy.sqrt(numpy.abs(one - other).mean(axis=-1))
    return values


def _pixels(look: Preview) -> "numpy.ndarray[Any, numpy.dtype[numpy.float32]]":
    return numpy.asarray(_image(look), dtype=numpy.float32)


def _image(look: Preview) -> Image.Image:
    return Image.frombytes("RGB", (look.width, look.height), look.rgb)
