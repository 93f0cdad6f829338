"""The form of an edit: what to change, how much, and pictures to look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.interactions.given_files import GivenFile
from bot.locales import say
from bot.requests.edits import REFERENCES, STRENGTH
from generation.abilities import Abilities
from generation.sentences import Sentence

LONGEST_CHANGE = 1000
"""Characters of an instruction."""

_CHANGE, _STRENGTH, _REFERENCES = "change", "strength", "references"

_STRENGTHS = {
    0.4: Sentence("A little"),
    STRENGTH: Sentence("Clearly"),
    0.75: Sentence("A lot"),
    0.9: Sentence("Nearly everything"),
}
"""The strengths to choose from, where a model draws over the picture."""


@dataclass(frozen=True, slots=True)
class EditInput:
    """A submitted form."""

    change: str
    strength: float | None = None
    references: tuple[GivenFile, ...] = ()


def panel(custom_id: str, able: Abilities) -> ui.Modal:
    """A form for what the model that edits is `able` to follow."""
    modal = ui.Modal(title=say("Edit this picture"), custom_id=custom_id, timeout=None)
    words: ui.TextInput[Any] = ui.TextInput(
        custom_id=_CHANGE, placeholder=say("make the hat red"), max_length=LONGEST_CHANGE
    )
    modal.add_item(ui.Label(text=say("What should change?"), component=words))
    if not able.edits:
        options = [
            discord.SelectOption(label=say(label), value=str(value), default=value == STRENGTH)
            for value, label in _STRENGTHS.items()
        ]
        modal.add_item(ui.Label(text=say("How much?"), component=ui.Select(custom_id=_STRENGTH, options=options)))
    if (most := min(REFERENCES, able.references - 1)) > 0:
        files: ui.FileUpload[Any] = ui.FileUpload(custom_id=_REFERENCES, min_values=0, max_values=most, required=False)
        hint = say("Optional: a hat, a face or a place that the words speak of.")
        modal.add_item(ui.Label(text=say("Pictures to look at"), description=hint, component=files))
    modal.stop()
    return modal


def read(values: Mapping[str, Any]) -> EditInput:
    """A submitted form, from its values by custom id. Raises `UnusableImage`."""
    strengths = values.get(_STRENGTH) or ()
    return EditInput(
        " ".join(str(values[_CHANGE]).split()),
        float(strengths[0]) if strengths else None,
        tuple(values.get(_REFERENCES) or ()),
    )
