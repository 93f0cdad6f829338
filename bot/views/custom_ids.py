"""Custom ids: which button was pressed, on which picture of which request."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self


class PressKind(StrEnum):
    """The action of a button or of a select option."""

    REROLL = "reroll"
    UPSCALE = "upscale"
    VARY = "vary"
    REMIX = "remix"
    FAVOURITE = "favourite"
    DETAILS = "details"
    TECHNICAL = "technical"
    """Shows which device drew a request, and how."""
    CONTROLS = "controls"
    """Shows what was made of the given pictures for the ControlNets."""
    ORIGINAL = "original"
    """Sends the original file of the picture."""
    DELETE = "delete"
    REPORT = "report"
    """Shows the picture to the moderators of its server."""
    CANCEL = "cancel"
    MORE = "more"
    """A select; the chosen value is the kind of press."""
    PICK = "pick"
    """A select of pictures; shows the actions for the chosen one."""
    VARY_STRONG = "vary-strong"
    SHAPE_SQUARE = "shape-square"
    SHAPE_WIDE = "shape-wide"
    SHAPE_TALL = "shape-tall"
    ZOOM_LITTLE = "zoom-little"
    ZOOM_FAR = "zoom-far"
    PAN_LEFT = "pan-left"
    PAN_RIGHT = "pan-right"
    PAN_UP = "pan-up"
    PAN_DOWN = "pan-down"
    HIRES = "hires"
    CUT_OUT = "cut-out"
    FACES = "faces"
    UPSCALE_FAR = "upscale-far"
    UPSCALE_CREATIVE = "upscale-creative"
    REDRAW = "redraw"
    EDIT = "edit"
    """Opens a form that asks what to change."""
    EDIT_AGAIN = "edit-again"
    EDIT_MORE = "edit-more"
    EDIT_LESS = "edit-less"
    REGION = "region"
    """Lets somebody choose a part of a picture."""
    UNDO = "undo"
    """Shows the picture before an edit, with its buttons."""
    TRY_STEPS = "try-steps"
    TRY_GUIDANCE = "try-guidance"
    TRY_SAMPLERS = "try-samplers"
    EXPLAIN = "explain"
    FILM = "film"
    """Draws the picture again, and shows its steps as a short film."""
    EXPLAIN_SEED = "explain-seed"
    EXPLAIN_GUIDANCE = "explain-guidance"
    EXPLAIN_STEPS = "explain-steps"
    DRAW = "draw"
    """Draws the explained picture as a new request."""
    CELL = "cell"
    """A select of a comparison's cells; draws the chosen one as a new request."""
    GIF = "gif"
    """Shows the animation as a GIF, for clients that play no WebP."""
    NEXT_SEED = "next-seed"
    """Draws a seed's figure again with the next seed."""
    USE = "use"
    """Opens a form for a new request with the settings of a picture."""


@dataclass(frozen=True, slots=True)
class Press:
    """A press: its action, and the generation and picture it is about."""

    kind: PressKind
    generation_id: int
    picture: int = 0

    @property
    def custom_id(self) -> str:
        """The custom_id that `read` turns back into this press."""
        return f"noisefox:{self.kind}:{self.generation_id}:{self.picture}"

    @classmethod
    def read(cls, custom_id: str) -> Self | None:
        """The press of a custom_id; None if it is not one of ours."""
        match = TEMPLATE.fullmatch(custom_id)
        return None if match is None else cls.of(match)

    @classmethod
    def of(cls, match: "re.Match[str]") -> Self | None:
        """The press of a matched custom_id; None if its kind is unknown, for example one of an older version."""
        if match["kind"] not in list(PressKind):
            return None
        return cls(PressKind(match["kind"]), int(match["generation"]), int(match["picture"]))


TEMPLATE = re.compile(r"noisefox:(?P<kind>[a-z-]+):(?P<generation>[0-9]{1,18}):(?P<picture>[0-9])")

COMPARE = re.compile(r"noisefox-try:(?P<parameter>[a-z -]+):(?P<generation>[0-9]{1,18})(?::(?P<values>[0-9.,×]+))?")
"""The button that compares a setting: the parameter, the request to compare on, and the values if they are given."""

LAST_REQUEST = 0
"""As the request of a `COMPARE` button: the latest one of whoever presses it."""


class RegionStep(StrEnum):
    """What is done to the choice of a part of a picture."""

    NAME = "name"
    """The form that asks what to draw anew, by its name."""
    CELLS = "cells"
    LINES = "lines"
    CLEAR = "clear"
    WORDS = "words"
    """Opens the form that asks what to draw there, and is that form."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The cells of a picture that somebody has chosen so far; see `generation.regions`."""

    generation_id: int
    picture: int
    cells: int = 0
    step: RegionStep = RegionStep.CELLS

    def at(self, step: RegionStep) -> "Choice":
        """The same choice at another step."""
        return replace(self, step=step)

    @property
    def custom_id(self) -> str:
        return f"noisefox-region:{self.step}:{self.generation_id}:{self.picture}:{self.cells}"

    @classmethod
    def of(cls, match: "re.Match[str]") -> Self:
        """The choice of a custom_id that `REGION` matches."""
        return cls(int(match["generation"]), int(match["picture"]), int(match["cells"]), RegionStep(match["step"]))


REGION = re.compile(
    rf"noisefox-region:(?P<step>{'|'.join(RegionStep)}):(?P<generation>[0-9]{{1,18}}):(?P<picture>[0-9])"
    r":(?P<cells>[0-9]{1,8})"
)


def custom_ids_in(components: Sequence[Any]) -> Iterator[str]:
    """All custom ids among the components of a message, at any depth."""
    for component in components:
        if custom_id := getattr(component, "custom_id", None):
            yield custom_id
        inner = [*getattr(component, "children", []), getattr(component, "accessory", None)]
        yield from custom_ids_in([each for each in inner if each is not None])
