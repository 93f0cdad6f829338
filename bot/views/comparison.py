"""The message of a comparison: the sheet, and a select of its pictures."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import discord
from discord import ui

from bot.figures.comparison import NAMES
from bot.locales import say
from bot.views.custom_ids import Press, PressKind
from bot.views.message import Part, gallery
from bot.views.text import SHOWN_PROMPT
from storage.records import Generation

LABEL = 100
"""Discord's limit for the label of a select option, in characters."""


def sheet_of(generation: Generation, names: Sequence[str]) -> list[Part]:
    """The sheet, with alt text."""
    described = say(
        "“{prompt}” compared by {settings}",
        prompt=generation.settings.prompt[:SHOWN_PROMPT],
        settings=[f"{say(NAMES[axis.parameter])}: {', '.join(axis.values)}"[:150] for axis in generation.axes],
    )
    return [gallery(names, described)]


def rows_of(generation: Generation, *after: ui.Button[Any]) -> list[Part]:
    """A select of the cells, and a row with the buttons in `after`."""
    options = [
        discord.SelectOption(label=label[:LABEL], value=str(index)) for index, label in enumerate(labels_of(generation))
    ]
    press = Press(PressKind.CELL, generation.id)
    choice: ui.Select[Any] = ui.Select(
        custom_id=press.custom_id, placeholder=say("Draw one of these on its own…"), options=options
    )
    return [ui.ActionRow(choice), ui.ActionRow(*after)]


def labels_of(generation: Generation) -> list[str]:
    """A label for each cell: the values it differs in, such as "steps 20, guidance 7"."""
    axes = generation.axes
    names = [say(NAMES[axis.parameter]) for axis in axes]
    return [
        ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))
        for values in product(*(axis.values for axis in axes))
    ]
