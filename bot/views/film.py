"""The message of a film: how a picture came about, step by step."""

from typing import Any

from discord import ui

from bot.views.explanation import as_gif, of_steps
from bot.views.message import Part, gallery
from storage.records import Generation


def shown(generation: Generation, names: list[str]) -> list[Part]:
    """The film, with alt text."""
    return [gallery([name], of_steps(generation)) for name in names]


def rows_of(generation: Generation, *after: ui.Button[Any]) -> list[Part]:
    """A row with the button for a GIF and those in `after`."""
    return [ui.ActionRow(as_gif(generation), *after)]
