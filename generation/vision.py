"""Looking at pictures with small models: what can be asked, and which models answer."""

from dataclasses import dataclass
from typing import Protocol

from generation.controls import ControlKind
from generation.errors import UserError

MTCNN = "mtcnn"
"""What the configuration calls the detector of faces whose weights come with a package."""

YUNET = ".onnx"
"""The suffix of a file of YuNet, which finds faces."""


@dataclass(frozen=True, slots=True)
class VisionModels:
    """The models that look at pictures, each a hub id or a folder; empty where the host has none."""

    segmenter: str = ""
    """Finds what a word names: CLIPSeg."""
    captioner: str = ""
    """Describes a picture: BLIP, GIT or another model from an image to text."""
    background: str = ""
    """Tells what is in front: a model of semantic segmentation with a class called background."""
    faces: str = ""
    """Finds faces, for the workers that draw them anew: `MTCNN`, a YuNet in an .onnx file, or a model of object
    detection."""
    depth: str = ""
    """Tells how near everything is: Depth Anything or another model of depth estimation."""
    pose: str = ""
    """Finds the joints of a person: ViTPose."""
    device: str = "cpu"

    @property
    def seen(self) -> frozenset[ControlKind]:
        """The kinds of control pictures that there is a model for."""
        each = {ControlKind.DEPTH: self.depth, ControlKind.POSE: self.pose}
        return frozenset(kind for kind, model in each.items() if model)


@dataclass(frozen=True, slots=True)
class Segment:
    """Ask for a mask of what `name` says, as a PNG file of the picture's size: white where it is."""

    picture: bytes
    name: str


@dataclass(frozen=True, slots=True)
class Caption:
    """Ask for so many descriptions of a picture; there may be fewer."""

    picture: bytes
    number: int


@dataclass(frozen=True, slots=True)
class CutOut:
    """Ask for the picture as a PNG file whose background is transparent."""

    picture: bytes


@dataclass(frozen=True, slots=True)
class Depth:
    """Ask how near everything is: a PNG file of the picture's size, white for the nearest."""

    picture: bytes


@dataclass(frozen=True, slots=True)
class Pose:
    """Ask for a person's limbs, as ControlNets read them: a PNG file of the picture's size."""

    picture: bytes


VisionTask = Segment | Caption | CutOut | Depth | Pose


@dataclass(frozen=True, slots=True)
class Unseen:
    """The answer to a task that failed. `reason` is for the log."""

    reason: str


class VisionFailed(UserError):
    """A picture cannot be looked at now."""

    def __init__(self) -> None:
        super().__init__("I can't look at pictures just now. Try again in a minute.")


class VisionMissing(UserError):
    """A picture cannot be looked at any more: the host has taken the model away."""

    def __init__(self) -> None:
        super().__init__("This bot has no model for that any more.")


class Vision(Protocol):
    """Looks at pictures, which are files. Raises `VisionFailed`, and `VisionMissing` where `models`
    has no model for what is asked."""

    @property
    def models(self) -> VisionModels: ...

    async def segment(self, picture: bytes, name: str) -> bytes:
        """See `Segment`."""

    async def captions(self, picture: bytes, number: int) -> tuple[str, ...]:
        """See `Caption`."""

    async def cut_out(self, picture: bytes) -> bytes:
        """See `CutOut`."""

    async def depth(self, picture: bytes) -> bytes:
        """See `Depth`."""

    async def pose(self, picture: bytes) -> bytes:
        """See `Pose`."""
