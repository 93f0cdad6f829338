"""The exceptions that Noisefox raises on purpose.

NoisefoxError
├── UserError               can be shown to the person who asked
│   ├── InvalidSetting
│   ├── LimitExceeded
│   ├── Unsuitable
│   ├── UnknownLora
│   └── UnknownModel
└── WorkerError             for the log; people see the sentence of its `FailureKind`
    ├── ModelUnavailable
    │   └── ModelTooLarge
    ├── LoraUnavailable
    ├── SamplerUnsuitable
    ├── PictureNeeded
    ├── UpscalerUnavailable
    ├── CheckerUnavailable
    ├── FacesUnavailable
    └── BrokenPicture
"""

from enum import StrEnum

from generation.sentences import Sentence


class NoisefoxError(Exception):
    """Base of everything Noisefox raises on purpose."""


class UserError(NoisefoxError):
    """A sentence for the person who asked: what is wrong, and what to do.

    `sentence` is a template with its values, which can be translated. `str()` is English.
    """

    def __init__(self, sentence: str | Sentence, /, **values: object) -> None:
        self.sentence = sentence if isinstance(sentence, Sentence) else Sentence(sentence, **values)
        super().__init__(str(self.sentence))


class InvalidSetting(UserError):
    """A setting with an invalid value. `field` is its name in `GenerationSettings`."""

    def __init__(self, field: str, sentence: str | Sentence, /, **values: object) -> None:
        super().__init__(sentence, **values)
        self.field = field


class LimitExceeded(UserError):
    """A request for more than is allowed; the sentence names the limit."""


class Unsuitable(UserError):
    """A request that the model does not support."""


class UnknownModel(UserError):
    """A model name that the catalogue does not have."""

    def __init__(self, name: str, known: list[str], alike: str = "") -> None:
        if alike:
            super().__init__(
                "There's no model called “{name}” here. Did you mean {alike}?", name=name[:40], alike=alike
            )
        else:
            super().__init__("There's no model called “{name}” here. Available: {known}.", name=name[:40], known=known)
        self.name = name


class UnknownLora(UserError):
    """The name of a LoRA that the catalogue does not have, or not for `model`."""

    def __init__(self, name: str, nearest: list[str], model: str = "") -> None:
        if model:
            what = Sentence("The LoRA “{name}” doesn't work with the model {model}.", name=name[:40], model=model)
        else:
            what = Sentence("There's no LoRA called “{name}” here.", name=name[:40])
        if nearest:
            super().__init__(Sentence("{what} Did you mean one of these? {nearest}.", what=what, nearest=nearest))
        else:
            super().__init__(Sentence("{what} See /models for the list.", what=what))
        self.name = name


class WorkerError(NoisefoxError):
    """An error in a worker. Its details are for the log only."""


class ModelUnavailable(WorkerError):
    """The model's files are missing, damaged, or of a refused format."""


class LoraUnavailable(WorkerError):
    """A LoRA's file is missing, damaged, or made for another kind of model."""


class SamplerUnsuitable(WorkerError):
    """A sampler or schedule that cannot follow the model's noise levels, for a model whose files were not here yet when
    the request was checked."""


class PictureNeeded(WorkerError):
    """A model that edits pictures has none, and its files were not here yet when the request was checked."""


class ModelTooLarge(ModelUnavailable):
    """The model's weights do not fit into the memory of the device."""


class UpscalerUnavailable(WorkerError):
    """The requested upscaler is not installed, or its files are damaged."""


class CheckerUnavailable(WorkerError):
    """The safety checker's files are missing or damaged, so pictures cannot be shown."""


class FacesUnavailable(WorkerError):
    """There is no model that finds faces, or its files are missing or damaged."""


class BrokenPicture(WorkerError):
    """The picture is black or has values that are not finite."""


class FailureKind(StrEnum):
    """The reasons for which a job can fail. `bot.errors` has a sentence for each."""

    MODEL_UNAVAILABLE = "model unavailable"
    LORA_UNAVAILABLE = "LoRA unavailable"
    MODEL_TOO_LARGE = "model too large"
    UNSUITABLE = "unsuitable"
    SAMPLER_UNSUITABLE = "sampler unsuitable"
    PICTURE_NEEDED = "picture needed"
    UPSCALER_UNAVAILABLE = "upscaler unavailable"
    CHECKER_UNAVAILABLE = "checker unavailable"
    FACES_UNAVAILABLE = "faces unavailable"
    OUT_OF_MEMORY = "out of memory"
    BROKEN_PICTURE = "broken picture"
    WORKER_LOST = "worker lost"
    WORKER_UNAVAILABLE = "worker unavailable"
    INTERNAL = "internal"
