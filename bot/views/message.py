"""Parts that all messages share."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO

import discord
from discord import ui

ACCENT = discord.Colour(0xF2913D)
QUIET = discord.Colour(0x80848E)

Part = ui.Item[ui.LayoutView]

ALT_TEXT = 1024
"""Discord's limit for alt text, in characters."""

SPOILER = "SPOILER_"
"""Discord hides a file behind a spoiler if its name begins with this."""


@dataclass(frozen=True, slots=True)
class MessageContent:
    """A message: its view, and the files that the view refers to by name."""

    view: ui.LayoutView
    files: dict[str, bytes] = field(default_factory=dict)


def framed(parts: Sequence[Part], colour: discord.Colour = ACCENT) -> ui.LayoutView:
    """A view of one container with a stripe of `colour`."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, accent_colour=colour))
    return view


def gallery(names: Sequence[str], description: str) -> ui.MediaGallery[ui.LayoutView]:
    """The files of these names, with alt text; names that begin with `SPOILER` are hidden."""
    items = [
        discord.MediaGalleryItem(
            f"attachment://{name}", description=description[:ALT_TEXT], spoiler=name.startswith(SPOILER)
        )
        for name in names
    ]
    return ui.MediaGallery(*items)


def files_of(content: MessageContent) -> list[discord.File]:
    """The files of a message, ready to send."""
    return [discord.File(BytesIO(data), filename=name) for name, data in content.files.items()]
