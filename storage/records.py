"""What the store remembers, as the rest of the program sees it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from generation.comparison import Axis
from generation.jobs import JobState
from generation.settings import GenerationSettings, PartialSettings

ANY_MODEL = ""
"""As the model of a default: it holds for every model."""


class NsfwPolicy(StrEnum):
    """What happens, outside of age-restricted channels, to pictures that may belong there."""

    OFF = "off"
    SPOILER = "spoiler"
    BLOCK = "block"


class Action(StrEnum):
    """What a request was: asked for in words, or derived from an earlier one."""

    IMAGINE = "imagine"
    REROLL = "reroll"
    UPSCALE = "upscale"
    CREATIVE_UPSCALE = "creative upscale"
    VARY = "vary"
    REDRAW = "redraw"
    HIRES = "hires"
    ZOOM_OUT = "zoom out"
    PAN = "pan"
    REMIX = "remix"
    RESHAPE = "reshape"
    TRY_OUT = "try out"
    EXPLAIN = "explain"
    COMPARE = "compare"
    BLEND = "blend"
    SEED = "seed"

    @property
    def enlarges(self) -> bool:
        """True where the request starts from a finished picture and only makes it larger."""
        return self in (Action.UPSCALE, Action.CREATIVE_UPSCALE)

    @property
    def makes_figure(self) -> bool:
        """True where the request's one picture is a figure, made of what was drawn."""
        return self is Action.SEED


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asked, where, and which message is the answer.

    `key` names the event that asked, so that one event never makes two requests. `token` edits the answer for a
    quarter of an hour, until `token_expires`; a private answer can be edited in no other way.
    """

    key: str
    user_id: int
    channel_id: int
    message_id: int
    guild_id: int | None = None
    private: bool = False
    token: str | None = None
    token_expires: datetime | None = None
    spoiler: bool = False
    """True where the pictures are covered until somebody presses them."""
    locale: str = "en-US"
    """The language of whoever asked, as Discord names it."""
    guard: NsfwPolicy = NsfwPolicy.OFF
    """What is done with a picture that the checker flags; nothing is shown before it was checked."""
    file_limit: int | None = None
    """Bytes that a file of the answer may have while the token lives; None where only the place has a say."""
    token_only: bool = False
    """True where the bot is no member: the token is the only way to the message."""

    @property
    def hides_previews(self) -> bool:
        """True where nothing unfinished is shown: it would be seen uncovered, or before it was checked."""
        return self.spoiler or self.guard is not NsfwPolicy.OFF


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a request was derived from: picture `picture` of generation `parent`."""

    action: Action = Action.IMAGINE
    parent: int | None = None
    picture: int | None = None


@dataclass(frozen=True, slots=True)
class InputFiles:
    """The pictures a request starts from or listens to, as names in the store of images; None where there is none.

    Requests may share a file: it lives as long as one of them needs it.
    """

    image: str | None = None
    mask: str | None = None
    control: str | None = None
    image_prompt: str | None = None
    second: str | None = None
    third: str | None = None
    fourth: str | None = None


NO_FILES = InputFiles()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was drawn. `file` is its name in the store of images; None once it is deleted."""

    index: int
    seed: int
    width: int
    height: int
    file: str | None
    flagged: bool = False
    """True where a checker found that it belongs in an age-restricted channel."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A setting of a request that is far from what its model likes: its name, and the model's own value as text."""

    setting: str
    usual: str


@dataclass(frozen=True, slots=True)
class Generation:
    """One request and all that is known of it."""

    id: int
    origin: Origin
    lineage: Lineage
    settings: GenerationSettings
    state: JobState
    created: datetime
    inputs: InputFiles = NO_FILES
    cells: tuple[GenerationSettings, ...] = ()
    """Of a sheet: what draws each of its pictures, in place of `settings`."""
    axes: tuple[Axis, ...] = ()
    """Of a comparison: what its cells differ in, the last one varying fastest."""
    charged: int = 0
    """The steps that it counts as against a budget; once it was cancelled, of what was drawn."""
    factor: int = 1
    """How many times larger than drawn its pictures are."""
    upscaler: str | None = None
    """What enlarged them last."""
    failure: str | None = None
    seconds: float | None = None
    circumstances: str | None = None
    """The device, number format and batch that drew it."""
    delivered: bool = False
    """True once its message shows how it ended."""
    hint: Hint | None = None
    """What its message says beside the pictures, for whoever wants to learn."""
    pictures: tuple[Picture, ...] = field(default=())
    figures: tuple[str, ...] = ()
    """What shows how it was drawn, as names in the store of images: of an explained drawing its figure, then its
    animation."""

    @property
    def undrawn(self) -> tuple[int, ...]:
        """Of a sheet: the indices of the cells that have no picture yet."""
        drawn = {picture.index for picture in self.pictures}
        return tuple(index for index in range(len(self.cells)) if index not in drawn)

    @property
    def shown(self) -> tuple[Picture, ...]:
        """The pictures that may be seen where it was asked for."""
        return tuple(each for each in self.pictures if not (each.flagged and self.origin.guard is NsfwPolicy.BLOCK))

    def covers(self, picture: Picture) -> bool:
        """True where a picture is shown behind a spoiler."""
        return self.origin.spoiler or (picture.flagged and self.origin.guard is not NsfwPolicy.OFF)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a person has asked for: steps of all pictures, and when last."""

    steps: int
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Defaults:
    """Preferred settings: for every model, and for single ones, which weigh more."""

    by_model: dict[str, PartialSettings] = field(default_factory=dict)

    def for_model(self, name: str) -> PartialSettings:
        """What is preferred with model `name`."""
        return self.by_model.get(name, PartialSettings()).over(self.by_model.get(ANY_MODEL, PartialSettings()))


@dataclass(frozen=True, slots=True)
class PersonalSettings:
    """What a person wants of every request: words that follow their prompts, a direct message, or a reply that mentions
    them, when it is done, hints, and which model draws where they name none."""

    suffix: str = ""
    tell_when_done: bool = False
    reply_when_done: bool = False
    hints: bool = True
    model: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """A preset of a person: words and flags that go with a prompt."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Removal:
    """What is still to be removed: a file of the store of images, or a message."""

    id: int
    file: str = ""
    channel_id: int = 0
    message_id: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a person's requests, newest first, and how many there are in all."""

    generations: tuple[Generation, ...]
    total: int
