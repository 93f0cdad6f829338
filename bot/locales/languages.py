"""Languages and their catalogues."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from generation.sentences import ENGLISH_NUMBERS, Counted, Numbers, Sentence

FOLDER = Path(__file__).parent

Forms = str | list[str]
"""A translation; for a counted sentence, one text for each plural form."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Translations by the English text."""

    sentences: Mapping[str, Forms]
    names: Mapping[str, str]
    """Names of commands, options and choices."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language, by Discord's name of its locale."""

    locale: str
    folders: Sequence[str] = ()
    """Folders with its catalogues; later ones override earlier ones."""
    numbers: Numbers = ENGLISH_NUMBERS
    form: Callable[[int], int] = lambda n: int(n != 1)
    """The index of the plural form for a number."""

    @property
    def catalogue(self) -> Catalogue:
        return read_catalogue(tuple(self.folders))

    def template(self, sentence: Sentence) -> str:
        """The template of a sentence in this language, or the English one if there is no translation."""
        forms = self.catalogue.sentences.get(sentence.template)
        if forms is None:
            return sentence.english()
        if isinstance(forms, str):
            return forms
        return forms[self.form(sentence.n) if isinstance(sentence, Counted) else -1]


ENGLISH = Language("en-US")

LANGUAGES = {
    each.locale: each
    for each in (
        ENGLISH,
        Language("es-ES", ["es"], Numbers(",", ".")),
        Language("es-419", ["es", "es-419"]),
    )
}
"""Decimal marks follow Unicode's CLDR: a comma in Spain, a point in es-419."""


def language_of(locale: str) -> Language:
    """The language of a locale, or English if it is not supported."""
    return LANGUAGES.get(locale, ENGLISH)


@cache
def read_catalogue(folders: tuple[str, ...]) -> Catalogue:
    sentences: dict[str, Forms] = {}
    names: dict[str, str] = {}
    for folder in folders:
        for path in sorted((FOLDER / folder).glob("*.toml")):
            areas = tomllib.loads(path.read_text("utf-8"))
            sentences |= areas.get("sentences", {})
            names |= areas.get("names", {})
    return Catalogue(sentences, names)
