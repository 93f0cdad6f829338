"""Why a job failed, in a word for whoever asked."""

import torch

from generation.engine.runtime import memory
from generation.errors import (
    BrokenPicture,
    CheckerUnavailable,
    FailureKind,
    LoraUnavailable,
    ModelTooLarge,
    ModelUnavailable,
    UnknownLora,
    UnknownModel,
    Unsuitable,
    UpscalerUnavailable,
)


def ends_worker(error: BaseException | None) -> bool:
    """True of what leaves a GPU to do nothing more for this process, whatever it is asked, or was raised for that."""
    if error is None:
        return False
    lost = isinstance(error, torch.AcceleratorError) and not memory.is_exhausted(error)
    return lost or ends_worker(error.__cause__)


def kind_of(error: Exception) -> FailureKind:
    """The kind of a failure, given what was raised."""
    match error:
        case ModelTooLarge():
            return FailureKind.MODEL_TOO_LARGE
        case ModelUnavailable() | UnknownModel():
            return FailureKind.MODEL_UNAVAILABLE
        case LoraUnavailable() | UnknownLora():
            return FailureKind.LORA_UNAVAILABLE
        case Unsuitable():
            return FailureKind.UNSUITABLE
        case UpscalerUnavailable():
            return FailureKind.UPSCALER_UNAVAILABLE
        case CheckerUnavailable():
            return FailureKind.CHECKER_UNAVAILABLE
        case BrokenPicture():
            return FailureKind.BROKEN_PICTURE
    return FailureKind.OUT_OF_MEMORY if memory.is_exhausted(error) else FailureKind.INTERNAL
