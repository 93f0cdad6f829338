"""The records of the database, as the rest of the program sees them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from generation.comparison import Axis
from generation.jobs import JobState
from generation.settings import GenerationSettings, PartialSettings
from storage.look_records import UsedLook

ANY_MODEL = ""
"""The model name of a default that applies to every model."""


GALLERY_STARS = 3
"""How many people star a picture for the gallery, unless a server says otherwise."""

MOST_UNREAD = 200
"""Characters that are kept of the words that a model didn't read."""


class NsfwPolicy(StrEnum):
    """How pictures that may be NSFW are shown outside age-restricted channels."""

    OFF = "off"
    SPOILER = "spoiler"
    BLOCK = "block"


class Action(StrEnum):
    """The kind of a request: a new prompt, or derived from an earlier request."""

    IMAGINE = "imagine"
    REROLL = "reroll"
    UPSCALE = "upscale"
    CREATIVE_UPSCALE = "creative upscale"
    VARY = "vary"
    REDRAW = "redraw"
    EDIT = "edit"
    REGION = "region"
    HIRES = "hires"
    CUT_OUT = "cut out"
    FACES = "faces"
    ZOOM_OUT = "zoom out"
    PAN = "pan"
    REMIX = "remix"
    RESHAPE = "reshape"
    TRY_OUT = "try out"
    EXPLAIN = "explain"
    FILM = "film"
    COMPARE = "compare"
    BLEND = "blend"
    SEED = "seed"

    @property
    def enlarges(self) -> bool:
        """True for upscales: the request only enlarges a finished picture."""
        return self in (Action.UPSCALE, Action.CREATIVE_UPSCALE)

    @property
    def draws(self) -> bool:
        """False where no model draws: a finished picture is enlarged, or cut out."""
        return self not in (Action.UPSCALE, Action.CUT_OUT)

    @property
    def edits(self) -> bool:
        """True where a picture is changed, so that it is shown beside the one before and can be undone."""
        return self in (Action.EDIT, Action.REGION, Action.FACES, Action.CUT_OUT)

    @property
    def shows_steps(self) -> bool:
        """True where the steps of a picture are recorded and shown."""
        return self in (Action.EXPLAIN, Action.FILM)

    @property
    def makes_figure(self) -> bool:
        """True where the request's only picture is a figure, composed of the pictures that were generated."""
        return self is Action.SEED


class Answer(StrEnum):
    """The kind of message that answers a request."""

    ORIGINAL = "original"
    """The acknowledgement of the interaction."""
    FOLLOW_UP = "follow-up"
    """A message that follows the acknowledgement, for one of several requests that came together."""
    REPLY = "reply"
    """A reply to the message of the parent, for a reaction."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The person, the place and the answer of a request.

    `key` identifies the Discord event, so that one event never makes two requests. `message_id` is the message that
    answers, 0 until it is known. `token` is the interaction token, which edits the answer for 15 minutes, about until
    `token_expires`. A private answer can only be edited with it.
    """

    key: str
    user_id: int
    channel_id: int
    message_id: int = 0
    guild_id: int | None = None
    private: bool = False
    token: str | None = None
    token_expires: datetime | None = None
    spoiler: bool = False
    """True where the pictures are posted as spoilers."""
    locale: str = "en-US"
    """The person's language, as Discord names it."""
    guard: NsfwPolicy = NsfwPolicy.OFF
    """How a flagged picture is shown. Unless it is OFF, nothing is shown before it was checked."""
    file_limit: int | None = None
    """The upload limit in bytes while the token is valid; None where the server's limit applies."""
    token_only: bool = False
    """True where the bot is not a member: only the token can edit the message."""
    answer: Answer = Answer.ORIGINAL

    @property
    def event(self) -> str:
        """The part of the key that requests have in common which came together; of one interaction's requests, the key
        of the first."""
        return ":".join(self.key.split(":")[:2])

    @property
    def needs_token(self) -> bool:
        """True where only the token can edit the message."""
        return self.private or self.token_only

    @property
    def hides_previews(self) -> bool:
        """True where no previews are shown: they would appear without a spoiler, or unchecked."""
        return self.spoiler or self.guard is not NsfwPolicy.OFF


@dataclass(frozen=True, slots=True)
class Lineage:
    """The origin of a derived request: picture `picture` of generation `parent`."""

    action: Action = Action.IMAGINE
    parent: int | None = None
    picture: int | None = None


