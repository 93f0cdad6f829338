"""A message as it is to be sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO

import discord
from discord import ui

ACCENT = discord.Colour(0xF2913D)
QUIET = discord.Colour(0x80848E)

Part = ui.Item[ui.LayoutView]

ALT_TEXT = 1024
"""Discord's limit for the description of a picture."""

SPOILER = "SPOILER_"
"""How the name of a file begins that is covered until it is pressed."""


@dataclass(frozen=True, slots=True)
class MessageContent:
    """A message: its view, and the files that the view names."""

    view: ui.LayoutView
    files: dict[str, bytes] = field(default_factory=dict)


def framed(parts: Sequence[Part], colour: discord.Colour = ACCENT) -> ui.LayoutView:
    """A view of one container with an edge of `colour`."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, accent_colour=colour))
    return view


def gallery(names: Sequence[str], description: str) -> ui.MediaGallery[ui.LayoutView]:
    """The files of these names, described for those who do not see them; those whose names say so are covered."""
    items = [
        discord.MediaGalleryItem(
            f"attachment://{name}", description=description[:ALT_TEXT], spoiler=name.startswith(SPOILER)
        )
        for name in names
    ]
    return ui.MediaGallery(*items)


def files_of(content: MessageContent) -> list[discord.File]:
    """The files of a look, to be sent."""
    return [discord.File(BytesIO(data), filename=name) for name, data in content.files.items()]


def plain(text: str) -> str:
    """Text as typed: no formatting, no mentions."""
    return discord.utils.escape_mentions(discord.utils.escape_markdown(text))
