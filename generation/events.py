"""The events of a job, in the order they can happen."""

from dataclasses import dataclass

from generation.errors import FailureKind
from generation.explanation import Explanation
from generation.pictures import Picture, Preview


@dataclass(frozen=True, slots=True)
class Queued:
    """The job waits in the queue; `position` 1 is next."""

    job_id: int
    position: int
    away: bool = False
    """True while no worker is there that could draw it."""


@dataclass(frozen=True, slots=True)
class Loading:
    """The job waits for its model to load, of which `share` (0 to 1) is done."""

    job_id: int
    model: str
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Started:
    """The job has joined the batch."""

    job_id: int


@dataclass(frozen=True, slots=True)
class Progress:
    """`step` of `steps` is done, with a preview for each picture. An upscale's steps are tiles, without previews."""

    job_id: int
    step: int
    steps: int
    previews: tuple[Preview, ...]


@dataclass(frozen=True, slots=True)
class Explaining:
    """The pictures are drawn, and `part` of `parts` of what the explanation shows of the first one is made, with a
    preview of the last part."""

    job_id: int
    part: int
    parts: int
    previews: tuple[Preview, ...] = ()


@dataclass(frozen=True, slots=True)
class Completed:
    """All pictures are finished. `seconds` does not include waiting. `circumstances` are the device, number format and
    batch, on which the last bits of the pixels depend."""

    job_id: int
    pictures: tuple[Picture, ...]
    seconds: float
    circumstances: str = ""
    upscaler: str = ""
    explanation: Explanation | None = None
    """Set if the job asked for one."""
    unread: str = ""
    """The end of the prompt, from the first word on that the model did not read; empty where it read all."""
    knows_few: bool = False
    """True where the model's tokenizer does not know most of the prompt's words."""
    faces: int | None = None
    """How many faces were drawn anew, in all pictures; None where the job did not ask for that."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The job ended without pictures. `detail` is for the log and never shown in the chat."""

    job_id: int
    kind: FailureKind
    detail: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The job was cancelled, between two steps or before the first."""

    job_id: int


Event = Queued | Loading | Started | Progress | Explaining | Completed | Failed | Cancelled
Ending = Completed | Failed | Cancelled
