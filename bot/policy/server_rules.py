"""House rules: what the host and a server's admins have decided, as it holds for whoever asks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import product

from bot.errors import Refusal
from bot.policy import blocked_words
from bot.policy.budgets import Budgets
from bot.policy.effective import EffectiveRules, Layer, NsfwHandling, Range, SourcedValue, _limit_of, _locked
from bot.policy.requester import SERVER, Requester
from generation.catalogue import ModelSpec
from generation.errors import InvalidSetting
from generation.settings import LIMITS, NUMBERS, GenerationSettings, Limits, PartialSettings, label
from storage.preferences import Preferences
from storage.records import ANY_MODEL, NsfwPolicy
from storage.rulebook import MODEL, READERS, Kind, Rule, Rulebook
from storage.server_rules import ServerRules

USUAL = "Noisefox"
"""Whose defaults hold where nobody says anything."""

HOST = "the host"
THE_MODEL = "the model"

_PLAIN = GenerationSettings(prompt="anything", seed=0, model="", width=64, height=64)
_USUAL_SETTINGS = PartialSettings(
    **{name: getattr(_PLAIN, name) for name in READERS if name not in (MODEL, "width", "height")}
)


class ServerPolicy:
    """Judges by the rules; keeps none itself."""

    def __init__(
        self,
        *,
        host_limits: Limits,
        rules: ServerRules,
        preferences: Preferences,
        models: Sequence[str],
        budgets: Budgets,
    ) -> None:
        self._host_limits = host_limits
        self._rules = rules
        self._preferences = preferences
        self._models = tuple(models)
        self._budgets = budgets

    async def effective(self, requester: Requester, model: ModelSpec) -> EffectiveRules:
        """What holds for `requester` with `model`."""
        book = await self._book(requester.guild_id)
        own = (await self._preferences.of_user(requester.user_id)).for_model(model.name)
        said = _bounds(book, requester, model.name)
        locked = frozenset(name for (name, matter), each in said.items() if matter == "locked" and each.value)
        free = {name: value for name, value in own.given().items() if name not in locked}
        layers = [
            Layer("you", PartialSettings(**free)),
            *(Layer(requester.mention(scope), book.defaults(scope, model.name)) for scope in requester.scopes),
            Layer(THE_MODEL, model.preferred),
            Layer(USUAL, _USUAL_SETTINGS),
        ]
        most = {name: each.value for name in LIMITS if (each := said.get((name, "most")))}
        limits = self._host_limits.tightened_by(Limits(**{name: int(value) for name, value in most.items()}))
        bound_by = {key: each.source for key, each in said.items()}
        bound_by |= {(name, "most"): HOST for name in LIMITS if getattr(limits, name) != most.get(name)}
        return EffectiveRules(tuple(layers), limits, self._host_limits, _ranges(said, limits), locked, bound_by)

    async def usual_model(self, requester: Requester, names: Sequence[str]) -> str:
        """The model that draws where nobody names one."""
        name: str = (await self.usual_model_said(requester, names)).value
        return name

    async def usual_model_said(self, requester: Requester, names: Sequence[str]) -> SourcedValue:
        """The same, and who says so: what the place says, else the first of `names` that may be used there."""
        book = await self._book(requester.guild_id)
        allowed = book.allowed.get(Kind.MODEL, frozenset(names))
        said = _said(book, requester, ANY_MODEL, MODEL, "default")
        if said and said.value in names and said.value in allowed:
            return said
        usual = next((name for name in names if name in allowed), names[0])
        return SourcedValue(usual, HOST if usual == names[0] else SERVER)

    async def check(
        self, requester: Requester, drawn: Sequence[GenerationSettings], model: ModelSpec, charged: int
    ) -> EffectiveRules:
        """The effective rules under which `requester` may have all that is `drawn`, for `charged` steps.

        Raises `UserError` where a rule is against it.
        """
        book = await self._book(requester.guild_id)
        _check_place(book, requester, model, self._models)
        effective = await self.effective(requester, model)
        if MODEL in effective.locked and (fixed := await self.usual_model(requester, self._models)) != model.name:
            raise _locked(MODEL, fixed)
        for settings in drawn:
            if (word := blocked_words.asked_for(book.blocked_words, settings)) is not None:
                raise Refusal("“{word}” is blocked on this server. Remove it from the prompt.", word=word)
            effective.check(settings)
        await self._budgets.check(requester, effective.limits, charged)
        return effective

    async def cover(self, requester: Requester, model: ModelSpec) -> NsfwHandling:
        """How pictures of `model` are kept from who should not see them."""
        book = await self._book(requester.guild_id)
        if book.nsfw is NsfwPolicy.OFF or model.harmless or requester.age_restricted:
            return NsfwHandling()
        return NsfwHandling(guard=book.nsfw) if model.is_checked else NsfwHandling(spoiler=True)

    async def _book(self, guild_id: int | None) -> Rulebook:
        return Rulebook() if guild_id is None else await self._rules.of(guild_id)


def _said(book: Rulebook, requester: Requester, model: str, setting: str, matter: str) -> SourcedValue | None:
    """What is decided of a matter: by the channel, else by a role, else by the server. Of several roles the most
    generous holds; of defaults, that of the highest role."""
    for scopes in requester.ranks:
        found = ((scope, getattr(book.of(scope, model, setting), matter)) for scope in scopes)
        said = [SourcedValue(value, requester.mention(scope)) for scope, value in found if value is not None]
        if said and matter == "default":
            return said[0]
        if said:
            grows = matter == "most" and setting != "cooldown"
            return min(said, key=lambda each: -each.value if grows else each.value)
    return None


def _bounds(book: Rulebook, requester: Requester, model: str) -> dict[tuple[str, str], SourcedValue]:
    """What is decided of bounds, limits and locks, by setting and matter."""
    keys = product(sorted({key.setting for key in book.rules}), ("least", "most", "locked"))
    return {key: said for key in keys if (said := _said(book, requester, model, *key))}


def _ranges(said: Mapping[tuple[str, str], SourcedValue], limits: Limits) -> dict[str, Range]:
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


def _check_place(book: Rulebook, requester: Requester, model: ModelSpec, models: Collection[str]) -> None:
    if book.paused:
        raise Refusal("Drawing is paused on this server. A server manager can resume it.")
    allowed = book.allowed
    if Kind.CHANNEL in allowed and not allowed[Kind.CHANNEL] & _texts(requester.channel_ids):
        channels = [f"<#{channel}>" for channel in sorted(allowed[Kind.CHANNEL])]
        raise Refusal("You can't draw in this channel. Use one of: {channels}.", channels=channels)
    if Kind.ROLE in allowed and not allowed[Kind.ROLE] & _texts(requester.role_ids):
        roles = [f"<@&{role}>" for role in sorted(allowed[Kind.ROLE])]
        raise Refusal("You need one of these roles to draw on this server: {roles}.", roles=roles)
    if Kind.MODEL in allowed and model.name not in allowed[Kind.MODEL]:
        if not (used := sorted(allowed[Kind.MODEL].intersection(models))):
            raise Refusal("The models of this server no longer exist. A server manager can allow others.")
        raise Refusal(
            "The model {model} isn't allowed on this server. Choose one of: {models}.", model=model.name, models=used
        )
    if book.nsfw is NsfwPolicy.BLOCK and not (model.harmless or model.is_checked or requester.age_restricted):
        raise Refusal("On this server, the model {model} only works in age-restricted channels.", model=model.name)


def _texts(ids: Collection[int]) -> frozenset[str]:
    return frozenset(map(str, ids))


def check_setting(setting: str, rule: Rule) -> Rule:
    """A rule as it can be kept. Raises `InvalidSetting` for bounds that make no sense."""
    numeric = setting in LIMITS or READERS.get(setting) in (int, float)
    if not numeric and (rule.least is not None or rule.most is not None):
        raise InvalidSetting(
            "setting", "{setting!c} has no minimum or maximum. Set a default and lock it.", setting=label(setting)
        )
    if rule.least is not None and rule.most is not None and rule.least > rule.most:
        raise InvalidSetting("setting", "The minimum is higher than the maximum. Swap them.")
    if setting not in READERS and (rule.least is not None or rule.locked):
        raise InvalidSetting("setting", "{setting!c} is a limit. Set only a maximum.", setting=label(setting))
    is_whole = setting in LIMITS or READERS[setting] is int
    for value in (rule.least, rule.most):
        if value is not None and is_whole and not value.is_integer():
            raise InvalidSetting(
                "setting", "{setting!c} must be a whole number, not {value:g}.", setting=label(setting), value=value
            )
        if value is not None and (bounds := NUMBERS.get(setting) or LIMITS.get(setting)):
            bounds.check(setting, int(value) if is_whole else value)
    return rule
