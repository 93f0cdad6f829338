"""Durations in words."""

from collections.abc import Iterator
from typing import Literal

from babel.units import format_unit

from bot.locales import say
from bot.locales.languages import ENGLISH, Localised

MINUTE, HOUR, DAY = 60, 3600, 86400

_Length = Literal["short", "long"]

_UNITS: tuple[tuple[str, int, _Length], ...] = (
    ("day", DAY, "long"),
    ("hour", HOUR, "short"),
    ("minute", MINUTE, "short"),
    ("second", 1, "short"),
)
"""Units, the seconds in them, and the length of their names: few people know the short ones of days."""


class Duration(Localised):
    """An exact duration, at least 0 seconds, in its two largest units: "2 min 30 sec"."""

    def __init__(self, seconds: int) -> None:
        super().__init__(str(seconds))
        self.seconds = seconds

    def written(self, locale: str) -> str:
        return " ".join(format_unit(n, f"duration-{unit}", length, locale=locale) for n, unit, length in self._parts())

    def english(self) -> str:
        return self.written(ENGLISH.locale)

    def with_values(self, **values: object) -> "Duration":
        """The same duration: it has no placeholders."""
        return self

    def _parts(self) -> Iterator[tuple[int, str, _Length]]:
        """The number, name and length of the largest unit, and of the next where there is a rest."""
        largest = next((i for i, (_, size, _) in enumerate(_UNITS) if self.seconds >= size), len(_UNITS) - 1)
        rest = self.seconds
        for place, (unit, size, length) in enumerate(_UNITS[largest : largest + 2]):
            n, rest = divmod(rest, size)
            if n or not place:
                yield n, unit, length


def about(seconds: float) -> str:
    """An estimate in the reader's language, rounded to what an estimate can say."""
    if seconds < 5:
        return say("a few seconds")
    return say("about {time}", time=Duration(_rounded(seconds)))


def _rounded(seconds: float) -> int:
    """To 5 seconds below a minute, to a minute below an hour, to 10 minutes beyond."""
    if seconds < 55:
        return round(seconds / 5) * 5
    step = MINUTE if seconds < 55 * MINUTE else 10 * MINUTE
    return max(1, round(seconds / step)) * step
