import pytest

from bot.locales import addressing, say
from bot.locales.durations import about, duration


@pytest.mark.parametrize(
    ("seconds", "english", "spanish"),
    [
        (2, "a few seconds", "unos segundos"),
        (42, "about 40 s", "unos 40 s"),
        (57, "about 1 min", "unos 1 min"),
        (130, "about 2 min", "unos 2 min"),
        (9000, "about 2.5 h", "unas 2,5 h"),
    ],
)
def test_a_guess_is_no_more_precise_than_it_can_be(seconds: float, english: str, spanish: str) -> None:
    assert about(seconds) == english
    with addressing("es-ES"):
        assert about(seconds) == spanish


@pytest.mark.parametrize(
    ("seconds", "english", "spanish"),
    [
        (45, "45 s", "45 s"),
        (120, "2 min", "2 min"),
        (150, "2 min 30 s", "2 min 30 s"),
        (3661, "1 h 1 min", "1 h 1 min"),
        (86400, "1 day", "1 día"),
        (2 * 86400 + 3 * 3600 + 59, "2 days 3 h", "2 días 3 h"),
    ],
)
def test_a_length_of_time_has_its_two_largest_units(seconds: int, english: str, spanish: str) -> None:
    assert str(duration(seconds)) == english
    with addressing("es-ES"):
        assert say(duration(seconds)) == spanish
