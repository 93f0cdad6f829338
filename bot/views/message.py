"""Parts that all messages share."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO

import discord
from discord import ui

ACCENT = discord.Colour(0xF2913D)
QUIET = discord.Colour(0x80848E)

Part = ui.Item[ui.LayoutView]

ALT_TEXT = 1024
"""Discord's limit for alt text, in characters."""

ATTACHED = "attachment://"
"""The beginning of the address of a message's own file."""

SPOILER = "SPOILER_"
"""Discord hides a file behind a spoiler if its name begins with this."""


@dataclass(frozen=True, slots=True)
class MessageContent:
    """A message: its view, and the files that the view refers to by name. `described` is the alt text of those for
    which the view has none."""

    view: ui.LayoutView
    files: dict[str, bytes] = field(default_factory=dict)
    described: str = ""


def framed(parts: Sequence[Part], colour: discord.Colour = ACCENT) -> ui.LayoutView:
    """A view of one container with a stripe of `colour`."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, accent_colour=colour))
    return view


def gallery(names: Sequence[str], *descriptions: str) -> ui.MediaGallery[ui.LayoutView]:
    """The files of these names, each with its alt text, or all with the same; names that begin with `SPOILER` are
    hidden."""
    each = descriptions * len(names) if len(descriptions) == 1 else descriptions
    items = [
        discord.MediaGalleryItem(
            f"{ATTACHED}{name}", description=description[:ALT_TEXT], spoiler=name.startswith(SPOILER)
        )
        for name, description in zip(names, each, strict=True)
    ]
    return ui.MediaGallery(*items)


def files_of(content: MessageContent) -> list[discord.File]:
    """The files of a message, ready to send, with their alt texts."""
    described = dict(_alt_texts(content.view))
    return [
        discord.File(
            BytesIO(data), filename=name, description=described.get(name, content.described)[:ALT_TEXT] or None
        )
        for name, data in content.files.items()
    ]


def _alt_texts(view: ui.LayoutView) -> Iterator[tuple[str, str]]:
    """The alt text of each file that a view shows as a picture."""
    for part in view.walk_children():
        if isinstance(part, ui.MediaGallery):
            for item in part.items:
                yield item.media.url.removeprefix(ATTACHED), item.description or ""
        elif isinstance(part, ui.Thumbnail):
            yield part.media.url.removeprefix(ATTACHED), part.description or ""
