"""Draws waiting times against load, for fleets of several sizes."""

import math
from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw

from generation.figures import palette
from generation.figures.blocks import rounded
from generation.figures.palette import Colour
from generation.figures.typography import CAPTION, Style, face

SIZE = 1280, 760
LEFT, TOP, RIGHT, BOTTOM = 150, 130, 40, 130
"""Pixels around the plot."""
SECONDS = (1, 3, 10, 30, 100, 300, 1000)
"""The lines across."""
COLOURS: Sequence[Colour] = (palette.ORANGE, palette.BLUE, palette.GREEN, palette.VIOLET)

Points = Sequence[tuple[float, float, float]]
"""Load in percent, and the median and the 95th percentile of the waiting times in seconds."""


def drawn(lines: Mapping[str, Points]) -> Image.Image:
    """A plot with two lines for each name: full for the median, and thin for the 95th percentile."""
    card = Image.new("RGB", SIZE, palette.CARD)
    pen = ImageDraw.Draw(card)
    loads = sorted({load for points in lines.values() for load, _, _ in points})

    def at(load: float, seconds: float) -> tuple[float, float]:
        width, height = SIZE[0] - LEFT - RIGHT, SIZE[1] - TOP - BOTTOM
        across = (load - loads[0]) / (loads[-1] - loads[0])
        up = math.log(max(seconds, SECONDS[0]) / SECONDS[0]) / math.log(SECONDS[-1] / SECONDS[0])
        return LEFT + width * across, TOP + height * (1 - up)

    def write(where: tuple[float, float], text: str, style: Style = CAPTION, anchor: str = "mm") -> None:
        pen.text(where, text, font=face(style), fill=style.colour, anchor=anchor)

    for seconds in SECONDS:
        pen.line([at(loads[0], seconds), at(loads[-1], seconds)], fill=palette.GROOVE, width=2)
        write((LEFT - 18, at(loads[0], seconds)[1]), f"{seconds} s", anchor="rm")
    for load in loads:
        write((at(load, 1)[0], SIZE[1] - BOTTOM + 36), f"{load:.0f} %", anchor="mm" if load < loads[-1] else "rm")
    write((SIZE[0] / 2, SIZE[1] - 36), "of what the devices can draw is asked for")
    write((LEFT, 44), "Seconds until drawing begins: median thick, 95th percentile thin", Style(34), "lm")
    for place, (name, points) in enumerate(lines.items()):
        colour = COLOURS[place % len(COLOURS)]
        write((LEFT + 300 * place, 96), name, Style(34, colour=colour), "lm")
        pen.line([at(load, p95) for load, _, p95 in points], fill=colour, width=3)
        pen.line([at(load, median) for load, median, _ in points], fill=colour, width=8, joint="curve")
    card.putalpha(rounded(card.size, 28))
    return card
