"""House rules: what the host and a server's admins have decided, as it holds for whoever asks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from bot import words
from bot.asker import SERVER, Asker
from bot.budgets import Budgets
from bot.errors import Refusal
from generation.catalogue import ModelSpec
from generation.errors import InvalidSetting, LimitExceeded
from generation.settings import LIMITS, NUMBERS, GenerationSettings, Limits, PartialSettings, label
from storage.house_rules import HouseRules
from storage.preferences import Preferences
from storage.records import ANY_MODEL, NsfwPolicy
from storage.rulebook import MODEL, READERS, Kind, Rule, Rulebook

USUAL = "Noisefox"
"""Whose defaults hold where nobody says anything."""

HOST = "the host"
THE_MODEL = "the model"

_PLAIN = GenerationSettings(prompt="anything", seed=0, model="", width=64, height=64)
_USUAL_SETTINGS = PartialSettings(
    **{name: getattr(_PLAIN, name) for name in READERS if name not in (MODEL, "width", "height")}
)


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings that somebody prefers. `source` names them: "you", the mention of a channel or role, and so on."""

    source: str
    preferred: PartialSettings


@dataclass(frozen=True, slots=True)
class Said:
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
            "{setting!c} may be at most {most:g} here, not {value:g}.",
            setting=label(setting),
            most=self.most,
            value=value,
        )


@dataclass(frozen=True, slots=True)
class Standing:
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
class Cover:
    """Whether pictures are covered whatever they show, and what is done with those that the checker flags. Under
    either no preview is shown."""

    spoiler: bool = False
    guard: NsfwPolicy = NsfwPolicy.OFF


class House:
    """Judges by the rules; keeps none itself."""

    def __init__(
        self,
        *,
        host_limits: Limits,
        rules: HouseRules,
        preferences: Preferences,
        models: Sequence[str],
        budgets: Budgets,
    ) -> None:
        self._host_limits = host_limits
        self._rules = rules
        self._preferences = preferences
        self._models = tuple(models)
        self._budgets = budgets

    async def standing(self, asker: Asker, model: ModelSpec) -> Standing:
        """What holds for `asker` with `model`."""
        book = await self._book(asker.guild_id)
        own = (await self._preferences.of_user(asker.user_id)).for_model(model.name)
        said = _bounds(book, asker, model.name)
        locked = frozenset(name for (name, matter), each in said.items() if matter == "locked" and each.value)
        free = {name: value for name, value in own.given().items() if name not in locked}
        layers = [
            Layer("you", PartialSettings(**free)),
            *(Layer(asker.mention(scope), book.defaults(scope, model.name)) for scope in asker.scopes),
            Layer(THE_MODEL, model.preferred),
            Layer(USUAL, _USUAL_SETTINGS),
        ]
        most = {name: each.value for name in LIMITS if (each := said.get((name, "most")))}
        limits = self._host_limits.tightened_by(Limits(**{name: int(value) for name, value in most.items()}))
        bound_by = {key: each.source for key, each in said.items()}
        bound_by |= {(name, "most"): HOST for name in LIMITS if getattr(limits, name) != most.get(name)}
        return Standing(tuple(layers), limits, self._host_limits, _ranges(said, limits), locked, bound_by)

    async def usual_model(self, asker: Asker, names: Sequence[str]) -> str:
        """The model that draws where nobody names one."""
        name: str = (await self.usual_model_said(asker, names)).value
        return name

    async def usual_model_said(self, asker: Asker, names: Sequence[str]) -> Said:
        """The same, and who says so: what the place says, else the first of `names` that may be used there."""
        book = await self._book(asker.guild_id)
        allowed = book.allowed.get(Kind.MODEL, frozenset(names))
        said = _said(book, asker, ANY_MODEL, MODEL, "default")
        if said and said.value in names and said.value in allowed:
            return said
        usual = next((name for name in names if name in allowed), names[0])
        return Said(usual, HOST if usual == names[0] else SERVER)

    async def check(
        self, asker: Asker, drawn: Sequence[GenerationSettings], model: ModelSpec, charged: int
    ) -> Standing:
        """Raise `UserError` unless `asker` may ask now for all that is `drawn` with a model, which is `charged` so many
        steps; what holds for them."""
        book = await self._book(asker.guild_id)
        _check_place(book, asker, model, self._models)
        standing = await self.standing(asker, model)
        if MODEL in standing.locked and (fixed := await self.usual_model(asker, self._models)) != model.name:
            raise _locked(MODEL, fixed)
        for settings in drawn:
            if (word := words.asked_for(book.blocked_words, settings)) is not None:
                raise Refusal("“{word}” is not to be drawn on this server. Leave it out of the prompt.", word=word)
            standing.check(settings)
        await self._budgets.check(asker, standing.limits, charged)
        return standing

    async def cover(self, asker: Asker, model: ModelSpec) -> Cover:
        """How pictures of `model` are kept from who should not see them."""
        book = await self._book(asker.guild_id)
        if book.nsfw is NsfwPolicy.OFF or model.harmless or asker.age_restricted:
            return Cover()
        return Cover(guard=book.nsfw) if model.is_checked else Cover(spoiler=True)

    async def _book(self, guild_id: int | None) -> Rulebook:
        return Rulebook() if guild_id is None else await self._rules.of(guild_id)


