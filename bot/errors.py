"""The one table from what went wrong to what a person is told."""

from bot.locales import say
from generation import abilities
from generation.errors import FailureKind, UserError
from generation.sentences import Sentence


class Refusal(UserError):
    """A request that cannot be taken as it is."""


UNEXPECTED = Sentence("Something went wrong on my side. It has been written to the log; please try again.")

_FAILURES = {
    FailureKind.MODEL_UNAVAILABLE: Sentence(
        "This model cannot be loaded. Choose another, or tell whoever runs this bot."
    ),
    FailureKind.LORA_UNAVAILABLE: Sentence(
        "A LoRA of this prompt does not fit this model. Leave it out, or choose another model."
    ),
    FailureKind.MODEL_TOO_LARGE: Sentence(
        "This model needs more memory than the machine that draws has. Choose another, or tell whoever runs this bot."
    ),
    FailureKind.UNSUITABLE: abilities.SENTENCE,
    FailureKind.UPSCALER_UNAVAILABLE: Sentence(
        "This upscaler is not installed here. Choose another, or leave the choice to me."
    ),
    FailureKind.CHECKER_UNAVAILABLE: Sentence(
        "Pictures are checked here before they are shown, and the checker is missing. Tell whoever runs this bot."
    ),
    FailureKind.OUT_OF_MEMORY: Sentence(
        "The graphics memory is not enough for this. Try a smaller size or fewer pictures."
    ),
    FailureKind.BROKEN_PICTURE: Sentence("The picture came out broken. Try another seed or sampler."),
    FailureKind.WORKER_UNAVAILABLE: Sentence(
        "Drawing is not possible right now. Tell whoever runs this bot to look at its log."
    ),
    FailureKind.WORKER_LOST: Sentence(
        "Drawing stopped unexpectedly, twice. Try again with a smaller size or fewer pictures."
    ),
    FailureKind.INTERNAL: UNEXPECTED,
}


def sentence_for_failure(kind: FailureKind) -> str:
    """What to write down of a job that failed, in English; `say` it to whoever asked."""
    return str(_FAILURES[kind])


def sentence_for(error: BaseException) -> str:
    """What to say of an exception, in the reader's language; nothing of its text is shown unless it was written for
    people."""
    return say(error.sentence if isinstance(error, UserError) else UNEXPECTED)
