"""What a reset of all rules takes away."""

from collections.abc import Callable, Iterator

from bot.locales import say
from bot.views.server_rules import (
    allowed,
    blocked,
    blocked_people,
    blocked_pictures,
    changed_rule,
    hints,
    log_channel,
    lora_roles,
    policy,
)
from bot.views.text import shown
from storage.records import ANY_MODEL, NsfwPolicy
from storage.rulebook import Rulebook


def what_is_lost(book: Rulebook, guild_id: int, named: Callable[[int], str]) -> Iterator[str]:
    """One line for each rule that a server has; `named` mentions channels and roles."""
    for key, rule in sorted(book.rules.items()):
        where = [] if key.scope == guild_id else [named(key.scope)]
        model = [] if key.model == ANY_MODEL else [shown(key.model, 60)]
        yield " · ".join([*where, *model, changed_rule(key.setting, rule)])
    yield from (allowed(book, kind) for kind in sorted(book.allowed))
    yield from (lora_roles(*each) for each in sorted(book.lora_roles.items()))
    if book.paused:
        yield say("Drawing is paused")
    if book.nsfw is not NsfwPolicy.OFF:
        yield policy(book.nsfw)
    if not book.hints:
        yield hints(book.hints)
    if book.blocked_words:
        yield blocked(book.blocked_words)
    if book.blocked_people:
        yield blocked_people(book.blocked_people)
    if book.blocked_pictures:
        yield blocked_pictures(list(book.blocked_pictures))
    if book.log_channel_id:
        yield log_channel(book.log_channel_id)
