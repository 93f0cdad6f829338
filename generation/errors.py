"""The exceptions of picture making.

NoisefoxError
├── UserError               may be shown to the person who asked, as it stands
│   ├── InvalidSetting
│   ├── LimitExceeded
│   └── UnknownModel
└── WorkerError             for the log; a person is told by `FailureKind`
    ├── ModelUnavailable
    ├── UpscalerUnavailable
    └── BrokenPicture
"""

from enum import StrEnum


class NoisefoxError(Exception):
    """Base of everything Noisefox raises on purpose."""


class UserError(NoisefoxError):
    """A sentence for the person who asked: what is wrong, and what to do."""


class InvalidSetting(UserError):
    """A setting outside its bounds. `field` is its name in `GenerationSettings`."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class LimitExceeded(UserError):
    """More than is allowed here; the sentence says how much is."""


class UnknownModel(UserError):
    """A model name that the catalogue does not have."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"There is no model called “{name[:40]}” here. Available: {', '.join(known)}.")
        self.name = name


class WorkerError(NoisefoxError):
    """Something went wrong where pictures are made; details are for the log only."""


class ModelUnavailable(WorkerError):
    """The model's files are missing, damaged, or of a kind that is refused."""


class UpscalerUnavailable(WorkerError):
    """An upscaler that was asked for by name is not installed, or its files are damaged."""


class BrokenPicture(WorkerError):
    """A picture came out black or not finite."""


class FailureKind(StrEnum):
    """Why a job failed, in the words of `bot.errors`."""

    MODEL_UNAVAILABLE = "model unavailable"
    UPSCALER_UNAVAILABLE = "upscaler unavailable"
    OUT_OF_MEMORY = "out of memory"
    BROKEN_PICTURE = "broken picture"
    WORKER_LOST = "worker lost"
    WORKER_UNAVAILABLE = "worker unavailable"
    INTERNAL = "internal"
