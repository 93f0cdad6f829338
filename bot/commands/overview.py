"""Defaults and limits in words."""

from bot.asker import Asker
from bot.house import Range, Standing
from generation.settings import Limits, PartialSettings
from storage.records import ANY_MODEL, Defaults, NsfwPolicy
from storage.rulebook import Kind, Rulebook

_LABELS = {
    "width": "width",
    "height": "height",
    "negative_prompt": "without",
    "steps": "steps",
    "guidance_scale": "guidance",
    "sampler": "sampler",
    "clip_skip": "clip skip",
    "count": "pictures",
}
SHOWN = 60
"""Characters of a value that are shown."""

MESSAGE = 1900
"""Characters of an overview: Discord's 2,000, less what is said before it."""

BLOCKED = 300
"""Characters of blocked words that are shown."""

MODELS = 9
"""Models that are listed; with all their values they fit a message."""


def defaults_lines(defaults: Defaults) -> list[str]:
    """A line a model that has defaults."""
    lines = [
        f"- {'every model' if model == ANY_MODEL else model}: {_listed(partial)}"
        for model, partial in sorted(defaults.by_model.items())
        if partial.given()
    ]
    return lines[:MODELS] or ["- no defaults set"]


def server_overview(book: Rulebook, standing: Standing, asker: Asker, model: str) -> str:
    """What holds for somebody in a place, and who said so; one message of Discord's."""
    where = f" in <#{asker.channel_ids[0]}>" if asker.channel_ids else ""
    lines = [f"For <@{asker.user_id}>{where} with the model {model}:"]
    lines += [f"- {_effective(name, value, standing)}" for name, value in standing.defaults.given().items() if value]
    lines += [_limits_line(standing.limits), *_decisions(book)]
    return "\n".join(lines)[:MESSAGE]


def _effective(name: str, value: object, standing: Standing) -> str:
    bounds = standing.ranges.get(name, Range())
    notes = [f"from {standing.source_of(name)}"]
    if name in standing.locked:
        notes.append("locked")
    if bounds.least is not None:
        notes.append(f"at least {bounds.least:g}")
    if bounds.most is not None:
        notes.append(f"at most {bounds.most:g}")
    return f"{_LABELS.get(name, name.replace('_', ' '))} {str(value)[:SHOWN]} ({', '.join(notes)})"


def _limits_line(limits: Limits) -> str:
    words = [
        f"{limits.steps} steps",
        f"{limits.side} pixels a side",
        f"{limits.count} pictures at once",
        f"{limits.waiting} unfinished requests",
    ]
    words += [f"{limits.daily_steps} steps in 24 hours"] * (limits.daily_steps is not None)
    words += [f"one request every {limits.cooldown} s"] * bool(limits.cooldown)
    return f"- at most {', '.join(words)}"


def _decisions(book: Rulebook) -> list[str]:
    """What holds for the whole server."""
    lines = ["- **paused**"] * book.paused
    shown = {Kind.MODEL: "{}", Kind.CHANNEL: "<#{}>", Kind.ROLE: "<@&{}>"}
    lines += [
        f"- allowed {kind}s: {', '.join(shown[kind].format(name) for name in sorted(names))}"
        for kind, names in sorted(book.allowed.items())
    ]
    lines += [f"- NSFW policy: {book.nsfw}"] * (book.nsfw is not NsfwPolicy.OFF)
    lines += ["- no hints"] * (not book.hints)
    lines += [f"- blocked words: ||{', '.join(book.blocked_words)[:BLOCKED]}||"] * bool(book.blocked_words)
    lines += [f"- log channel: <#{book.log_channel_id}>"] * bool(book.log_channel_id)
    return lines


def _listed(partial: PartialSettings) -> str:
    return ", ".join(f"{_LABELS[name]} {str(value)[:SHOWN]}" for name, value in partial.given().items())
