from pathlib import Path

import discord
import pytest

from bot.locales import addressing, say
from bot.locales.durations import Duration, about
from bot.locales.languages import LANGUAGES, Languages
from generation.sentences import Sentence


@pytest.mark.parametrize(
    ("seconds", "english", "spanish"),
    [
        (2, "a few seconds", "unos segundos"),
        (42, "about 40 sec", "alrededor de 40 s"),
        (57, "about 1 min", "alrededor de 1 min"),
        (130, "about 2 min", "alrededor de 2 min"),
        (9000, "about 2 hr 30 min", "alrededor de 2 h 30 min"),
        (100_000, "about 1 day 3 hr", "alrededor de 1 día 3 h"),
    ],
)
def test_a_guess_is_no_more_precise_than_it_can_be(seconds: float, english: str, spanish: str) -> None:
    assert about(seconds) == english
    with addressing("es-ES"):
        assert about(seconds) == spanish


@pytest.mark.parametrize(
    ("seconds", "english", "spanish"),
    [
        (0, "0 sec", "0 s"),
        (45, "45 sec", "45 s"),
        (120, "2 min", "2 min"),
        (150, "2 min 30 sec", "2 min 30 s"),
        (3605, "1 hr", "1 h"),
        (3661, "1 hr 1 min", "1 h 1 min"),
        (86400, "1 day", "1 día"),
        (2 * 86400 + 3 * 3600 + 59, "2 days 3 hr", "2 días 3 h"),
    ],
)
def test_a_length_of_time_has_its_two_largest_units(seconds: int, english: str, spanish: str) -> None:
    assert str(Duration(seconds)) == english
    for locale in ("es-ES", "es-419"):
        with addressing(locale):
            assert say(Duration(seconds)) == spanish


def test_every_language_of_discord_has_units_and_marks_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in discord.Locale:
        (tmp_path / f"{each.value.replace('-', '_')}.po").touch()
    languages = Languages(tmp_path)
    monkeypatch.setattr(LANGUAGES, "translated", languages.translated)
    assert set(languages.translated) == {each.value for each in discord.Locale}
    said = {}
    for name in languages.translated:
        with addressing(name):
            said[name] = say(Duration(5 * 86400 + 3600)), say("{n:,.1f}", n=1234.5)
    assert said["pl"] == ("5 dni 1 godz.", "1\xa0234,5")
    assert said["ja"] == ("5 日 1 時間", "1,234.5")
    assert len({duration for duration, _ in said.values()}) > 20


def test_a_length_of_time_that_is_kept_is_written_for_its_reader() -> None:
    kept = Sentence("one request every {time}", time=Duration(7200))
    assert str(kept) == "one request every 2 hr"
    assert say(Duration(7200), unused=1) == "2 hr"
    with addressing("es-ES"):
        assert say(kept).endswith(" 2 h")
