"""House rules: what the host and a server's admins have decided, as it holds for whoever asks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot import words
from bot.asker import Asker
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
    ranges: Mapping[str, Range] = field(default_factory=dict)
    locked: frozenset[str] = frozenset()

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
        """Whose default it is."""
        return next(layer.source for layer in self.layers if setting in layer.preferred.given())

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


@dataclass(frozen=True, slots=True)
class Banned:
    """Whom the host serves no more, by id."""

    members: frozenset[int] = frozenset()
    servers: frozenset[int] = frozenset()


class House:
    """Judges by the rules; keeps none itself."""

    def __init__(
        self,
        *,
        host_limits: Limits,
        rules: HouseRules,
        preferences: Preferences,
        budgets: Budgets,
        banned: Banned = Banned(),
    ) -> None:
        self._host_limits = host_limits
        self._rules = rules
        self._preferences = preferences
        self._budgets = budgets
        self._banned = banned

    async def standing(self, asker: Asker, model: ModelSpec) -> Standing:
        """What holds for `asker` with `model`."""
        book = await self._book(asker.guild_id)
        own = (await self._preferences.of_user(asker.user_id)).for_model(model.name)
        locked = frozenset(name for name in READERS if _said(book, asker.scopes, model.name, name, "locked"))
        free = {name: value for name, value in own.given().items() if name not in locked}
        layers = [
            Layer("you", PartialSettings(**free)),
            *(Layer(asker.mention(scope), book.defaults(scope, model.name)) for scope in asker.scopes),
            Layer("the model", model.preferred),
            Layer(USUAL, _USUAL_SETTINGS),
        ]
        most = {name: _said(book, asker.scopes, model.name, name, "most") for name in LIMITS}
        limits = Limits(**{name: None if value is None else int(value) for name, value in most.items()})
        return Standing(
            tuple(layers), self._host_limits.tightened_by(limits), _ranges(book, asker.scopes, model.name), locked
        )

    async def usual_model(self, asker: Asker, names: Sequence[str]) -> str:
        """The model that draws where nobody names one: what the place says, else the first of `names` that may be
        used there."""
        book = await self._book(asker.guild_id)
        allowed = book.allowed.get(Kind.MODEL, frozenset(names))
        said = _said(book, asker.scopes, ANY_MODEL, MODEL, "default")
        wanted = [name for name in (said, *names) if name in names and name in allowed]
        return wanted[0] if wanted else names[0]

    async def check(
        self, asker: Asker, drawn: Sequence[GenerationSettings], model: ModelSpec, charged: int
    ) -> Standing:
        """Raise `UserError` unless `asker` may ask now for all that is `drawn` with a model, which is `charged` so many
        steps; what holds for them."""
        if asker.user_id in self._banned.members or asker.guild_id in self._banned.servers:
            raise Refusal("The host of this bot does not take requests from here.")
        book = await self._book(asker.guild_id)
        _check_place(book, asker, model)
        fixed = _said(book, asker.scopes, ANY_MODEL, MODEL, "default")
        if fixed not in (None, model.name) and _said(book, asker.scopes, ANY_MODEL, MODEL, "locked"):
            raise _locked(MODEL, fixed)
        standing = await self.standing(asker, model)
        for settings in drawn:
            if (word := words.first_blocked(book.blocked_words, settings.prompt)) is not None:
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


def _said(book: Rulebook, scopes: Sequence[int], model: str, setting: str, matter: str) -> Any:
    """What the first scope to speak of the matter says."""
    said = (getattr(book.of(scope, model, setting), matter) for scope in scopes)
    return next((value for value in said if value is not None), None)


def _ranges(book: Rulebook, scopes: Sequence[int], model: str) -> dict[str, Range]:
    names = {key.setting for key, rule in book.rules.items() if rule != Rule(default=rule.default)}
    least = {name: _said(book, scopes, model, name, "least") for name in names & READERS.keys()}
    return {
        name: Range(value, None if name in LIMITS else _said(book, scopes, model, name, "most"))
        for name, value in least.items()
    }


def _check_place(book: Rulebook, asker: Asker, model: ModelSpec) -> None:
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
        raise Refusal(
            "The model {model} is not used on this server. Choose one of: {models}.",
            model=model.name,
            models=sorted(allowed[Kind.MODEL]),
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
    for value in (rule.least, rule.most):
        if value is not None and (bounds := NUMBERS.get(setting) or LIMITS.get(setting)):
            bounds.check(setting, int(value) if value == int(value) else value)
    return rule
