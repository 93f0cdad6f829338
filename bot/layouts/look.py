"""A message as it is to be sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO

import discord
from discord import ui

ACCENT = discord.Colour(0xF2913D)
QUIET = discord.Colour(0x80848E)

Part = ui.Item[ui.LayoutView]


@dataclass(frozen=True, slots=True)
class Look:
    """A message: its view, and the files that the view names."""

    view: ui.LayoutView
    files: dict[str, bytes] = field(default_factory=dict)


def framed(parts: Sequence[Part], colour: discord.Colour = ACCENT) -> ui.LayoutView:
    """A view of one container with an edge of `colour`."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, accent_colour=colour))
    return view


def files_of(look: Look) -> list[discord.File]:
    """The files of a look, to be sent."""
    return [discord.File(BytesIO(data), filename=name) for name, data in look.files.items()]


def plain(text: str) -> str:
    """Text as typed: no formatting, no mentions."""
    return discord.utils.escape_mentions(discord.utils.escape_markdown(text))
