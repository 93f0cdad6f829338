"""The device, number format and batch that drew a picture, in the reader's language.

They are kept in English, as `generation.engine.runtime.device.told` writes them: "cpu, bfloat16, up to 64 rows, 1
thread".
"""

import re
from collections.abc import Callable

from bot.locales import say, say_many
from bot.locales.plain import plain

_PARTS: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (re.compile(r"up to (\d+) rows?"), lambda rows: say_many(int(rows), "up to {n} row", "up to {n} rows")),
    (re.compile(r"(\d+) rows? always"), lambda rows: say_many(int(rows), "{n} row always", "{n} rows always")),
    (re.compile(r"(\d+) threads?"), lambda threads: say_many(int(threads), "{n} thread", "{n} threads")),
    (re.compile("()tile by tile"), lambda _: say("tile by tile")),
    (re.compile("()decoded in tiles"), lambda _: say("decoded in tiles")),
)


def in_words(circumstances: str) -> str:
    """What drew a picture. What is not known, such as the name of a device, stays as it is."""
    return ", ".join(map(_in_words, circumstances.split(", ")))


def _in_words(part: str) -> str:
    for pattern, words in _PARTS:
        if match := pattern.fullmatch(part):
            return words(match[1])
    first, _, second = part.partition(" and ")
    return say("{first} and {second}", first=plain(first), second=plain(second)) if second else plain(part)