def _locked(name: str, value: object) -> Refusal:
    return Refusal("{setting!c} is set to {value} here and cannot be changed.", setting=label(name), value=value)


def _said(book: Rulebook, asker: Asker, model: str, setting: str, matter: str) -> Said | None:
    """What is decided of a matter: by the channel, else by a role, else by the server. Of several roles the most
    generous holds; of defaults, that of the highest role."""
    for scopes in asker.ranks:
        found = ((scope, getattr(book.of(scope, model, setting), matter)) for scope in scopes)
        said = [Said(value, asker.mention(scope)) for scope, value in found if value is not None]
        if said and matter == "default":
            return said[0]
        if said:
            grows = matter == "most" and setting != "cooldown"
            return min(said, key=lambda each: -each.value if grows else each.value)
    return None


def _bounds(book: Rulebook, asker: Asker, model: str) -> dict[tuple[str, str], Said]:
    """What is decided of bounds, limits and locks, by setting and matter."""
    keys = product(sorted({key.setting for key in book.rules}), ("least", "most", "locked"))
    return {key: said for key in keys if (said := _said(book, asker, model, *key))}


def _ranges(said: Mapping[tuple[str, str], Said], limits: Limits) -> dict[str, Range]:
    """Bounds of the settings, but for what is a limit. Where two say what cannot be met together, the most holds."""
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
    """The limit that a setting is brought down to, if there is one."""
    return "side" if setting in ("width", "height") else setting


def _check_place(book: Rulebook, asker: Asker, model: ModelSpec, models: Collection[str]) -> None:
    if book.paused:
        raise Refusal("Drawing is paused on this server. Whoever manages it can resume it.")
    allowed = book.allowed
    if Kind.CHANNEL in allowed and not allowed[Kind.CHANNEL] & _texts(asker.channel_ids):
        channels = [f"<#{channel}>" for channel in sorted(allowed[Kind.CHANNEL])]
        raise Refusal("Pictures are drawn in other channels of this server: {channels}.", channels=channels)
    if Kind.ROLE in allowed and not allowed[Kind.ROLE] & _texts(asker.role_ids):
        roles = [f"<@&{role}>" for role in sorted(allowed[Kind.ROLE])]
        raise Refusal("On this server only some roles may draw: {roles}.", roles=roles)
    if Kind.MODEL in allowed and model.name not in allowed[Kind.MODEL]:
        if not (used := sorted(allowed[Kind.MODEL].intersection(models))):
            raise Refusal("The models of this server are not here any more. Whoever manages it can allow others.")
        raise Refusal(
            "The model {model} is not used on this server. Choose one of: {models}.", model=model.name, models=used
        )
    if book.nsfw is NsfwPolicy.BLOCK and not (model.harmless or model.is_checked or asker.age_restricted):
        raise Refusal("The model {model} draws in age-restricted channels only, on this server.", model=model.name)


def _texts(ids: Collection[int]) -> frozenset[str]:
    return frozenset(map(str, ids))


def check_setting(setting: str, rule: Rule) -> Rule:
    """A rule as it can be kept. Raises `InvalidSetting` for bounds that make no sense."""
    numeric = setting in LIMITS or READERS.get(setting) in (int, float)
    if not numeric and (rule.least is not None or rule.most is not None):
        raise InvalidSetting("setting", "{setting!c} is no number; lock it instead.", setting=label(setting))
    if rule.least is not None and rule.most is not None and rule.least > rule.most:
        raise InvalidSetting("setting", "The least is more than the most. Exchange them.")
    if setting not in READERS and (rule.least is not None or rule.locked):
        raise InvalidSetting("setting", "{setting!c} is a limit: it has nothing but a most.", setting=label(setting))
    is_whole = setting in LIMITS or READERS[setting] is int
    for value in (rule.least, rule.most):
        if value is not None and is_whole and not value.is_integer():
            raise InvalidSetting(
                "setting", "{setting!c} is a whole number, not {value:g}.", setting=label(setting), value=value
            )
        if value is not None and (bounds := NUMBERS.get(setting) or LIMITS.get(setting)):
            bounds.check(setting, int(value) if is_whole else value)
    return rule
