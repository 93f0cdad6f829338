"""What happens to a job, in the order it can happen."""

from dataclasses import dataclass

from generation.errors import FailureKind
from generation.explanation import Explanation
from generation.pictures import Picture, Preview


@dataclass(frozen=True, slots=True)
class Queued:
    """Waiting; `position` 1 is next."""

    job_id: int
    position: int


@dataclass(frozen=True, slots=True)
class Loading:
    """The job waits for its model to be read into memory, of which `share`, 0 to 1, is done."""

    job_id: int
    model: str
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Started:
    """The job is in the batch."""

    job_id: int


@dataclass(frozen=True, slots=True)
class Progress:
    """`step` of `steps` is done; one preview a picture of the job, none of an upscale, whose steps are its tiles."""

    job_id: int
    step: int
    steps: int
    previews: tuple[Preview, ...]


@dataclass(frozen=True, slots=True)
class Completed:
    """All pictures are drawn. `seconds` counts from the start of the drawing, not of the waiting; `circumstances` are
    the device, number format and batch, on which the last bits of the pixels depend."""

    job_id: int
    pictures: tuple[Picture, ...]
    seconds: float
    circumstances: str = ""
    upscaler: str = ""
    explanation: Explanation | None = None
    """Where one was asked for."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The job ended without pictures. `detail` is for the log and never for a chat."""

    job_id: int
    kind: FailureKind
    detail: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The job was taken out, between two steps or before its first."""

    job_id: int


Event = Queued | Loading | Started | Progress | Completed | Failed | Cancelled
Ending = Completed | Failed | Cancelled
