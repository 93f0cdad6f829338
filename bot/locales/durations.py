"""Durations in words."""

from bot.locales import say
from generation.sentences import Counted, Sentence

MINUTE, HOUR, DAY = 60, 3600, 86400


def about(seconds: float) -> str:
    """An estimate in the reader's language, rounded to what an estimate can say."""
    if seconds < 5:
        return say("a few seconds")
    if seconds < 55:
        return say("about {seconds} s", seconds=round(seconds / 5) * 5)
    if seconds < 55 * MINUTE:
        return say("about {minutes} min", minutes=max(1, round(seconds / MINUTE)))
    return say("about {hours:.1f} h", hours=seconds / HOUR)


def duration(seconds: int) -> Sentence:
    """An exact duration in its two largest units."""
    if seconds < MINUTE:
        return Sentence("{seconds} s", seconds=seconds)
    if seconds < HOUR:
        return _two(Sentence("{minutes} min", minutes=seconds // MINUTE), duration(seconds % MINUTE), seconds % MINUTE)
    if seconds < DAY:
        rest = seconds % HOUR // MINUTE * MINUTE
        return _two(Sentence("{hours} h", hours=seconds // HOUR), duration(rest), rest)
    rest = seconds % DAY // HOUR * HOUR
    return _two(Counted(seconds // DAY, "{n} day", "{n} days"), duration(rest), rest)


def _two(larger: Sentence, smaller: Sentence, rest: int) -> Sentence:
    return Sentence("{larger} {smaller}", larger=larger, smaller=smaller) if rest else larger
