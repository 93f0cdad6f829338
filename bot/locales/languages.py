"""The languages, and their catalogues."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from generation.sentences import ENGLISH_NUMBERS, Counted, Numbers, Sentence

FOLDER = Path(__file__).parent

Forms = str | list[str]
"""A translation; of a counted sentence, one a form of the language's plural."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Translations by the English."""

    sentences: Mapping[str, Forms]
    names: Mapping[str, str]
    """Of commands, options and choices."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language, by Discord's name for it."""

    locale: str
    folders: Sequence[str] = ()
    """Where its catalogues are; a later one outweighs an earlier."""
    numbers: Numbers = ENGLISH_NUMBERS
    form: Callable[[int], int] = lambda n: int(n != 1)
    """Which form of a counted sentence goes with a number."""

    @property
    def catalogue(self) -> Catalogue:
        return _read(tuple(self.folders))

    def template(self, sentence: Sentence) -> str:
        """The template of a sentence in this language; the English one where there is no other."""
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
"""Decimal marks are those of Unicode's CLDR: a comma in Spain, a point in es-419."""


def language_of(locale: str) -> Language:
    """The language of a locale; English where it is not spoken."""
    return LANGUAGES.get(locale, ENGLISH)


@cache
def _read(folders: tuple[str, ...]) -> Catalogue:
    sentences: dict[str, Forms] = {}
    names: dict[str, str] = {}
    for folder in folders:
        for path in sorted((FOLDER / folder).glob("*.toml")):
            areas = tomllib.loads(path.read_text("utf-8"))
            sentences |= areas.get("sentences", {})
            names |= areas.get("names", {})
    return Catalogue(sentences, names)
