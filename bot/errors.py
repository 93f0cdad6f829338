"""The messages that people see when something fails."""

from bot.locales import say
from generation import suitability
from generation.errors import FailureKind, UserError
from generation.sentences import Sentence
from storage.database import StorageError


class Refusal(UserError):
    """A request that cannot be accepted as it is."""


UNEXPECTED = Sentence("Something went wrong on my side, and the error is in my log. Please try again.")

UNSAVED = Sentence("I can't save anything right now. Try again in a minute.")

_FAILURES = {
    FailureKind.MODEL_UNAVAILABLE: Sentence(
        "This model can't be loaded. Choose another one, or tell the host of this bot."
    ),
    FailureKind.LORA_UNAVAILABLE: Sentence(
        "A LoRA in this prompt doesn't fit this model. Remove it or choose another model."
    ),
    FailureKind.MODEL_TOO_LARGE: Sentence(
        "This model needs more memory than the bot has. Choose another one, or tell the host of this bot."
    ),
    FailureKind.UNSUITABLE: suitability.SENTENCE,
    FailureKind.SAMPLER_UNSUITABLE: Sentence(
        "This model can't use that sampler or schedule. Use the sampler “Model's own” with the schedule “Automatic”."
    ),
    FailureKind.PICTURE_NEEDED: Sentence("This model edits pictures. Attach one as `image`, and write what to change."),
    FailureKind.UPSCALER_UNAVAILABLE: Sentence(
        "This upscaler isn't installed. Choose another one, or none to use the default."
    ),
    FailureKind.CHECKER_UNAVAILABLE: Sentence(
        "Pictures are checked before they are shown here, but the safety checker is missing. Tell the host of this bot."
    ),
    FailureKind.FACES_UNAVAILABLE: Sentence(
        "The model that finds faces can't be loaded. Leave out `--faces`, or tell the host of this bot."
    ),
    FailureKind.OUT_OF_MEMORY: Sentence("Not enough graphics memory. Try a smaller size or fewer pictures."),
    FailureKind.BROKEN_PICTURE: Sentence("The picture came out broken. Try another seed or sampler."),
    FailureKind.WORKER_UNAVAILABLE: Sentence(
        "Drawing isn't possible right now. Ask the host of this bot to check the log."
    ),
    FailureKind.WORKER_LOST: Sentence("Drawing stopped unexpectedly twice. Try a smaller size or fewer pictures."),
    FailureKind.INTERNAL: UNEXPECTED,
}


def sentence_for_failure(kind: FailureKind) -> str:
    """The English message for a failed job, to store with it; `say` translates it for the reader."""
    return str(_FAILURES[kind])


def sentence_for(error: BaseException) -> str:
    """The message for an exception, in the reader's language. Only the text of a `UserError` is ever shown."""
    if isinstance(error, StorageError):
        return say(UNSAVED)
    return say(error.sentence if isinstance(error, UserError) else UNEXPECTED)
