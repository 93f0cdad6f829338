"""Sentences with their placeholders filled, in the reader's language."""

import pytest

from bot.errors import UNEXPECTED, sentence_for, sentence_for_failure
from bot.locales import addressing, say, say_many
from bot.locales.languages import LANGUAGES, Catalogue, Forms, language_of
from generation.errors import FailureKind, InvalidSetting, UserError
from generation.sentences import Counted, Sentence


@pytest.fixture(autouse=True)
def catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small catalogue for these tests."""
    sentences: dict[str, Forms] = {
        "At most {limit} steps.": "Como máximo, {limit} pasos.",
        "{what!c} takes {seconds:.1f} s.": "{what!c} tarda {seconds:.1f} s.",
        "{n} pictures": ["{n} imagen", "{n} imágenes"],
        "{steps:,} steps": "{steps:,} pasos",
        "the model": "el modelo",
        "One of: {values}.": "Uno de: {values}.",
        str(UNEXPECTED): "Algo ha fallado.",
    }
    monkeypatch.setattr(
        "bot.locales.languages.read_catalogue", lambda folders: Catalogue(sentences if folders else {}, {})
    )


def test_without_a_reader_it_is_english() -> None:
    assert say("At most {limit} steps.", limit=9) == "At most 9 steps."


def test_each_reader_is_addressed_in_their_language() -> None:
    with addressing("es-419"):
        assert say("At most {limit} steps.", limit=9) == "Como máximo, 9 pasos."
        with addressing("fr"):
            assert say("At most {limit} steps.", limit=9) == "At most 9 steps."
        assert say("Nobody has translated this.") == "Nobody has translated this."


@pytest.mark.parametrize(
    ("locale", "said"),
    [("en-US", "The model takes 2.5 s."), ("es-ES", "El modelo tarda 2,5 s."), ("es-419", "El modelo tarda 2.5 s.")],
)
def test_numbers_are_written_as_the_language_does(locale: str, said: str) -> None:
    with addressing(locale):
        assert say("{what!c} takes {seconds:.1f} s.", what=Sentence("the model"), seconds=2.5) == said


def test_thousands_are_grouped_where_asked_for() -> None:
    with addressing("es-ES"):
        assert say("{steps:,} steps", steps=1234567) == "1.234.567 pasos"
        assert say("At most {limit} steps.", limit=1234567) == "Como máximo, 1234567 pasos."


@pytest.mark.parametrize(
    ("locale", "one", "many"), [("en-US", "1 picture", "2 pictures"), ("es-ES", "1 imagen", "2 imágenes")]
)
def test_a_number_changes_the_words(locale: str, one: str, many: str) -> None:
    with addressing(locale):
        assert say_many(1, "{n} picture", "{n} pictures") == one
        assert say(Counted(2, "{n} picture", "{n} pictures")) == many


def test_what_fills_a_sentence_is_never_read_as_a_template() -> None:
    assert say("One of: {values}.", values=["{limit}", 'a"b']) == 'One of: {limit}, a"b.'
    assert str(UserError("You have no style “{prompt}”.")) == "You have no style “{prompt}”."


def test_an_error_is_english_in_the_log_and_in_the_readers_language_at_the_edge() -> None:
    error = InvalidSetting("steps", "At most {limit} steps.", limit=9)
    assert (str(error), error.field) == ("At most 9 steps.", "steps")
    with addressing("es-ES"):
        assert sentence_for(error) == "Como máximo, 9 pasos."
        assert sentence_for(KeyError("secret")) == "Algo ha fallado."
        assert say(sentence_for_failure(FailureKind.INTERNAL)) == "Algo ha fallado."


def test_discords_locales_are_known() -> None:
    assert [language_of(each).locale for each in ("es-ES", "es-419", "en-GB", "de")] == [
        "es-ES",
        "es-419",
        "en-US",
        "en-US",
    ]
    assert list(LANGUAGES) == ["en-US", "es-ES", "es-419"]
