"""A server's rules, as the rest of the program sees them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from generation.settings import PartialSettings, Sampler, Schedule
from storage.records import ANY_MODEL, GALLERY_STARS, NsfwPolicy


class Kind(StrEnum):
    """The kinds of things that a server can restrict to a list."""

    MODEL = "model"
    CHANNEL = "channel"
    ROLE = "role"
    LOOK = "look"
    """The roles that may save looks."""


class TextKind(StrEnum):
    """The kinds of named texts of a server."""

    STYLE = "style"
    WORD_LIST = "word list"


class RuleKey(NamedTuple):
    """The place of a rule: `scope` is the id of the server, a channel or a role."""

    scope: int
    model: str
    setting: str


@dataclass(frozen=True, slots=True)
class Rule:
    """The default, bounds and lock of one setting. None leaves one open."""

    default: str | None = None
    least: float | None = None
    most: float | None = None
    locked: bool | None = None


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules of a server."""

    rules: Mapping[RuleKey, Rule] = field(default_factory=dict)
    allowed: Mapping[Kind, frozenset[str]] = field(default_factory=dict)
    """The names that are allowed, by kind. All are allowed of a kind that is missing."""
    paused: bool = False
    nsfw: NsfwPolicy = NsfwPolicy.OFF
    blocked_words: tuple[str, ...] = ()
    log_channel_id: int | None = None
    gallery_channel_id: int | None = None
    """The channel that starred pictures are posted in; None where there is none."""
    gallery_stars: int = GALLERY_STARS
    """How many people star a picture before it is posted there."""
    hints: bool = True
    """True if members get hints about settings far from a model's recommendation."""
    blocked_people: tuple[str, ...] = ()
    """Names of people whom prompts may not name."""
    blocked_pictures: Mapping[str, str] = field(default_factory=dict)
    """Fingerprints of pictures that nobody may give, by the name that managers gave them."""
    lora_roles: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """The roles that may use a LoRA, by its name in lower case. Everybody may use one that is missing."""
    styles: Mapping[str, str] = field(default_factory=dict)
    """The styles that all members may use, by name."""
    word_lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The lines of the server's word lists, by the list's name as `names.key` has it."""

    def of(self, scope: int, model: str, setting: str) -> Rule:
        """The rule of a scope for a setting: the model's own, and where that is open, the one for every model."""
        own = self.rules.get(RuleKey(scope, model, setting), Rule())
        general = self.rules.get(RuleKey(scope, ANY_MODEL, setting), Rule())
        return Rule(
            own.default if own.default is not None else general.default,
            own.least if own.least is not None else general.least,
            own.most if own.most is not None else general.most,
            own.locked if own.locked is not None else general.locked,
        )

    def defaults(self, scope: int, model: str) -> PartialSettings:
        """The default settings of a scope for a model."""
        given = {name: self.of(scope, model, name).default for name in READERS if name != MODEL}
        return PartialSettings(**{name: READERS[name](text) for name, text in given.items() if text is not None})


MODEL = "model"
"""The setting for the default model. Its rules apply to `ANY_MODEL` only."""

READERS: Mapping[str, Any] = {
    MODEL: str,
    "width": int,
    "height": int,
    "negative_prompt": str,
    "steps": int,
    "guidance_scale": float,
    "sampler": Sampler,
    "schedule": Schedule,
    "clip_skip": int,
    "count": int,
    "variation_strength": float,
    "guidance_rescale": float,
    "guidance_start": float,
    "guidance_end": float,
    "denoising_strength": float,
    "hires_factor": float,
    "hires_strength": float,
    "control_scale": float,
    "image_prompt_scale": float,
}
"""The settings that can have a default, each with the function that reads it from text."""
