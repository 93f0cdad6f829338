"""The rules that apply to one person, in one place, with one model.

Each value comes from the weightiest who sets it: the person, the channel, a role, the server, the model, Noisefox.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from bot.errors import Refusal
from bot.policy.requester import Requester
from bot.policy.usual_count import Seconds, unmeasured, usual_count
from generation import suitability
from generation.catalogue import ModelSpec
from generation.errors import LimitExceeded
from generation.settings import LIMITS, GenerationSettings, Limits, PartialSettings, label
from storage.records import Defaults
from storage.rulebook import MODEL, READERS, Rulebook

NOISEFOX = "Noisefox"
"""The source of the defaults that apply where nobody sets one."""

HOST = "the host"
THE_MODEL = "the model"

_PLAIN = GenerationSettings(prompt="anything", seed=0, model="", width=64, height=64)
_NOISEFOX_DEFAULTS = PartialSettings(
    **{name: getattr(_PLAIN, name) for name in READERS if name not in (MODEL, "width", "height")}
)


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings that one source prefers. `source` is "you", the mention of a channel or role, and so on."""

    source: str
    preferred: PartialSettings


@dataclass(frozen=True, slots=True)
class SourcedValue:
    """A value, and who set it."""

    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class Range:
    """The values of one setting that a server allows."""

    least: float | None = None
    most: float | None = None

    def clamp(self, value: Any) -> Any:
        """The nearest allowed value."""
        if self.least is not None and value < self.least:
            return type(value)(self.least)
        return type(value)(self.most) if self.most is not None and value > self.most else value

    def check(self, setting: str, value: float) -> None:
        """Raise `LimitExceeded` for a value outside the range."""
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
    """Defaults, limits, ranges and locks, with the source of each."""

    layers: tuple[Layer, ...]
    """The weightiest first."""
    limits: Limits
    everywhere: Limits
    """The host's limits, which are counted over all places together."""
    ranges: Mapping[str, Range] = field(default_factory=dict)
    locked: frozenset[str] = frozenset()
    bound_by: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Who sets each range, limit and lock, by the setting and "least", "most" or "locked"."""

    @property
    def defaults(self) -> PartialSettings:
        """The settings of a request that names none, brought inside every range and limit."""
        defaults = PartialSettings()
        for layer in self.layers:
            defaults = defaults.over(layer.preferred)
        given = defaults.given()
        clamped = {name: bounds.clamp(given[name]) for name, bounds in self.ranges.items() if name in given}
        return self.limits.lower(replace(defaults, **clamped))

    def source_of(self, setting: str) -> str:
        """Who set the default of a setting; where a range or limit changed it, who set that."""
        layer = next(layer for layer in self.layers if setting in layer.preferred.given())
        preferred, value = layer.preferred.given()[setting], self.defaults.given()[setting]
        if value == preferred:
            return layer.source
        if setting in self.ranges and self.ranges[setting].clamp(preferred) == value:
            return self.bound_by[setting, "least" if value > preferred else "most"]
        return self.bound_by[_limit_of(setting), "most"]

    def check(self, settings: GenerationSettings, model: ModelSpec) -> None:
        """Raise `LimitExceeded` or `Refusal` where `settings` are not allowed.

        A count of one is always allowed, for buttons draw one of several pictures again. So is a default that the model
        supports instead of the one here, but for a negative prompt: where that is locked, a model must take it.
        """
        self.limits.check(settings)
        free = {"count"} if settings.count == 1 else set()
        free |= self._replaced(settings, model)
        for name in self.ranges.keys() - free:
            self.ranges[name].check(name, getattr(settings, name))
        defaults = self.defaults.given()
        for name in sorted(self.locked & defaults.keys() - free):
            if getattr(settings, name) != defaults[name]:
                raise locked(name, defaults[name])

    def _replaced(self, settings: GenerationSettings, model: ModelSpec) -> set[str]:
        """The settings that have the value which the model supports instead of the default here."""
        defaults = self.defaults
        fitted = suitability.fitted(defaults, model).given()
        changed = {name for name, value in fitted.items() if value != getattr(defaults, name)}
        return {name for name in changed - {"negative_prompt"} if getattr(settings, name) == fitted[name]}


def effective_rules(
    book: Rulebook,
    requester: Requester,
    model: ModelSpec,
    own: Defaults,
    host_limits: Limits,
    seconds: Seconds = unmeasured,
) -> EffectiveRules:
    """The rules of `book` for one person with one model, over their `own` defaults and under the host's limits.

    `seconds` says how fast the device is, on which Noisefox's own number of pictures depends. It is one where members
    have a budget of steps or can't change it.
    """
    said = _bounds(book, requester, model.name)
    fixed = frozenset(name for (name, matter), each in said.items() if matter == "locked" and each.value)
    free = {name: value for name, value in own.for_model(model.name).given().items() if name not in fixed}
    layers = [
        Layer("you", PartialSettings(**free)),
        *(Layer(requester.mention(scope), book.defaults(scope, model.name)) for scope in requester.scopes),
        Layer(THE_MODEL, model.preferred),
    ]
    most = {name: each.value for name in LIMITS if (each := said.get((name, "most")))}
    limits = host_limits.tightened_by(Limits(**{name: int(value) for name, value in most.items()}))
    bound_by = {key: each.source for key, each in said.items()}
    bound_by |= {(name, "most"): HOST for name in LIMITS if getattr(limits, name) != most.get(name)}
    if limits.daily_steps is None and "count" not in fixed:
        usual = model.preferred.over(_NOISEFOX_DEFAULTS).of("a picture", 0)
        layers.append(Layer(NOISEFOX, replace(_NOISEFOX_DEFAULTS, count=usual_count(usual, seconds))))
    else:
        layers.append(Layer(NOISEFOX, _NOISEFOX_DEFAULTS))
    return EffectiveRules(tuple(layers), limits, host_limits, _ranges(said, limits), fixed, bound_by)


def set_by(book: Rulebook, requester: Requester, model: str, setting: str, matter: str) -> SourcedValue | None:
    """The value of a rule: the channel's, else a role's, else the server's.

    Of several roles the most generous applies; of defaults, the highest role's.
    """
    for scopes in requester.ranks:
        found = ((scope, getattr(book.of(scope, model, setting), matter)) for scope in scopes)
        said = [SourcedValue(value, requester.mention(scope)) for scope, value in found if value is not None]
        if said and matter == "default":
            return said[0]
        if said:
            grows = matter == "most" and setting != "cooldown"
            return min(said, key=lambda each: -each.value if grows else each.value)
    return None


def locked(name: str, value: object) -> Refusal:
    """The refusal of a value for a setting that members cannot change."""
    return Refusal("{setting!c} is locked to {value} here.", setting=label(name), value=value)


def _bounds(book: Rulebook, requester: Requester, model: str) -> dict[tuple[str, str], SourcedValue]:
    """Ranges, limits and locks, by setting and "least", "most" or "locked"."""
    keys = product(sorted({key.setting for key in book.rules}), ("least", "most", "locked"))
    return {key: said for key in keys if (said := set_by(book, requester, model, *key))}


def _ranges(said: Mapping[tuple[str, str], SourcedValue], limits: Limits) -> dict[str, Range]:
    """The ranges of settings that are no limits. Where a minimum is above a maximum, the maximum applies."""
    ranges: dict[str, Range] = {}
    for (name, matter), each in said.items():
        if name in READERS and matter != "locked" and not (matter == "most" and name in LIMITS):
            ranges[name] = replace(ranges.get(name, Range()), **{matter: each.value})
    for name, bounds in ranges.items():
        if bounds.least is not None:
            met = (bounds.least, bounds.most, getattr(limits, _limit_of(name), None))
            ranges[name] = replace(bounds, least=min(each for each in met if each is not None))
    return ranges


def _limit_of(setting: str) -> str:
    """The limit that bounds a setting."""
    return "side" if setting in ("width", "height") else setting
