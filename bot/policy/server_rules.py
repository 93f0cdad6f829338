"""The rules of a server: where they let somebody draw, and which of them can be saved."""

from collections.abc import Collection

from bot.errors import Refusal
from bot.policy.requester import Requester
from generation import loras, names
from generation.catalogue import ModelSpec
from generation.errors import InvalidSetting
from generation.sentences import Markup
from generation.settings import LIMITS, NUMBERS, label
from storage.records import NsfwPolicy
from storage.rulebook import READERS, Kind, Rule, Rulebook


def check_place(book: Rulebook, requester: Requester, model: ModelSpec, models: Collection[str]) -> None:
    """Raise `Refusal` where a server's rules let `requester` draw nothing here, or nothing with `model`.

    `models` are all that the host has.
    """
    if book.paused:
        raise Refusal("Drawing is paused on this server. A server manager can resume it.")
    allowed = book.allowed
    if Kind.CHANNEL in allowed and not allowed[Kind.CHANNEL] & _texts(requester.channel_ids):
        channels = [Markup(f"<#{channel}>") for channel in sorted(allowed[Kind.CHANNEL])]
        raise Refusal("You can't draw in this channel. Use one of: {channels}.", channels=channels)
    if Kind.ROLE in allowed and not allowed[Kind.ROLE] & _texts(requester.role_ids):
        roles = [Markup(f"<@&{role}>") for role in sorted(allowed[Kind.ROLE])]
        raise Refusal("You need one of these roles to draw on this server: {roles}.", roles=roles)
    if Kind.MODEL in allowed and model.name not in allowed[Kind.MODEL]:
        if not (used := sorted(allowed[Kind.MODEL].intersection(models))):
            raise Refusal("The models of this server no longer exist. A server manager can allow others.")
        raise Refusal(
            "The model {model} isn't allowed on this server. Choose one of: {models}.", model=model.name, models=used
        )
    if book.nsfw is NsfwPolicy.BLOCK and not (model.harmless or model.is_checked or requester.age_restricted):
        raise Refusal("On this server, the model {model} only works in age-restricted channels.", model=model.name)


def may_use(book: Rulebook, requester: Requester, lora: str) -> bool:
    """True where `requester` may use a LoRA."""
    roles = book.lora_roles.get(names.key(lora))
    return roles is None or not roles.isdisjoint((*requester.role_ids, requester.guild_id))


def check_loras(book: Rulebook, requester: Requester, prompt: str) -> None:
    """Raise `Refusal` where a prompt has a LoRA that `requester` may not use."""
    if not book.lora_roles:
        return
    for lora in loras.read(prompt)[1]:
        if not may_use(book, requester, lora.name):
            roles = [Markup(f"<@&{role}>") for role in sorted(book.lora_roles[lora.name])]
            raise Refusal(
                "You need one of these roles to use the LoRA {lora}: {roles}. Remove it from the prompt.",
                lora=lora.name,
                roles=roles,
            )


def check_setting(setting: str, rule: Rule) -> Rule:
    """The rule as it can be saved. Raises `InvalidSetting` for bounds that make no sense."""
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


def _texts(ids: Collection[int]) -> frozenset[str]:
    return frozenset(map(str, ids))
