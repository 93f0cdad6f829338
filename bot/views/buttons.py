"""The buttons and selects under a message."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import discord
from discord import ui

from bot.locales import say
from bot.views.custom_ids import LAST_REQUEST, Press, PressKind
from generation.abilities import Abilities
from generation.outpainting import ZOOMS
from generation.pipelines import Guidance
from generation.sentences import Sentence
from generation.upscaling import FACTOR, FACTORS
from storage.records import Action, Generation

Row = ui.ActionRow[ui.LayoutView]

FACES = {
    PressKind.REROLL: (Sentence("Re-roll"), "🔁"),
    PressKind.UPSCALE: (Sentence("Upscale ×{factor}", factor=FACTOR), "🔎"),
    PressKind.VARY: (Sentence("Vary"), "🎲"),
    PressKind.REDRAW: (Sentence("Start from this picture"), "🖌️"),
    PressKind.REMIX: (Sentence("Remix"), "✏️"),
    PressKind.EDIT: (Sentence("Edit"), "🪄"),
    PressKind.REGION: (Sentence("Vary region"), "🎯"),
    PressKind.UNDO: (Sentence("Undo"), "↩️"),
    PressKind.EDIT_AGAIN: (Sentence("Again"), "🔁"),
    PressKind.EDIT_MORE: (Sentence("More"), "➕"),
    PressKind.EDIT_LESS: (Sentence("Less"), "➖"),
    PressKind.FAVOURITE: (Sentence("Favourite"), "⭐"),
    PressKind.DELETE: (Sentence("Delete"), "❌"),
    PressKind.REPORT: (Sentence("Report"), "🚩"),
    PressKind.NEXT_SEED: (Sentence("Next seed"), "🌱"),
    PressKind.DETAILS: (Sentence("Details"), None),
    PressKind.TECHNICAL: (Sentence("Technical"), None),
    PressKind.CONTROLS: (Sentence("Control pictures"), None),
    PressKind.CANCEL: (Sentence("Cancel"), None),
    PressKind.ORIGINAL: (Sentence("Original file"), "💾"),
}
"""Label and emoji of each button; the emoji may be None."""

MORE = {
    PressKind.VARY: ("🎲", Sentence("Vary a little"), Sentence("small changes")),
    PressKind.VARY_STRONG: ("🎲", Sentence("Vary a lot"), Sentence("big changes")),
    PressKind.REDRAW: ("🖌️", Sentence("Start from this picture"), Sentence("redraw it with another prompt")),
    PressKind.SHAPE_SQUARE: ("⬜", Sentence("Square"), Sentence("the same seed in another shape")),
    PressKind.SHAPE_WIDE: ("🖥️", Sentence("Wide"), Sentence("the same seed in another shape")),
    PressKind.SHAPE_TALL: ("📱", Sentence("Tall"), Sentence("the same seed in another shape")),
    PressKind.ZOOM_LITTLE: (
        "🔭",
        Sentence("Zoom out ×{factor:g}", factor=ZOOMS[0]),
        Sentence("draw more on all sides"),
    ),
    PressKind.ZOOM_FAR: ("🔭", Sentence("Zoom out ×{factor:g}", factor=ZOOMS[1]), Sentence("draw more on all sides")),
    PressKind.PAN_LEFT: ("⬅️", Sentence("Pan left"), Sentence("draw more on that side")),
    PressKind.PAN_RIGHT: ("➡️", Sentence("Pan right"), Sentence("draw more on that side")),
    PressKind.PAN_UP: ("⬆️", Sentence("Pan up"), Sentence("draw more on that side")),
    PressKind.PAN_DOWN: ("⬇️", Sentence("Pan down"), Sentence("draw more on that side")),
    PressKind.HIRES: ("🔬", Sentence("Refine"), Sentence("twice the size, redrawn with more detail")),
    PressKind.FACES: ("😀", Sentence("Fix faces"), Sentence("draw each face again, larger")),
    PressKind.UPSCALE_FAR: (
        "🔎",
        Sentence("Upscale ×{factor}", factor=max(FACTORS)),
        Sentence("larger and sharper, otherwise unchanged"),
    ),
    PressKind.UPSCALE_CREATIVE: (
        "🎨",
        Sentence("Upscale creatively"),
        Sentence("larger, with new detail from the model"),
    ),
    PressKind.CUT_OUT: ("🖼️", Sentence("Remove the background"), Sentence("a PNG with only what is in front")),
    PressKind.EXPLAIN: ("💡", Sentence("See how it is drawn"), Sentence("draw it again and show the steps")),
    PressKind.FILM: ("▶️", Sentence("Film of its steps"), Sentence("draw it again and watch it come about")),
    PressKind.TRY_STEPS: ("🧪", Sentence("Try other steps"), Sentence("change nothing else")),
    PressKind.TRY_GUIDANCE: ("🧪", Sentence("Try other guidance"), Sentence("change nothing else")),
    PressKind.TRY_SAMPLERS: ("🧪", Sentence("Try other samplers"), Sentence("change nothing else")),
}
"""Entries of the select under a picture: emoji, label and description."""


_USUAL = (PressKind.REROLL, PressKind.VARY, PressKind.UPSCALE, PressKind.REMIX)
"""The buttons under one picture."""

_CHANGING = (PressKind.EDIT, PressKind.REGION)
"""The buttons that change one picture."""

_OF_EDIT = (PressKind.UNDO, PressKind.EDIT_AGAIN, PressKind.EDIT_MORE, PressKind.EDIT_LESS)
"""The buttons under an edit by words, above the usual ones."""

_NUMBERED = {"U": PressKind.UPSCALE, "V": PressKind.VARY}
"""The buttons for each of several pictures, by the letter on them."""

_NEEDS: dict[PressKind, Callable[[Abilities], bool]] = {
    **dict.fromkeys((PressKind.VARY, PressKind.VARY_STRONG), lambda able: able.variations),
    **dict.fromkeys((PressKind.SHAPE_SQUARE, PressKind.SHAPE_WIDE, PressKind.SHAPE_TALL), lambda able: able.variations),
    **dict.fromkeys((PressKind.ZOOM_LITTLE, PressKind.ZOOM_FAR), lambda able: able.draws_around),
    **dict.fromkeys(
        (PressKind.PAN_LEFT, PressKind.PAN_RIGHT, PressKind.PAN_UP, PressKind.PAN_DOWN), lambda able: able.draws_around
    ),
    **dict.fromkeys((PressKind.HIRES, PressKind.UPSCALE_CREATIVE), lambda able: able.hires),
    PressKind.FACES: lambda able: able.faces,
    PressKind.REDRAW: lambda able: able.takes_picture,
    PressKind.REGION: lambda able: able.mask and able.start_picture,
    PressKind.EDIT: lambda able: able.takes_picture or able.has_editor,
    **dict.fromkeys(
        (PressKind.EDIT_MORE, PressKind.EDIT_LESS), lambda able: not able.edits or able.guidance is not Guidance.NONE
    ),
    PressKind.CUT_OUT: lambda able: able.cuts_out,
    **dict.fromkeys((PressKind.EXPLAIN, PressKind.FILM), lambda able: able.explain),
    PressKind.TRY_GUIDANCE: lambda able: able.guidance is not Guidance.NONE,
    PressKind.TRY_SAMPLERS: lambda able: len(able.samplers) > 1,
}
"""What a model must be able to do for a button; the others are for all models."""


def _is_offered(kind: PressKind, able: Abilities) -> bool:
    return kind not in _NEEDS or _NEEDS[kind](able)


def _offered(kinds: Iterable[PressKind], able: Abilities) -> list[PressKind]:
    """The buttons of a model, in their order."""
    return [kind for kind in kinds if _is_offered(kind, able)]


def button(press: Press, label: str | None = None, emoji: str | None = None) -> ui.Button[Any]:
    """The button of a press, with its usual label and emoji unless others are given."""
    usual, usual_emoji = FACES[press.kind]
    return ui.Button(label=label or say(usual), emoji=emoji or usual_emoji, custom_id=press.custom_id)


def rows_of(generation: Generation, able: Abilities) -> list[Row]:
    """The rows of buttons under finished pictures, for what their model is `able` to do."""
    if generation.lineage.action is Action.SEED:
        return _rows_of_seed(generation)
    if len(generation.pictures) == 1:
        return [
            *_rows_of_edit(generation, able),
            ui.ActionRow(*_buttons(generation, *_offered(_USUAL, able))),
            *_rows_of(generation, _offered(_CHANGING, able)),
            more(generation.id, 0, able),
            ui.ActionRow(*kept(generation)),
        ]
    return [
        *(numbered(letter, kind, generation) for letter, kind in _NUMBERED.items() if _is_offered(kind, able)),
        _pick(generation),
        ui.ActionRow(*_buttons(generation, PressKind.REROLL, PressKind.REMIX), *kept(generation)),
    ]


def _rows_of_edit(generation: Generation, able: Abilities) -> list[Row]:
    """What people do with an edit; empty for another request. There are no words to change of drawing faces anew."""
    if not generation.lineage.action.edits:
        return []
    of_words = generation.lineage.action not in (Action.FACES, Action.CUT_OUT)
    offered = _offered(_OF_EDIT if of_words else (PressKind.UNDO,), able)
    return _rows_of(generation, [kind for kind in offered if kind is not PressKind.UNDO or generation.lineage.parent])


def _rows_of(generation: Generation, kinds: Sequence[PressKind]) -> list[Row]:
    """A row of buttons; none where there are no buttons."""
    return [ui.ActionRow(*_buttons(generation, *kinds))] if kinds else []


def originals(generation: Generation) -> Row | None:
    """A button for the original file of each picture; None if no file is left."""
    files = [picture for picture in generation.shown if picture.file]
    if not files:
        return None
    if len(generation.pictures) == 1:
        return _row(generation, PressKind.ORIGINAL)
    presses = [Press(PressKind.ORIGINAL, generation.id, picture.index) for picture in files]
    return ui.ActionRow(*(button(press, say("Original {number}", number=press.picture + 1)) for press in presses))


def _rows_of_seed(generation: Generation) -> list[Row]:
    following = button(Press(PressKind.NEXT_SEED, generation.id))
    draw = button(Press(PressKind.REMIX, generation.id), say("Draw with this seed…"))
    return [ui.ActionRow(following, draw), ui.ActionRow(*kept(generation))]


def more(generation_id: int, picture: int, able: Abilities) -> Row:
    """A select of the actions that have no button."""
    options = []
    for kind in _offered(MORE, able):
        emoji, label, description = MORE[kind]
        option = discord.SelectOption(label=say(label), value=kind.value, emoji=emoji, description=say(description))
        options.append(option)
    press = Press(PressKind.MORE, generation_id, picture)
    return ui.ActionRow(ui.Select(custom_id=press.custom_id, placeholder=say("More…"), options=options))


def of_picture(generation_id: int, picture: int, able: Abilities) -> Row:
    """The buttons of one of several pictures."""
    kinds = _offered((PressKind.VARY, PressKind.UPSCALE, PressKind.REMIX, *_CHANGING), able)
    return ui.ActionRow(*(button(Press(kind, generation_id, picture)) for kind in kinds))


def kept(generation: Generation) -> list[ui.Button[Any]]:
    """The buttons for what becomes of finished pictures; those that others see on a server can be reported."""
    origin = generation.origin
    is_public = origin.guild_id is not None and not (origin.private or origin.token_only)
    return _buttons(generation, PressKind.FAVOURITE, PressKind.DELETE, *[PressKind.REPORT] * is_public)


def _buttons(generation: Generation, *kinds: PressKind) -> list[ui.Button[Any]]:
    return [button(Press(kind, generation.id)) for kind in kinds]


def _row(generation: Generation, *kinds: PressKind) -> Row:
    return ui.ActionRow(*_buttons(generation, *kinds))


def numbered(letter: str, kind: PressKind, generation: Generation) -> Row:
    """One button for each picture that may be shown."""
    presses = [Press(kind, generation.id, picture.index) for picture in generation.shown]
    return ui.ActionRow(*(button(press, f"{letter}{press.picture + 1}") for press in presses))


def _pick(generation: Generation) -> Row:
    options = [
        discord.SelectOption(
            label=say("Picture {number}", number=picture.index + 1),
            value=str(picture.index),
            description=say("seed {seed}", seed=picture.seed),
        )
        for picture in generation.shown
    ]
    press = Press(PressKind.PICK, generation.id)
    return ui.ActionRow(
        ui.Select(custom_id=press.custom_id, placeholder=say("More with one picture…"), options=options)
    )


def comparing(
    label: str, parameter: str, generation_id: int = LAST_REQUEST, values: Sequence[str] = ()
) -> ui.Button[Any]:
    """The button that compares values of a setting on the prompt of a request."""
    custom_id = ":".join(["noisefox-try", parameter, str(generation_id), *([",".join(values)] if values else [])])
    return ui.Button(label=label, emoji="🧪", custom_id=custom_id)
