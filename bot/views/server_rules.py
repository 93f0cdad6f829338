"""The message with the rules of a server and where each comes from."""

from collections.abc import Callable, Collection, Iterator, Sequence

import discord
from discord import ui

from bot.locales import say, say_many
from bot.locales.durations import Duration
from bot.locales.plain import plain
from bot.policy.effective import HOST, NOISEFOX, THE_MODEL, EffectiveRules, Range, SourcedValue
from bot.policy.request_context import RequestContext
from bot.policy.requester import SERVER
from bot.views.message import QUIET, MessageContent, framed
from bot.views.text import shown, written
from generation.sentences import Counted, Sentence
from generation.settings import LIMITS, label
from storage.records import ANY_MODEL, GALLERY_STARS, NsfwPolicy
from storage.rulebook import MODEL, READERS, Kind, Rule, Rulebook

SHOWN = 60
"""Characters of a value that are shown."""

BLOCKED = 300
"""Characters of blocked words that are shown."""

NAMES = 20
"""Allowed models, channels or roles that are listed by name."""

ROOM = 3900
"""Characters of text in one message; Discord's limit is 4,000."""

_SOURCES = {
    "you": Sentence("you"),
    SERVER: Sentence("this server"),
    THE_MODEL: Sentence("the model"),
    HOST: Sentence("the host"),
    NOISEFOX: Sentence("Noisefox"),
}
"""Sources of values other than mentions of channels and roles."""

_ALLOWED = {
    Kind.MODEL: (Sentence("Models: {names}"), "{}"),
    Kind.CHANNEL: (Sentence("Channels: {names}"), "<#{}>"),
    Kind.ROLE: (Sentence("Roles: {names}"), "<@&{}>"),
    Kind.LOOK: (Sentence("Roles that can save looks: {names}"), "<@&{}>"),
}

_POLICIES = {
    NsfwPolicy.OFF: Sentence("NSFW filter: off"),
    NsfwPolicy.SPOILER: Sentence("NSFW filter: spoiler (flagged pictures are hidden behind a spoiler)"),
    NsfwPolicy.BLOCK: Sentence("NSFW filter: block (flagged pictures stay in age-restricted channels)"),
}

_WEIGHTS = Sentence(
    "Channels override roles, and roles override the server. The most generous of several roles counts. Nothing "
    "exceeds the host's limits."
)

_PLACES = ("waiting", "daily_steps", "cooldown")
"""Limits that the host counts across all servers and direct messages, and a server counts by itself."""


def rules(context: RequestContext, effective: EffectiveRules, model: str) -> list[MessageContent]:
    """The rules for a person in a channel with a model: one message, or several if they don't fit in one."""
    requester, book = context.requester, context.rulebook
    usual, models = context.model_of_place, context.catalogue.names
    where = f" · <#{requester.channel_ids[0]}>" if requester.channel_ids else ""
    title = say("Rules for {person}", person=f"<@{requester.user_id}>") + where
    sections = (
        (
            say("Settings with the model {model}", model=plain(model)),
            [*_settings(effective), _without_rules(effective)],
        ),
        (say("Limits"), _limits(effective)),
        (
            say("On the whole server"),
            [_usual_model(usual, effective), *_decisions(book, models), f"-# {say(_WEIGHTS)}"],
        ),
    )
    texts = [f"### {title}"]
    for name, lines in sections:
        texts += _texts([f"**{name}**", *filter(None, lines)])
    return [MessageContent(framed(list(_parted(page)), QUIET)) for page in _pages(texts)]


def defaults(effective: EffectiveRules, model: str) -> MessageContent:
    """The defaults of a person in a channel with a model, each with where it comes from."""
    title = say("Settings with the model {model}", model=plain(model))
    [text, *_] = _texts([f"**{title}**", *_settings(effective), *filter(None, [_without_rules(effective)])])
    return MessageContent(framed([ui.TextDisplay(text)], QUIET))


def limits_in_force(effective: EffectiveRules) -> list[str]:
    """One line for each limit of a person in a channel, with where it comes from."""
    return list(_limits(effective))


def rules_of(
    book: Rulebook, settings: Collection[str], named: Callable[[int], str | None], model: str | None = None
) -> list[str]:
    """One line for each rule for one of the settings, or for one of a model; `named` mentions the scope of a rule, and
    is None for the server's own."""
    lines = []
    for key, rule in sorted(book.rules.items()):
        if key.setting in settings and model in (None, key.model):
            of_model = [] if key.model == ANY_MODEL else [shown(key.model, SHOWN)]
            lines.append(" · ".join(filter(None, [named(key.scope), *of_model, changed_rule(key.setting, rule)])))
    return lines


