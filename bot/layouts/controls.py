"""The buttons and selects under a message."""

from typing import Any

import discord
from discord import ui

from bot.buttons import Press, PressKind
from generation.upscaling import FACTOR, FACTORS
from storage.records import Generation

Row = ui.ActionRow[ui.LayoutView]

FACES = {
    PressKind.REROLL: ("Re-roll", "🔁"),
    PressKind.UPSCALE: (f"Upscale ×{FACTOR}", "🔎"),
    PressKind.VARY: ("Vary", "🎲"),
    PressKind.REMIX: ("Remix", "✏️"),
    PressKind.FAVOURITE: ("Favourite", "⭐"),
    PressKind.DELETE: ("Delete", "❌"),
    PressKind.DETAILS: ("Details", None),
    PressKind.CANCEL: ("Cancel", None),
    PressKind.ORIGINAL: ("Original file", "💾"),
}
"""Label and emoji, which may be missing."""

MORE = {
    PressKind.VARY: ("🎲 Vary a little", "much like it"),
    PressKind.VARY_STRONG: ("🎲 Vary a lot", "a clear change"),
    PressKind.REDRAW: ("🖌️ Start from this picture", "with other words, as far as you like"),
    PressKind.SHAPE_SQUARE: ("⬜ Square", "the same seed in another shape"),
    PressKind.SHAPE_WIDE: ("🖥️ Wide", "the same seed in another shape"),
    PressKind.SHAPE_TALL: ("📱 Tall", "the same seed in another shape"),
    PressKind.ZOOM_LITTLE: ("🔭 Zoom out ×1.5", "draw what is around it"),
    PressKind.ZOOM_FAR: ("🔭 Zoom out ×2", "draw what is around it"),
    PressKind.PAN_LEFT: ("⬅️ Look left", "draw more on that side"),
    PressKind.PAN_RIGHT: ("➡️ Look right", "draw more on that side"),
    PressKind.PAN_UP: ("⬆️ Look up", "draw more on that side"),
    PressKind.PAN_DOWN: ("⬇️ Look down", "draw more on that side"),
    PressKind.HIRES: ("🔬 Refine", "twice the size, drawn with the detail of it"),
    PressKind.UPSCALE_FAR: (f"🔎 Upscale ×{max(FACTORS)}", "sharper, and otherwise as it is"),
    PressKind.UPSCALE_CREATIVE: ("🎨 Upscale creatively", "larger, with new detail that the model finds"),
    PressKind.EXPLAIN: ("💡 See how it is drawn", "the same once more, from the inside"),
    PressKind.TRY_STEPS: ("🧪 Try other steps", "pictures that differ in nothing else"),
    PressKind.TRY_GUIDANCE: ("🧪 Try other guidance", "pictures that differ in nothing else"),
    PressKind.TRY_SAMPLERS: ("🧪 Try other samplers", "pictures that differ in nothing else"),
}
"""What the select of a picture offers: emoji with label, and description."""


def button(press: Press, label: str | None = None, emoji: str | None = None) -> ui.Button[Any]:
    usual, face = FACES[press.kind]
    return ui.Button(label=label or usual, emoji=emoji or face, custom_id=press.custom_id)


def rows_of(generation: Generation) -> list[Row]:
    """What can be done with a request that has its pictures."""
    if len(generation.pictures) == 1:
        return [
            _row(generation, PressKind.REROLL, PressKind.VARY, PressKind.UPSCALE, PressKind.REMIX),
            more(generation.id, 0),
            _row(generation, PressKind.FAVOURITE, PressKind.DELETE),
        ]
    return [
        _numbered("U", PressKind.UPSCALE, generation),
        _numbered("V", PressKind.VARY, generation),
        _pick(generation),
        _row(generation, PressKind.REROLL, PressKind.REMIX, PressKind.FAVOURITE, PressKind.DELETE),
    ]


def originals(generation: Generation) -> Row | None:
    """A button for the file of each picture that is still there; nothing where none is."""
    files = [picture for picture in generation.shown if picture.file]
    if not files:
        return None
    if len(generation.pictures) == 1:
        return _row(generation, PressKind.ORIGINAL)
    presses = [Press(PressKind.ORIGINAL, generation.id, picture.index) for picture in files]
    return ui.ActionRow(*(button(press, f"Original {press.picture + 1}") for press in presses))


def more(generation_id: int, picture: int) -> Row:
    """A select of everything that no button does."""
    options = []
    for kind, (face, description) in MORE.items():
        emoji, _, label = face.partition(" ")
        options.append(discord.SelectOption(label=label, value=kind.value, emoji=emoji, description=description))
    press = Press(PressKind.MORE, generation_id, picture)
    return ui.ActionRow(ui.Select(custom_id=press.custom_id, placeholder="More…", options=options))


def _row(generation: Generation, *kinds: PressKind) -> Row:
    return ui.ActionRow(*(button(Press(kind, generation.id)) for kind in kinds))


def _numbered(letter: str, kind: PressKind, generation: Generation) -> Row:
    presses = [Press(kind, generation.id, picture.index) for picture in generation.shown]
    return ui.ActionRow(*(button(press, f"{letter}{press.picture + 1}") for press in presses))


def _pick(generation: Generation) -> Row:
    options = [
        discord.SelectOption(
            label=f"Picture {picture.index + 1}", value=str(picture.index), description=f"seed {picture.seed}"
        )
        for picture in generation.shown
    ]
    press = Press(PressKind.PICK, generation.id)
    return ui.ActionRow(ui.Select(custom_id=press.custom_id, placeholder="More with one picture…", options=options))
