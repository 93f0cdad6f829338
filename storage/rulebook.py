"""What the admins of a server have decided, as the rest of the program sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from generation.settings import PartialSettings, Sampler, Schedule
from storage.records import ANY_MODEL, NsfwPolicy


class Kind(StrEnum):
    """Of what a server can allow some only."""

    MODEL = "model"
    CHANNEL = "channel"
    ROLE = "role"


class RuleKey(NamedTuple):
    """Where a rule holds: `scope` is the id of the server, of a channel, or of a role."""

    scope: int
    model: str
    setting: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What is said of one setting. None leaves a matter open."""

    default: str | None = None
    least: float | None = None
    most: float | None = None
    locked: bool | None = None


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All that a server has decided."""

    rules: Mapping[RuleKey, Rule] = field(default_factory=dict)
    allowed: Mapping[Kind, frozenset[str]] = field(default_factory=dict)
    """Of a kind that is missing here, all are allowed."""
    paused: bool = False
    nsfw: NsfwPolicy = NsfwPolicy.OFF
    blocked_words: tuple[str, ...] = ()
    log_channel_id: int | None = None
    hints: bool = True
    """Whether members get hints at settings that are far from what a model likes."""

    def of(self, scope: int, model: str, setting: str) -> Rule:
        """What `scope` says: of the model, and where that says nothing, of every model."""
        own = self.rules.get(RuleKey(scope, model, setting), Rule())
        general = self.rules.get(RuleKey(scope, ANY_MODEL, setting), Rule())
        return Rule(
            own.default if own.default is not None else general.default,
            own.least if own.least is not None else general.least,
            own.most if own.most is not None else general.most,
            own.locked if own.locked is not None else general.locked,
        )

    def defaults(self, scope: int, model: str) -> PartialSettings:
        """The settings that `scope` prefers with a model."""
        given = {name: self.of(scope, model, name).default for name in READERS if name != MODEL}
        return PartialSettings(**{name: READERS[name](text) for name, text in given.items() if text is not None})


MODEL = "model"
"""The setting that says which model draws where nobody names one; its rules are no model's own."""

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
"""The settings that can have a default, each with what reads it from text."""