def _texts(lines: Sequence[str]) -> Iterator[str]:
    """Lines joined to texts that each fit in a message."""
    text = ""
    for line in lines:
        if len(text) + len(line) >= ROOM:
            yield text
            text = ""
        text = f"{text}\n{line}".strip()
    yield text


def _pages(texts: Sequence[str]) -> list[list[str]]:
    """Texts grouped so that each group fits in a message."""
    pages: list[list[str]] = [[]]
    for text in texts:
        if sum(map(len, pages[-1])) + len(text) > ROOM:
            pages.append([])
        pages[-1].append(text)
    return pages


def _parted(texts: Sequence[str]) -> Iterator[ui.Item[ui.LayoutView]]:
    """Texts with separators between them."""
    for number, text in enumerate(texts):
        if number:
            yield ui.Separator(spacing=discord.SeparatorSpacing.small)
        yield ui.TextDisplay(text)


def _from(source: str) -> str:
    return say("from {source}", source=_SOURCES.get(source, source))


def _settings(effective: EffectiveRules) -> Iterator[str]:
    """One line for each setting that the server, the model or the host has a rule for."""
    for name in _shown_settings(effective):
        if _has_rule(name, effective):
            notes = [_from(effective.source_of(name)), *_bounds(name, effective)]
            yield f"{_default(name, effective)} · {' · '.join(notes)}"


def _without_rules(effective: EffectiveRules) -> str:
    """All other settings that have a value, with Noisefox's own defaults, on one line."""
    given = effective.defaults.given()
    names = [name for name in _shown_settings(effective) if not _has_rule(name, effective) and given[name] != ""]
    return f"-# {' · '.join([_from(NOISEFOX), *(_default(name, effective) for name in names)])}" if names else ""


def _shown_settings(effective: EffectiveRules) -> list[str]:
    """All settings except the model, which has a line of its own."""
    return [name for name in effective.defaults.given() if name != MODEL]


def _has_rule(name: str, effective: EffectiveRules) -> bool:
    return effective.source_of(name) != NOISEFOX or name in effective.locked or name in effective.ranges


def _default(name: str, effective: EffectiveRules) -> str:
    return valued(name, effective.defaults.given()[name])


def valued(name: str, value: object) -> str:
    """A setting and its value."""
    return f"{say(label(name))} **{written(value, SHOWN) or say('nothing')}**"


def changed_rule(name: str, rule: Rule) -> str:
    """A rule as it was saved."""
    if name in LIMITS and rule.most is not None and name not in READERS:
        return say(limit(name, int(rule.most)))
    parts = [say(label(name)) if rule.default is None else valued(name, READERS[name](rule.default))]
    if rule.least is not None:
        parts.append(say("at least {least:g}", least=rule.least))
    if rule.most is not None:
        parts.append(say("at most {most:g}", most=rule.most))
    if rule.locked is not None:
        parts.append(f"🔒 {say('locked')}" if rule.locked else say("not locked"))
    return " · ".join(parts)


def _bounds(name: str, effective: EffectiveRules) -> Iterator[str]:
    """The lock, minimum and maximum of a setting, each with its source."""
    bounds = effective.ranges.get(name, Range())
    if name in effective.locked:
        yield f"🔒 {say('locked')} {_by(name, 'locked', effective)}"
    if bounds.least is not None:
        yield f"{say('at least {least:g}', least=bounds.least)} {_by(name, 'least', effective)}"
    if bounds.most is not None:
        yield f"{say('at most {most:g}', most=bounds.most)} {_by(name, 'most', effective)}"


def _by(name: str, matter: str, effective: EffectiveRules) -> str:
    return f"({_from(effective.bound_by[name, matter])})"


def _limits(effective: EffectiveRules) -> Iterator[str]:
    """One line for each limit; two for limits that both the host and the server count."""
    for name in LIMITS:
        source, value = effective.bound_by.get((name, "most"), HOST), getattr(effective.limits, name)
        if value is not None and not (source == HOST and name in _PLACES):
            yield f"{say(limit(name, value))} · {_from(source)}"
        hosts = getattr(effective.everywhere, name)
        if name in _PLACES and hosts:
            yield f"{say(limit(name, hosts))} · {say('counting all servers and direct messages')} · {_from(HOST)}"


def limit(name: str, value: int) -> Sentence:
    """A limit in words."""
    match name:
        case "steps":
            return Counted(value, "at most {n} step", "at most {n} steps")
        case "side":
            return Sentence("at most {side} pixels wide and high", side=str(value))
        case "count":
            return Counted(value, "at most {n} picture per request", "at most {n} pictures per request")
        case "waiting":
            return Counted(value, "at most {n} unfinished request", "at most {n} unfinished requests")
        case "daily_steps":
            return Sentence("at most {steps:,} steps in 24 hours", steps=value)
    if not value:
        return Sentence("no wait between requests")
    return Sentence("one request every {time}", time=Duration(value))


