"""Discord's 64-bit ids: milliseconds since 2015 in the upper 42 bits."""

from collections.abc import Callable
from datetime import UTC, datetime

EPOCH_MS = 1_420_070_400_000


def created_at(snowflake: int) -> float:
    """Unix time in seconds that a snowflake was made at."""
    return ((snowflake >> 22) + EPOCH_MS) / 1000


def iso_timestamp(seconds: float) -> str:
    """Unix seconds as Discord writes times: ISO 8601 with microseconds and +00:00."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


class Snowflakes:
    """Hands out strictly increasing ids, also when the clock stands still or goes back."""

    def __init__(self, clock: Callable[[], float], last: int = 0) -> None:
        self._clock = clock
        self._last = last

    def next(self) -> int:
        """A new id, larger than all before it."""
        by_clock = max(0, int(self._clock() * 1000) - EPOCH_MS) << 22
        self._last = max(by_clock, self._last + 1)
        return self._last
