"""Every sentence has a Spanish translation, and no translation is unused."""

import re
import tomllib
from collections.abc import Iterator

from bot.locales.languages import FOLDER, LANGUAGES, Forms
from tests.bot.locales.loose import loose_words, said
from tests.bot.locales.source import Template, templates, unreadable

_FILLED = re.compile(r"\{(\w+)(?:![a-z])?(?::[^{}]*)?\}")


def entries(folder: str = "es") -> Iterator[tuple[str, str, str, Forms]]:
    """File, table, English text and translation of every entry."""
    for path in sorted((FOLDER / folder).glob("*.toml")):
        for table, translations in tomllib.loads(path.read_text()).items():
            for english, translation in translations.items():
                yield path.name, table, english, translation


def forms_of(translation: Forms) -> list[str]:
    return [translation] if isinstance(translation, str) else translation


def test_templates_are_written_down_and_not_put_together() -> None:
    assert unreadable() == [], "a template is a literal; what differs goes into named places"


def test_nothing_is_said_in_english_alone() -> None:
    assert list(loose_words()) == [], "say() it, or make it a Sentence, and add its Spanish to bot/locales/es"


def test_no_sentence_is_without_its_spanish() -> None:
    catalogue = LANGUAGES["es-ES"].catalogue.sentences
    missing = [f"{each.place}: {each.text!r}" for each in templates() if each.text not in catalogue]
    assert missing == [], "add it to bot/locales/es"


def test_counted_sentences_have_a_form_for_one_and_for_many() -> None:
    catalogue = LANGUAGES["es-ES"].catalogue.sentences
    wrong = [
        f"{each.place}: {each.text!r}" for each in templates() if (each.one is None) is _has_forms(catalogue, each)
    ]
    assert wrong == []


def _has_forms(catalogue: object, template: Template) -> bool:
    assert isinstance(catalogue, dict)
    return isinstance(catalogue.get(template.text), list)


def test_no_spanish_is_left_over() -> None:
    stale = [
        f"{file}: {english!r}"
        for file, table, english, _ in entries()
        if table == "sentences" and english not in said()
    ]
    assert stale == [], "this sentence is not used any more"


def test_places_are_filled_as_in_english() -> None:
    wrong = [
        f"{file}: {english!r}"
        for file, _, english, translation in entries()
        for form in forms_of(translation)
        if set(_FILLED.findall(form)) != set(_FILLED.findall(english))
    ]
    assert wrong == []


def test_no_entry_says_two_things() -> None:
    known: dict[tuple[str, str], tuple[str, Forms]] = {}
    wrong = []
    for file, table, english, translation in entries():
        first, other = known.setdefault((table, english), (file, translation))
        if other != translation:
            wrong.append(f"{english!r} in {first} and {file}")
    assert wrong == []


def test_latin_america_overrides_only_what_is_there() -> None:
    spanish = {(table, english): translation for _, table, english, translation in entries()}
    wrong = [
        f"{file}: {english!r}"
        for file, table, english, translation in entries("es-419")
        if type(spanish.get((table, english))) is not type(translation) or spanish[table, english] == translation
    ]
    assert wrong == [], "it is not in es, or it says the same"
