"""What holds on a server, and who said so."""

from collections.abc import Iterator

import discord
from discord import ui

from bot.asker import Asker
from bot.durations import duration
from bot.house import USUAL, Range, Standing
from bot.layouts.look import QUIET, Look, Part, framed, plain
from bot.locales import say, say_many
from generation.sentences import Sentence
from generation.settings import Limits, label
from storage.records import NsfwPolicy
from storage.rulebook import Kind, Rulebook

SHOWN = 60
"""Characters of a value that are shown."""

BLOCKED = 300
"""Characters of blocked words that are shown."""

NAMES = 20
"""Of what is allowed, how many are named."""

_SOURCES = {
    "you": Sentence("you"),
    "this server": Sentence("this server"),
    "the model": Sentence("the model"),
    USUAL: Sentence("Noisefox"),
}
"""Sources of values that are no mentions."""

_ALLOWED = {
    Kind.MODEL: (Sentence("Models: {names}"), "{}"),
    Kind.CHANNEL: (Sentence("Channels: {names}"), "<#{}>"),
    Kind.ROLE: (Sentence("Roles: {names}"), "<@&{}>"),
}

_POLICIES = {
    NsfwPolicy.SPOILER: Sentence("Pictures that may need it are covered outside of age-restricted channels"),
    NsfwPolicy.BLOCK: Sentence("Pictures that may need it stay in age-restricted channels"),
}


def rules(book: Rulebook, standing: Standing, asker: Asker, model: str, first: str = "") -> Look:
    """What holds for somebody in a place with a model, after a first word."""
    where = f" · <#{asker.channel_ids[0]}>" if asker.channel_ids else ""
    title = say("What holds for {person}", person=f"<@{asker.user_id}>") + where
    parts: list[Part] = [ui.TextDisplay(f"{first}\n### {title}".strip())]
    sections = (
        (say("Settings with the model {model}", model=plain(model)), list(_settings(standing))),
        (say("At most"), list(_limits(standing.limits))),
        (say("Everywhere on this server"), list(_decisions(book))),
    )
    for name, lines in sections:
        if lines:
            parts += [ui.Separator(spacing=discord.SeparatorSpacing.small)]
            parts += [ui.TextDisplay("\n".join([f"**{name}**", *lines]))]
    return Look(framed(parts, QUIET))


def _settings(standing: Standing) -> Iterator[str]:
    """A line a setting that somebody speaks of."""
    for name, value in standing.defaults.given().items():
        bounds, source = standing.ranges.get(name, Range()), standing.source_of(name)
        spoken_of = source != USUAL or name in standing.locked or name in standing.ranges
        if name == "model" or not spoken_of or value == "":
            continue
        shown = f"{value:g}" if isinstance(value, float) else plain(str(value)[:SHOWN])
        notes = [say("from {source}", source=_SOURCES.get(source, source))]
        if name in standing.locked:
            notes.append(f"🔒 {say('locked')}")
        if bounds.least is not None:
            notes.append(say("at least {least:g}", least=bounds.least))
        if bounds.most is not None:
            notes.append(say("at most {most:g}", most=bounds.most))
        yield f"{say(label(name))} **{shown}** · {' · '.join(notes)}"


def _limits(limits: Limits) -> Iterator[str]:
    words = []
    if limits.steps is not None:
        words.append(say_many(limits.steps, "{n} step", "{n} steps"))
    if limits.side is not None:
        words.append(say("{side} pixels a side", side=str(limits.side)))
    if limits.count is not None:
        words.append(say_many(limits.count, "{n} picture at once", "{n} pictures at once"))
    if limits.waiting is not None:
        words.append(say_many(limits.waiting, "{n} unfinished request", "{n} unfinished requests"))
    if words:
        yield " · ".join(words)
    if limits.daily_steps is not None:
        yield say("{steps:,} steps in 24 hours", steps=limits.daily_steps)
    if limits.cooldown:
        yield say("one request every {time}", time=duration(limits.cooldown))


def _decisions(book: Rulebook) -> Iterator[str]:
    if book.paused:
        yield f"⏸️ **{say('Drawing is paused')}**"
    for kind, names in sorted(book.allowed.items()):
        sentence, form = _ALLOWED[kind]
        yield say(Sentence(sentence.template, names=[form.format(name) for name in sorted(names)[:NAMES]]))
    if book.nsfw in _POLICIES:
        yield say(_POLICIES[book.nsfw])
    if not book.hints:
        yield say("No hints")
    if book.blocked_words:
        yield say("Blocked words: {words}", words=f"||{plain(', '.join(book.blocked_words)[:BLOCKED])}||")
    if book.log_channel_id:
        yield say("Log channel: {channel}", channel=f"<#{book.log_channel_id}>")
