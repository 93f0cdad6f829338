"""What a custom id says: which button was pressed, on which picture of which request."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class PressKind(StrEnum):
    """What a button, or an entry of a select, does."""

    REROLL = "reroll"
    UPSCALE = "upscale"
    VARY = "vary"
    REMIX = "remix"
    FAVOURITE = "favourite"
    DETAILS = "details"
    ORIGINAL = "original"
    """The picture as it was drawn, as a file."""
    DELETE = "delete"
    CANCEL = "cancel"
    MORE = "more"
    """A select, whose chosen value is the kind of press."""
    PICK = "pick"
    """A select of pictures: shows what can be done with the chosen one."""
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
    UPSCALE_FAR = "upscale-far"
    UPSCALE_CREATIVE = "upscale-creative"
    REDRAW = "redraw"
    TRY_STEPS = "try-steps"
    TRY_GUIDANCE = "try-guidance"
    TRY_SAMPLERS = "try-samplers"
    EXPLAIN = "explain"
    EXPLAIN_SEED = "explain-seed"
    EXPLAIN_GUIDANCE = "explain-guidance"
    EXPLAIN_STEPS = "explain-steps"
    DRAW = "draw"
    """Draws what was explained, as a request of its own."""
    CELL = "cell"
    """A select of a comparison's cells: draws the chosen one as a request of its own."""
    GIF = "gif"
    """Shows an animation to those whose client plays no WebP."""
    NEXT_SEED = "next-seed"
    """Of a figure: the same with the seed after it."""
    USE = "use"
    """As a form: a new request with the settings of a picture."""


@dataclass(frozen=True, slots=True)
class Press:
    """What was pressed: what it does, to which generation, and to which of its pictures."""

    kind: PressKind
    generation_id: int
    picture: int = 0

    @property
    def custom_id(self) -> str:
        return f"noisefox:{self.kind}:{self.generation_id}:{self.picture}"

    @classmethod
    def read(cls, custom_id: str) -> Self | None:
        """The press of a custom_id; None where it is not one of these."""
        match = TEMPLATE.fullmatch(custom_id)
        return None if match is None else cls.of(match)

    @classmethod
    def of(cls, match: "re.Match[str]") -> Self | None:
        """The press of a matched custom_id; None where its kind is not known (any more)."""
        if match["kind"] not in list(PressKind):
            return None
        return cls(PressKind(match["kind"]), int(match["generation"]), int(match["picture"]))


TEMPLATE = re.compile(r"noisefox:(?P<kind>[a-z-]+):(?P<generation>\d{1,18}):(?P<picture>\d)")
