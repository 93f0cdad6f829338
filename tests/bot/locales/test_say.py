"""Sentences with their placeholders filled, in the reader's language."""

from pathlib import Path

import pytest

from bot.errors import sentence_for, sentence_for_failure
from bot.locales import addressing, say, say_many
from bot.locales.catalogue import CatalogueError
from bot.locales.languages import ENGLISH, LANGUAGES, Languages
from generation.errors import FailureKind, InvalidSetting, UserError
from generation.sentences import Counted, Markup, Sentence
from generation.settings import Sampler

SPANISH = """
msgid ""
msgstr "Plural-Forms: nplurals=2; plural=(n != 1);"

msgid "At most {limit} steps."
msgstr "Como máximo, {limit} pasos."

msgid "{what!c} takes {seconds:.1f} s."
msgstr "{what!c} tarda {seconds:.1f} s."

msgid "{n} picture"
msgid_plural "{n} pictures"
msgstr[0] "{n} imagen"
msgstr[1] "{n} imágenes"

msgid "{steps:,} steps"
msgstr "{steps:,} pasos"

msgid "the model"
msgstr "el modelo"

msgctxt "name"
msgid "the sampler"
msgstr "muestreador"

#, fuzzy
msgid "the seed"
msgstr "la semana"

msgid "One of: {values}."
msgstr "Uno de: {values}."

msgid "Something went wrong on my side, and the error is in my log. Please try again."
msgstr "Algo ha fallado."
"""


@pytest.fixture(autouse=True)
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small catalogue for these tests."""
    (tmp_path / "es.po").write_text(SPANISH, "utf-8")
    (tmp_path / "es_419.po").write_text('msgid "the sampler"\nmsgstr "el muestreador"\n', "utf-8")
    monkeypatch.setattr(LANGUAGES, "translated", Languages(tmp_path).translated)


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


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("[x](https://evil.example)", r"\[x\](https\://evil.example)"), ("**x**", r"\*\*x\*\*"), ("<@1>", r"\<@\u200b1>")],
)
def test_what_people_typed_into_an_error_is_shown_as_they_typed_it(typed: str, shown: str) -> None:
    shown = shown.replace(r"\u200b", "\u200b")
    error = InvalidSetting("model", "No “{name}”. Known: {known}.", name=typed, known=[typed, "a"])
    assert say(error.sentence) == sentence_for(error) == f"No “{shown}”. Known: {shown}, a."
    assert say(Sentence("Why: {what}", what=error.sentence)) == f"Why: No “{shown}”. Known: {shown}, a."
    assert say(Sentence("{what!c}!", what=typed)) == f"{shown}!"
    assert str(error) == f"No “{typed}”. Known: {typed}, a.", "the log has no formatting"


def test_a_code_span_ends_where_the_sentence_ends_it() -> None:
    sentence = Sentence("There's no flag `--{name}`, “{name}”, `{name}`.", name="a`_**b**`")
    assert say(sentence) == r"There's no flag `--a_**b**`, “a\`\_\*\*b\*\*\`”, `a_**b**`."


def test_our_own_formatting_stays() -> None:
    assert say(Sentence("{who}: {how}", who=Markup("<@1>"), how=[Markup("`x`"), Markup("**y**")])) == "<@1>: `x`, **y**"
    assert say("{person} · {list}", person="<@1>", list=["[x](https://a.example)"]) == "<@1> · [x](https://a.example)"
    assert say(Sentence("{sampler}"), sampler=Sampler.DPMPP_2M) == str(Sampler.DPMPP_2M)


def test_an_error_is_english_in_the_log_and_in_the_readers_language_at_the_edge() -> None:
    error = InvalidSetting("steps", "At most {limit} steps.", limit=9)
    assert (str(error), error.field) == ("At most 9 steps.", "steps")
    with addressing("es-ES"):
        assert sentence_for(error) == "Como máximo, 9 pasos."
        assert sentence_for(KeyError("secret")) == "Algo ha fallado."
        assert say(sentence_for_failure(FailureKind.INTERNAL)) == "Algo ha fallado."


def test_a_region_says_otherwise_only_what_its_own_catalogue_has() -> None:
    with addressing("es-419"):
        assert (say("the sampler"), say("the model")) == ("el muestreador", "el modelo")


def test_what_has_no_sure_translation_is_said_in_english() -> None:
    with addressing("es-ES"):
        assert [say(each) for each in ("the seed", "the sampler", "")] == ["the seed", "the sampler", ""]


def test_discords_locales_are_known_by_their_files() -> None:
    assert [LANGUAGES.of(each).locale for each in ("es-ES", "es-419", "en-US")] == ["es_ES", "es_419", "en_US"]
    assert LANGUAGES.of("en-GB") is LANGUAGES.of("de") is LANGUAGES.of("tlh") is ENGLISH
    assert set(LANGUAGES.translated) == {"es-ES", "es-419"}


@pytest.mark.parametrize("damaged", ["msgstring", 'msgid "a"', '"loose"', "\xff"])
def test_a_damaged_file_is_named(damaged: str, tmp_path: Path) -> None:
    (tmp_path / "es.po").write_bytes(damaged.encode("latin-1"))
    with pytest.raises(CatalogueError, match=r"^Repair or remove \S+es\.po, "):
        _ = Languages(tmp_path).translated
