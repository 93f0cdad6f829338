"""The overview of a server's rules: sources of values, and that it always fits."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.locales import addressing
from bot.policy.effective import HOST, NOISEFOX, EffectiveRules, Layer, Range
from bot.policy.request_context import RequestContext
from bot.policy.requester import SERVER, Requester
from bot.views.message import MessageContent
from bot.views.server_rules import rules
from generation.catalogue import POCKET, Catalogue
from generation.settings import LIMITS, NUMBERS, Limits, PartialSettings, Sampler, Schedule
from storage.records import Defaults, NsfwPolicy, PersonalSettings
from storage.rulebook import READERS, Kind, Rulebook

MEMBER, CHANNEL, ROLE, GUILD = (2**63 - number for number in range(1, 5))
ASKER = Requester(MEMBER, GUILD, (CHANNEL,), (ROLE,))
ROLES, CHANNELS = (frozenset(str(2**63 - each) for each in range(number)) for number in (90, 80))
MODELS = [f"model_{number}_" * 5 for number in range(40)]
FULL = Rulebook(
    allowed={Kind.MODEL: frozenset(MODELS), Kind.CHANNEL: CHANNELS, Kind.ROLE: ROLES},
    paused=True,
    nsfw=NsfwPolicy.SPOILER,
    blocked_words=tuple(f"*word_{number}*" for number in range(999)),
    log_channel_id=CHANNEL,
    hints=False,
)


def full_rules() -> EffectiveRules:
    """Every setting has a default of the channel, and bounds and a lock of a role."""
    values: dict[str, Any] = {name: bounds.high for name, bounds in NUMBERS.items() if name in READERS}
    values |= {"negative_prompt": "*" * 900, "sampler": Sampler.DPMPP_2M_SDE_KARRAS, "schedule": Schedule.EXPONENTIAL}
    mention = f"<@&{ROLE}>"
    return EffectiveRules(
        layers=(Layer(f"<#{CHANNEL}>", PartialSettings(**values)),),
        limits=Limits(150, 2048, 4, 999, 9_999_999, 86399),
        everywhere=Limits(150, 2048, 4, 1000, 10_000_000, 80000),
        ranges={name: Range(bounds.high, bounds.high) for name, bounds in NUMBERS.items() if name in READERS},
        locked=frozenset(READERS),
        bound_by={(name, matter): mention for name in (*READERS, *LIMITS) for matter in ("least", "most", "locked")},
    )


def context(book: Rulebook, models: list[str]) -> RequestContext:
    catalogue = Catalogue([replace(POCKET, name=name) for name in models])
    return RequestContext(ASKER, book, Defaults(), PersonalSettings(), catalogue, Limits())


def texts_of(looks: list[MessageContent]) -> list[list[str]]:
    views: list[Any] = [content.view for content in looks]
    return [[each["content"] for each in _walk(view.to_components()) if each["type"] == 10] for view in views]


def _walk(components: list[Any]) -> Iterator[Any]:
    for each in components:
        yield each
        yield from _walk(each.get("components", []))


@pytest.mark.parametrize("locale", ["en-US", "es-ES"])
def test_everything_set_fits(locale: str) -> None:
    with addressing(locale):
        looks = rules(context(FULL, MODELS), full_rules(), MODELS[0])
    pages = texts_of(looks)
    assert len(pages) > 1
    assert all(sum(map(len, texts)) <= 4000 for texts in pages)
    shown = "\n".join(text for texts in pages for text in texts)
    locks, bounds = len(READERS), 2 * len(NUMBERS.keys() & READERS.keys())
    assert shown.count(f"<@&{ROLE}>") == locks + bounds + len(LIMITS)
    assert ("60 more" if locale == "en-US" else "60 más") in shown


def test_one_message_where_little_is_said() -> None:
    effective = EffectiveRules((Layer(NOISEFOX, PartialSettings(steps=25)),), Limits(steps=150), Limits(steps=150))
    [texts] = texts_of(rules(context(Rulebook(), ["pocket", "wild"]), effective, "pocket"))
    assert "from Noisefox · steps **25**" in texts[1]
    assert "150 steps · from the host" in texts[2]
    for line in (
        "model **pocket** · from the host",
        "Models: pocket, wild · from the host",
        "Channels: all · from Noisefox",
        "Roles: all · from Noisefox",
        "NSFW filter: off · from Noisefox",
        "Hints: on · from Noisefox",
    ):
        assert line in texts[3].splitlines()


def test_each_limit_with_its_source() -> None:
    sources = {("waiting", "most"): SERVER, ("daily_steps", "most"): f"<#{CHANNEL}>", ("cooldown", "most"): HOST}
    limits, hosts = Limits(waiting=2, daily_steps=1000, cooldown=300), Limits(waiting=10, cooldown=300)
    effective = EffectiveRules((), limits, hosts, bound_by=sources)
    [texts] = texts_of(rules(context(Rulebook(), ["pocket"]), effective, "pocket"))
    assert texts[2].splitlines()[1:] == [
        "at most 2 unfinished requests · from this server",
        "at most 10 unfinished requests · counting all servers and direct messages · from the host",
        f"at most 1,000 steps in 24 hours · from <#{CHANNEL}>",
        "one request every 5 min · counting all servers and direct messages · from the host",
    ]
