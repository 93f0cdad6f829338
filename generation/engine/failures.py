"""Sorts errors: the kind of failure that a job reports, and those that end the worker."""

import torch

from generation.engine.runtime import memory
from generation.errors import (
    BrokenPicture,
    CheckerUnavailable,
    FacesUnavailable,
    FailureKind,
    LoraUnavailable,
    ModelTooLarge,
    ModelUnavailable,
    PictureNeeded,
    SamplerUnsuitable,
    UnknownLora,
    UnknownModel,
    Unsuitable,
    UpscalerUnavailable,
)


def ends_worker(error: BaseException | None) -> bool:
    """True where the GPU is lost to this process, or where that is what the error was raised from."""
    if error is None:
        return False
    lost = isinstance(error, torch.AcceleratorError) and not memory.is_exhausted(error)
    return lost or ends_worker(error.__cause__)


def kind_of(error: Exception) -> FailureKind:
    """The kind of failure that an error means."""
    match error:
        case ModelTooLarge():
            return FailureKind.MODEL_TOO_LARGE
        case ModelUnavailable() | UnknownModel():
            return FailureKind.MODEL_UNAVAILABLE
        case LoraUnavailable() | UnknownLora():
            return FailureKind.LORA_UNAVAILABLE
        case Unsuitable():
            return FailureKind.UNSUITABLE
        case PictureNeeded():
            return FailureKind.PICTURE_NEEDED
        case SamplerUnsuitable():
            return FailureKind.SAMPLER_UNSUITABLE
        case UpscalerUnavailable():
            return FailureKind.UPSCALER_UNAVAILABLE
        case CheckerUnavailable():
            return FailureKind.CHECKER_UNAVAILABLE
        case FacesUnavailable():
            return FailureKind.FACES_UNAVAILABLE
        case BrokenPicture():
            return FailureKind.BROKEN_PICTURE
    return FailureKind.OUT_OF_MEMORY if memory.is_exhausted(error) else FailureKind.INTERNAL