@dataclass(frozen=True, slots=True)
class InputFiles:
    """The input pictures of a request, as file names in `Images`; None where there is none.

    Requests may share a file. It is kept as long as one of them needs it.
    """

    image: str | None = None
    mask: str | None = None
    control: str | None = None
    image_prompt: str | None = None
    second: str | None = None
    third: str | None = None
    fourth: str | None = None
    second_control: str | None = None
    third_control: str | None = None
    style_image: str | None = None
    looks: tuple[UsedLook, ...] = ()
    """The looks that some of these files are from."""

    ROLES: ClassVar = (
        "image",
        "mask",
        "control",
        "image_prompt",
        "second",
        "third",
        "fourth",
        "second_control",
        "third_control",
        "style_image",
    )
    """The fields that name files."""

    @property
    def named(self) -> dict[str, str]:
        """The files that there are, by role."""
        return {role: file for role in self.ROLES if (file := getattr(self, role))}

    def with_file(self, role: str, file: str) -> "InputFiles":
        """The same with one file more."""
        named: dict[str, Any] = {role: file}
        return replace(self, **named)


NO_FILES = InputFiles()


class IgnoredPart(StrEnum):
    """What has no effect in a request."""

    STRENGTH = "strength"
    """A denoising strength without a start picture."""
    FOLLOWED_STRENGTH = "followed strength"
    """A denoising strength with a picture that is followed, and none to start from."""
    CONTROL = "control"
    """A conditioning scale without a picture for the ControlNet."""
    IMAGE_WEIGHT = "image weight"
    """A scale without a picture for the IP-Adapter."""
    STYLE_WEIGHT = "style weight"
    """A scale without a picture whose style to take."""
    BRACE = "brace"
    """A brace without its partner."""
    WORDS = "words"
    """Words beyond the prompt length of the model."""
    SIZE = "size"
    """A size that the model can't draw."""
    REFERENCE_STRENGTH = "reference strength"
    """A denoising strength with a model that looks at a picture instead of starting from it."""
    WEIGHTS = "weights"
    """Weights of words, which the model reads as plain text."""
    INSTRUCTION = "instruction"
    """The words of an edit as an instruction, which the model doesn't follow: it has drawn over the picture."""
    LOOK = "look"
    """The pictures of a look, with a model that can't use them."""
    LOOK_WEIGHT = "look weight"
    """The weight of a look, with a model that looks at its pictures."""
    LOOK_PICTURES = "look pictures"
    """Pictures of looks beyond those that the model takes; the words are their number."""
    FOREIGN = "foreign"
    """Settings of a picture of another tool that can't be drawn here."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something that had no effect. `words` are the first words of a prompt that were not read, the size that was
    drawn instead of the one that was asked for, or the settings that were replaced, each with what replaced it."""

    part: IgnoredPart
    words: str = ""


def size_text(size: tuple[int, int]) -> str:
    """A size in pixels, as text."""
    return "×".join(map(str, size))


@dataclass(frozen=True, slots=True)
class NewRequest:
    """Everything that is saved of a new request."""

    origin: Origin
    settings: GenerationSettings
    lineage: Lineage
    factor: int = 1
    inputs: InputFiles = NO_FILES
    cells: Sequence[GenerationSettings] = ()
    axes: Sequence[Axis] = ()
    charged: int = 0
    """The steps that count against budgets."""
    source: str | None = None
    """Of an upscale: the file that it enlarges."""
    pending: dict[str, Any] | None = None
    """The work that is left before it can be queued, as a JSON object."""
    ignored: Sequence[Ignored] = ()
    typed: str | None = None
    """The prompt before its random choices were made, with its flags; None where it has none."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished picture. `file` is its name in `Images`, or None once it is deleted."""

    index: int
    seed: int
    width: int
    height: int
    file: str | None
    flagged: bool = False
    """True where the safety checker flagged it as NSFW."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A setting far from its model's recommendation: its name, and the recommended value as text. Or what a toy model
    is, for a person's first picture: `TOY_HINT`. Or that it knows few of the words: `WORDS_HINT`."""

    setting: str
    usual: str


TOY_HINT = Hint("toy", "")
WORDS_HINT = Hint("words", "")


