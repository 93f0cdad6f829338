"""The catalogues are in step with the source, Spanish has everything, and no entry is wrong."""

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from bot.locales.languages import FOLDER, NAME
from tests.bot.locales.loose import loose_words
from tools.catalogues.files import TEMPLATE, forms, is_regional, read, written
from tools.catalogues.source import templates, unreadable
from tools.catalogues.template import template

LANGUAGES = sorted(FOLDER.glob("*.po"))
COMPLETE = ("es",)
_FILLED = re.compile(r"\{(\w+)(?:![a-z])?(?::[^{}]*)?\}")

every_language = pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)


@cache
def english() -> Catalog:
    """The template catalogue of the source."""
    return template()


def messages(catalog: Catalog) -> list[Message]:
    """The entries of a catalogue, without its header."""
    return [message for message in catalog if message.id]


def is_translated(message: Message | None) -> bool:
    return message is not None and not message.fuzzy and all(forms(message.string))


def test_templates_are_written_down_and_not_put_together() -> None:
    assert unreadable() == [], "a template is a literal; what differs goes into named places"


def test_nothing_is_said_in_english_alone() -> None:
    assert list(loose_words()) == [], "say() it, or make it a Sentence"


def test_one_singular_has_one_plural() -> None:
    """gettext finds a counted sentence by its singular."""
    known: dict[str, str] = {}
    wrong = [each for each in templates() if each.one and known.setdefault(each.one, each.text) != each.text]
    assert wrong == []


def test_the_template_is_that_of_the_source() -> None:
    assert (FOLDER / TEMPLATE).read_text("utf-8") == written(english()), "run make locales"


@pytest.mark.parametrize("language", COMPLETE)
def test_no_sentence_and_no_name_is_without_its_translation(language: str) -> None:
    known = read(FOLDER / f"{language}.po")
    missing = [
        f"{each.locations[0][0]}: {each.id!r}"
        for each in messages(english())
        if not is_translated(known.get(each.id, each.context))
    ]
    assert missing == [], f"run make locales, and translate it in bot/locales/{language}.po"


@every_language
def test_no_entry_is_left_over(path: Path) -> None:
    known = english()
    stale = [f"{each.id!r}" for each in messages(read(path)) if known.get(each.id, each.context) is None]
    assert stale == [], "it is not used any more: run make locales"


@every_language
def test_counted_sentences_have_all_plural_forms_and_others_one(path: Path) -> None:
    catalog, known = read(path), english()
    wrong = [
        f"{each.id!r}"
        for each in messages(catalog)
        if (source := known.get(each.id, each.context))
        if (each.id, len(forms(each.string))) != (source.id, catalog.num_plurals if source.pluralizable else 1)
    ]
    assert wrong == []


@every_language
def test_places_are_filled_as_in_english(path: Path) -> None:
    wrong = [
        f"{each.id!r}: {form!r}"
        for each in messages(read(path))
        for form in filter(None, forms(each.string))
        if set(_FILLED.findall(form)) != set(_FILLED.findall(forms(each.id)[-1]))
    ]
    assert wrong == []


@every_language
def test_a_capital_is_asked_for_only_where_english_does(path: Path) -> None:
    """Checkers of PO files take `!c` for a mistake where the English has none."""
    wrong = [each.id for each in messages(read(path)) if "!c}" in str(each.string) and "!c}" not in str(each.id)]
    assert wrong == []


@every_language
def test_no_entry_is_there_twice(path: Path) -> None:
    entries = re.findall(r"^msgid ", path.read_text("utf-8"), re.MULTILINE)
    assert len(entries) == len(messages(read(path))) + 1


@pytest.mark.parametrize("path", [each for each in LANGUAGES if is_regional(each)], ids=lambda path: path.stem)
def test_a_region_overrides_only_what_its_language_says_otherwise(path: Path) -> None:
    language = read(path.with_stem(path.stem.partition("_")[0]))
    wrong = [
        f"{each.id!r}"
        for each in messages(read(path))
        if not is_translated(each)
        or (known := language.get(each.id, each.context)) is None
        or forms(known.string) == forms(each.string)
    ]
    assert wrong == [], "its language has no such entry, or says the same"


def test_names_are_kept_apart_from_sentences() -> None:
    """The name of an option can differ from the same word in a sentence."""
    spanish = read(FOLDER / "es.po")
    name, word = spanish.get("count", NAME), spanish.get("count")
    assert name is not None
    assert word is not None
    assert (name.string, word.string) == ("cantidad", "número de imágenes")
