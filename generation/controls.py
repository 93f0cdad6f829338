"""What a ControlNet follows: kinds of control pictures, how much each weighs, and in which of the steps."""

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

MOST = 3
"""Control pictures of one request."""

ROLES = ("control", "second_control", "third_control")
"""Their fields in `Inputs`, in the order of the controls."""

ANY = ""
"""The network of a model's `controlnet`, of which nobody says what it follows."""

UNION = "union"
"""The network of a model that follows several kinds, and is told which."""


class ControlKind(StrEnum):
    """What a control picture shows. All but the first are made from any picture."""

    AS_IS = "as is"
    """The picture as it was given: one that was prepared elsewhere."""
    CANNY = "canny"
    LINES = "lines"
    SCRIBBLE = "scribble"
    DEPTH = "depth"
    POSE = "pose"
    TILE = "tile"


UNION_MODES = {
    ControlKind.POSE: 0,
    ControlKind.DEPTH: 1,
    ControlKind.SCRIBBLE: 2,
    ControlKind.CANNY: 3,
    ControlKind.LINES: 3,
    ControlKind.TILE: 6,
}
"""The control types of ControlNet-Union, as xinsir's was trained with them."""

_OTHER_NAMES = {
    "edges": ControlKind.CANNY,
    "lineart": ControlKind.LINES,
    "sketch": ControlKind.SCRIBBLE,
    "openpose": ControlKind.POSE,
    "blur": ControlKind.TILE,
}

_SHARE = r"\d*\.?\d+"
_TYPED = re.compile(
    rf"(?P<kind>[a-z][a-z _-]*)?(?:(?:^|:)(?P<scale>{_SHARE}))?(?:(?:^|:)(?P<start>{_SHARE})-(?P<end>{_SHARE}))?"
)


@dataclass(frozen=True, slots=True)
class Control:
    """One control picture: its kind, and how the network weighs it."""

    kind: ControlKind = ControlKind.AS_IS
    scale: float | None = None
    """None is the settings' `control_scale`."""
    start: float = 0.0
    end: float = 1.0
    """The part of the steps in which it is followed, as shares."""
    ready: bool = False
    """True for a picture that shows its kind already, as in `depth as is`."""

    @property
    def made(self) -> ControlKind | None:
        """The kind that is made of a given picture; None where that is followed as it is."""
        return None if self.ready or self.kind is ControlKind.AS_IS else self.kind

    def __str__(self) -> str:
        """As it is typed, such as `canny:0.8:0-0.6`."""
        kind = f"{self.kind} {ControlKind.AS_IS}" if self.ready else self.kind
        part = "" if (self.start, self.end) == (0, 1) else f"{self.start:g}-{self.end:g}"
        return ":".join(filter(None, [kind, "" if self.scale is None else f"{self.scale:g}", part]))

    @classmethod
    def typed(cls, text: str) -> Self:
        """A control as it is typed: kind, weight and part of the steps, of which any may be missing. Raises
        `ValueError`."""
        match = _TYPED.fullmatch(text.strip().lower())
        if not match or not match[0]:
            raise ValueError(f"not a control: {text}")
        name = re.sub("[ _-]", "", match["kind"] or ControlKind.AS_IS)
        own = name.removesuffix("asis")
        kind = _OTHER_NAMES.get(own) or ControlKind(own or ControlKind.AS_IS)
        scale = float(match["scale"]) if match["scale"] else None
        start, end = (float(match["start"]), float(match["end"])) if match["end"] else (0.0, 1.0)
        return cls(kind, scale, start, end, ready=bool(own) and own != name)


def of_pictures(controls: Sequence[Control], number: int) -> tuple[Control, ...]:
    """The controls of so many pictures, which are taken as they are where none is named."""
    return (*controls, *[Control()] * (number - len(controls)))[:number]


def merged(named: Sequence[Control], typed: Sequence[Control]) -> tuple[Control, ...]:
    """Controls that options name, each with the weight and the part of the steps that flags give to its kind; then the
    others of the flags."""
    left, both = list(typed), []
    for control in named:
        finer = next((each for each in left if each.kind is control.kind), None)
        both.append(finer or control)
        if finer:
            left.remove(finer)
    return (*both, *left)


def network_for(kind: ControlKind, names: Collection[str]) -> str | None:
    """The name of the network that follows a kind, among those of a model; None where it has none."""
    if kind is ControlKind.AS_IS:
        return next((name for name in (ANY, *ControlKind, UNION) if name in names), None)
    for name in (kind.value, UNION, ANY):
        if name in names and (name != UNION or kind in UNION_MODES):
            return name
    return None


def to_text(controls: Sequence[Control]) -> str | None:
    """Controls as JSON; None where there are none."""
    return json.dumps([asdict(each) for each in controls]) if controls else None


def of_text(text: str | None) -> tuple[Control, ...]:
    """Controls from JSON that `to_text` wrote."""
    return of_documents(json.loads(text or "[]"))


def of_documents(documents: Iterable[dict[str, Any]]) -> tuple[Control, ...]:
    """Controls from their fields as JSON holds them."""
    return tuple(Control(**each | {"kind": ControlKind(each["kind"])}) for each in documents)