@dataclass(frozen=True, slots=True)
class Generation:
    """A request and its results."""

    id: int
    origin: Origin
    lineage: Lineage
    settings: GenerationSettings
    state: JobState
    created: datetime
    inputs: InputFiles = NO_FILES
    cells: tuple[GenerationSettings, ...] = ()
    """Of a comparison or a seed figure: the settings of each picture, instead of `settings`."""
    axes: tuple[Axis, ...] = ()
    """Of a comparison: the settings that its cells differ in. The last one varies fastest."""
    charged: int = 0
    """The steps that count against budgets. Once cancelled, those that were taken."""
    factor: int = 1
    """How many times larger its pictures are than the model drew them."""
    upscaler: str | None = None
    """The last upscaler."""
    source: str | None = None
    """Of an unfinished upscale: the file that it enlarges. It is kept even where its own request is deleted."""
    pending: dict[str, Any] | None = None
    """The work that is left before it can be queued, as a JSON object."""
    failure: str | None = None
    seconds: float | None = None
    circumstances: str | None = None
    """The device, number format and batch it was generated with."""
    delivered: bool = False
    """True once its message shows the outcome."""
    faces_found: int | None = None
    """How many faces were drawn anew; None where nobody asked for that."""
    hint: Hint | None = None
    """The hint that its message shows."""
    ignored: tuple[Ignored, ...] = ()
    typed: str | None = None
    """The prompt before its random choices were made, with its flags; None where it has none."""
    """What had no effect."""
    pictures: tuple[Picture, ...] = field(default=())
    figures: tuple[str, ...] = ()
    """Figures of it, as file names in `Images`. An explanation has its figure first, then its animation."""

    @property
    def undrawn(self) -> tuple[int, ...]:
        """The indices of the cells that have no picture yet."""
        drawn = {picture.index for picture in self.pictures}
        return tuple(index for index in range(len(self.cells)) if index not in drawn)

    @property
    def shown(self) -> tuple[Picture, ...]:
        """The pictures that may be shown where the request was made."""
        return tuple(each for each in self.pictures if not (each.flagged and self.origin.guard is NsfwPolicy.BLOCK))

    def ignoring(self, words: str, size: tuple[int, int] | None = None) -> tuple[Ignored, ...]:
        """What had no effect, once a worker has not read `words` and what follows them, which are empty where it read
        all. `size` is that of the picture, width first, where it differs from what was asked for."""
        found = {IgnoredPart.WORDS: words[:MOST_UNREAD], IgnoredPart.SIZE: size_text(size) if size else ""}
        others = tuple(each for each in self.ignored if not found.get(each.part))
        return (*others, *(Ignored(part, text) for part, text in found.items() if text))

    def is_open_to(self, user_id: int) -> bool:
        """True for everybody, unless the request is private; then for its owner alone."""
        return not self.origin.private or self.origin.user_id == user_id

    def covers(self, picture: Picture) -> bool:
        """True where a picture is posted as a spoiler."""
        return self.origin.spoiler or (picture.flagged and self.origin.guard is not NsfwPolicy.OFF)


@dataclass(frozen=True, slots=True)
class Charge:
    """One request, as budgets count it."""

    asked: datetime
    steps: int
    guild_id: int | None = None
    unfinished: bool = False
    counts: bool = True
    """False for a request that only waits: it failed, or was asked for before the time that budgets look at."""


@dataclass(frozen=True, slots=True)
class Usage:
    """A person's requests that count against budgets, oldest first."""

    charges: tuple[Charge, ...] = ()

    def within(self, guild_id: int | None) -> "Usage":
        """Only those of one server; None keeps all."""
        if guild_id is None:
            return self
        return Usage(tuple(each for each in self.charges if each.guild_id == guild_id))

    @property
    def unfinished(self) -> int:
        """The number of requests that wait or are being drawn."""
        return sum(each.unfinished for each in self.charges)

    @property
    def counted(self) -> tuple[Charge, ...]:
        """Those that cost steps and start a cooldown."""
        return tuple(each for each in self.charges if each.counts)

    @property
    def steps(self) -> int:
        """The steps that were charged."""
        return sum(each.steps for each in self.counted)

    @property
    def last(self) -> datetime | None:
        """The time of the latest request; None where there is none."""
        return self.counted[-1].asked if self.counted else None


@dataclass(frozen=True, slots=True)
class Defaults:
    """Default settings by model name. Those of one model override those of `ANY_MODEL`."""

    by_model: dict[str, PartialSettings] = field(default_factory=dict)

    def for_model(self, name: str) -> PartialSettings:
        """The defaults for the model called `name`."""
        return self.by_model.get(name, PartialSettings()).over(self.by_model.get(ANY_MODEL, PartialSettings()))


@dataclass(frozen=True, slots=True)
class PersonalSettings:
    """A person's settings for all requests: a suffix for prompts, a direct message or a mention when done, hints, the
    model to use where they name none, and whether servers may show their pictures in galleries."""

    suffix: str = ""
    tell_when_done: bool = False
    reply_when_done: bool = False
    hints: bool = True
    model: str = ""
    gallery: bool = True


@dataclass(frozen=True, slots=True)
class Style:
    """A person's preset: words and flags that are added to a prompt."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Removal:
    """A file or a message that is yet to be removed."""

    id: int
    file: str = ""
    channel_id: int = 0
    message_id: int = 0


@dataclass(frozen=True, slots=True)
class GalleryPost:
    """A request that is about to be posted in the gallery channel of its server."""

    generation_id: int
    channel_id: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a person's requests, newest first, and the total number."""

    generations: tuple[Generation, ...]
    total: int
