"""Languages and their catalogues: `es.po`, and `es_419.po` with what differs in Latin America."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import discord
from babel.numbers import get_decimal_symbol, get_group_symbol

from bot.locales.catalogue import Catalogue
from generation.sentences import ENGLISH_NUMBERS, Counted, Numbers, Sentence

FOLDER = Path(__file__).parent

NAME = "name"
"""The context of names of commands, options and choices."""


class Localised(Sentence):
    """A text that the data of a locale writes, and no catalogue."""

    def written(self, locale: str) -> str:
        """The text for a locale, such as "es_ES"."""
        raise NotImplementedError


@dataclass(frozen=True)
class Language:
    """A language, by its locale, such as "es_ES"; the most specific catalogue comes first."""

    locale: str
    catalogues: Sequence[Catalogue] = ()
    numbers: Numbers = ENGLISH_NUMBERS

    def template(self, sentence: Sentence) -> str:
        """The template of a sentence in this language, or the English one if there is no translation."""
        if isinstance(sentence, Localised):
            return sentence.written(self.locale)
        if isinstance(sentence, Counted):
            return self.found(sentence.one, n=sentence.n) or sentence.english()
        return self.found(sentence.template) or sentence.english()

    def found(self, text: str, context: str | None = None, n: int = 1) -> str | None:
        """The translation of an English text, in the form for a number, or None."""
        return next(filter(None, (each.found(text, context, n) for each in self.catalogues)), None)


ENGLISH = Language("en_US")


class Languages:
    """English, and the languages that have a catalogue in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, locale: str) -> Language:
        """The language of Discord's name of a locale, such as "es-ES", or English if there is no catalogue for it."""
        return self.translated.get(locale, ENGLISH)

    @cached_property
    def translated(self) -> Mapping[str, Language]:
        """Languages with catalogues, by Discord's names of their locales. They are read once, at the first use."""
        catalogues = {path.stem: Catalogue(path) for path in sorted(self._folder.glob("*.po"))}
        found = {}
        for locale in discord.Locale:
            name = locale.value.replace("-", "_")
            own = [catalogues[each] for each in (name, name.partition("_")[0]) if each in catalogues]
            if own:
                found[locale.value] = Language(name, own, _numbers(name))
        return found


def _numbers(locale: str) -> Numbers:
    return Numbers(get_decimal_symbol(locale), get_group_symbol(locale))


LANGUAGES = Languages(FOLDER)
