"""What a reset of all rules takes away."""

from collections.abc import Callable, Iterator

from bot.locales import say
from bot.views.server_rules import (
    allowed,
    blocked,
    blocked_people,
    blocked_pictures,
    gallery,
    hints,
    log_channel,
    lora_roles,
    policy,
    rules_of,
)
from storage.records import NsfwPolicy
from storage.rulebook import Rulebook


def what_is_lost(book: Rulebook, named: Callable[[int], str | None]) -> Iterator[str]:
    """One line for each rule that a server has; `named` mentions channels and roles, and is None for the server."""
    yield from rules_of(book, {key.setting for key in book.rules}, named)
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
    if book.gallery_channel_id:
        yield gallery(book.gallery_channel_id, book.gallery_stars)
