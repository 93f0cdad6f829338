"""The one table from what went wrong to what a person is told."""

from generation.errors import FailureKind, UserError


class Refusal(UserError):
    """A request that cannot be taken as it is."""


UNEXPECTED = "Something went wrong on my side. It has been written to the log; please try again."

_FAILURES = {
    FailureKind.MODEL_UNAVAILABLE: "This model cannot be loaded. Choose another, or tell whoever runs this bot.",
    FailureKind.UPSCALER_UNAVAILABLE: "This upscaler is not installed here. Choose another, or leave the choice to me.",
    FailureKind.OUT_OF_MEMORY: "The graphics memory is not enough for this. Try a smaller size or fewer pictures.",
    FailureKind.BROKEN_PICTURE: "The picture came out broken. Try another seed or sampler.",
    FailureKind.WORKER_UNAVAILABLE: "Drawing is not possible right now. Tell whoever runs this bot to look at its log.",
    FailureKind.WORKER_LOST: "Drawing stopped unexpectedly, twice. Try again with a smaller size or fewer pictures.",
    FailureKind.INTERNAL: UNEXPECTED,
}


def sentence_for_failure(kind: FailureKind) -> str:
    """What to say of a job that failed."""
    return _FAILURES[kind]


def sentence_for(error: BaseException) -> str:
    """What to say of an exception; nothing of its text is shown unless it was written for people."""
    return str(error) if isinstance(error, UserError) else UNEXPECTED
