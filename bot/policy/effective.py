"""What holds for one person, in one place, with one model."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.errors import Refusal
from generation.errors import LimitExceeded
from generation.settings import GenerationSettings, Limits, PartialSettings, label
from storage.records import NsfwPolicy


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings that somebody prefers. `source` names them: "you", the mention of a channel or role, and so on."""

    source: str
    preferred: PartialSettings


@dataclass(frozen=True, slots=True)
class SourcedValue:
    """What holds of one matter, and who says so."""

    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class Range:
    """What a server allows of one setting."""

    least: float | None = None
    most: float | None = None

    def clamp(self, value: Any) -> Any:
        """The nearest allowed value."""
        if self.least is not None and value < self.least:
            return type(value)(self.least)
        return type(value)(self.most) if self.most is not None and value > self.most else value

    def check(self, setting: str, value: float) -> None:
        """Raise `LimitExceeded` for a value outside."""
        if self.clamp(value) == value:
            return
        if self.least is not None and value < self.least:
            raise LimitExceeded(
                "{setting!c} must be at least {least:g} here, not {value:g}.",
                setting=label(setting),
                least=self.least,
                value=value,
            )
        raise LimitExceeded(
            "{setting!c} must be at most {most:g} here, not {value:g}.",
            setting=label(setting),
            most=self.most,
            value=value,
        )


@dataclass(frozen=True, slots=True)
class EffectiveRules:
    """What holds for one person, in one place, with one model."""

    layers: tuple[Layer, ...]
    """The weightiest first."""
    limits: Limits
    everywhere: Limits
    """The host's, which are counted over all places."""
    ranges: Mapping[str, Range] = field(default_factory=dict)
    locked: frozenset[str] = frozenset()
    bound_by: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Who sets each bound, limit and lock: by the setting and "least", "most" or "locked"."""

    @property
    def defaults(self) -> PartialSettings:
        """What is drawn with where nothing else is asked for; inside of every bound."""
        defaults = PartialSettings()
        for layer in self.layers:
            defaults = defaults.over(layer.preferred)
        given = defaults.given()
        clamped = {name: bounds.clamp(given[name]) for name, bounds in self.ranges.items() if name in given}
        return self.limits.lower(replace(defaults, **clamped))

    def source_of(self, setting: str) -> str:
        """Whose default it is; of one that was brought to a bound, whose bound."""
        layer = next(layer for layer in self.layers if setting in layer.preferred.given())
        preferred, value = layer.preferred.given()[setting], self.defaults.given()[setting]
        if value == preferred:
            return layer.source
        if setting in self.ranges and self.ranges[setting].clamp(preferred) == value:
            return self.bound_by[setting, "least" if value > preferred else "most"]
        return self.bound_by[_limit_of(setting), "most"]

    def check(self, settings: GenerationSettings) -> None:
        """Raise `LimitExceeded` or `Refusal` where `settings` are not allowed. One picture alone always is: buttons
        draw one of several again."""
        self.limits.check(settings)
        free = {"count"} if settings.count == 1 else set()
        for name in self.ranges.keys() - free:
            self.ranges[name].check(name, getattr(settings, name))
        defaults = self.defaults.given()
        for name in sorted(self.locked & defaults.keys() - free):
            if getattr(settings, name) != defaults[name]:
                raise _locked(name, defaults[name])


@dataclass(frozen=True, slots=True)
class NsfwHandling:
    """Whether pictures are covered whatever they show, and what is done with those that the checker flags. Under
    either no preview is shown."""

    spoiler: bool = False
    guard: NsfwPolicy = NsfwPolicy.OFF


def _locked(name: str, value: object) -> Refusal:
    return Refusal("{setting!c} is locked to {value} here.", setting=label(name), value=value)


def _limit_of(setting: str) -> str:
    """The limit that a setting is brought down to, if there is one."""
    return "side" if setting in ("width", "height") else setting