def _usual_model(usual: SourcedValue, effective: EffectiveRules) -> str:
    lock = [f"🔒 {say('locked')} {_by(MODEL, 'locked', effective)}"] if MODEL in effective.locked else []
    return " · ".join([f"{say(label(MODEL))} **{plain(usual.value)}**", _from(usual.source), *lock])


def _decisions(book: Rulebook, models: Sequence[str]) -> Iterator[str]:
    """One line for each rule that applies to the whole server."""
    if book.paused:
        yield f"⏸️ **{say('Drawing is paused')}** · {_from(SERVER)}"
    for kind in _ALLOWED:
        everything = HOST if kind is Kind.MODEL else NOISEFOX
        yield f"{allowed(book, kind, models)} · {_from(SERVER if book.allowed.get(kind) else everything)}"
    for lora, roles in sorted(book.lora_roles.items()):
        yield f"{lora_roles(lora, roles)} · {_from(SERVER)}"
    yield f"{policy(book.nsfw)} · {_from(NOISEFOX if book.nsfw is NsfwPolicy.OFF else SERVER)}"
    yield f"{hints(book.hints)} · {_from(NOISEFOX if book.hints else SERVER)}"
    if book.blocked_words:
        yield f"{blocked(book.blocked_words)} · {_from(SERVER)}"
    if book.blocked_people:
        yield f"{blocked_people(book.blocked_people)} · {_from(SERVER)}"
    if book.blocked_pictures:
        yield f"{blocked_pictures(list(book.blocked_pictures))} · {_from(SERVER)}"
    if book.log_channel_id:
        yield f"{log_channel(book.log_channel_id)} · {_from(SERVER)}"
    if book.gallery_channel_id:
        yield f"{gallery(book.gallery_channel_id, book.gallery_stars)} · {_from(SERVER)}"


def allowed(book: Rulebook, kind: Kind, models: Sequence[str] = ()) -> str:
    """The allowed models, channels or roles; `models` are those of the host, for where all are allowed."""
    sentence, form = _ALLOWED[kind]
    names = sorted(book.allowed.get(kind, ())) or (models if kind is Kind.MODEL else ())
    return say(sentence, names=_named(names, form))


def policy(nsfw: NsfwPolicy) -> str:
    """The NSFW filter in words."""
    return say(_POLICIES[nsfw])


def hints(on: bool) -> str:
    """Whether members get hints."""
    return say("Hints: on") if on else say("Hints: off")


def blocked(words: Sequence[str]) -> str:
    """The blocked words, behind a spoiler."""
    if not words:
        return say("No words are blocked.")
    return say("Blocked words ({n}): {words}", n=len(words), words=_hidden(words))


def lora_roles(lora: str, roles: Collection[int]) -> str:
    """Who may use a LoRA."""
    names = _named([str(role) for role in sorted(roles)], "<@&{}>")
    return say("LoRA {name}: {roles}", name=shown(lora, SHOWN), roles=names)


def blocked_people(names: Sequence[str]) -> str:
    """The blocked people, behind a spoiler."""
    if not names:
        return say("No people are blocked.")
    return say("Blocked people ({n}): {names}", n=len(names), names=_hidden(names))


def blocked_pictures(names: Sequence[str]) -> str:
    """The blocked pictures, by name."""
    if not names:
        return say("No pictures are blocked.")
    return say("Blocked pictures: {names}", names=_named(sorted(names), "{}"))


def log_channel(channel_id: int | None) -> str:
    """The log channel, or that there is none."""
    return say("Log channel: {channel}", channel=f"<#{channel_id}>") if channel_id else say("The log is off.")


def gallery(channel_id: int | None, stars: int = GALLERY_STARS) -> str:
    """The gallery channel and how many stars a picture needs, or that there is none."""
    if channel_id is None:
        return say("The gallery is off.")
    return say_many(
        stars, "Gallery: {channel}, from {n} star", "Gallery: {channel}, from {n} stars", channel=f"<#{channel_id}>"
    )


def _hidden(names: Sequence[str]) -> str:
    return f"||{shown(', '.join(names), BLOCKED)}||"


def _named(names: Sequence[str], form: str) -> list[object]:
    """The first names and the number of others; "all" if there are none."""
    named: list[object] = [form.format(shown(name, SHOWN)) for name in names[:NAMES]]
    if len(names) > NAMES:
        named.append(Sentence("{n} more", n=len(names) - NAMES))
    return named or [Sentence("all")]
