"""The bot in its reader's language.

English is the source; every other language has catalogues, one a feature, in a folder of its name: `es/imagine.toml`.
How to add a sentence:

1. Write it in English where it is said, with named places: `say("At most {limit} steps are allowed here.", limit=9)`.
   Of a number that changes the words: `say_many(n, "{n} picture", "{n} pictures")`; `n` is filled in.
2. Where it is not said at once but kept (a table, an error, a line for the log), make it a `Sentence` or a `Counted`
   from `generation.sentences`, and `say(it)` when its reader is there. A `UserError` takes the same arguments:
   `Refusal("You have no style “{name}”.", name=name)`; the error edge says it. Sentences can fill places of others.
3. The template is a literal, never an f-string: the test reads the source. Pass numbers as numbers ({seconds:.1f},
   {steps:,}) and they are written as the language does; what people type or copy (flags, seeds) pass as text.
   `{name!c}` begins with a capital letter; a list has commas put between.
4. Put the Spanish under `[sentences]` of `es/FEATURE.toml`, with the English as its key: "{n} pictures" =
   ["{n} imagen", "{n} imágenes"] for a counted one, by the plural. Commands, options and choices go under `[names]`
   by their English name; their descriptions, and the docstrings of commands, under `[sentences]`. discord.py's own
   `describe` and docstrings need nothing else. A menu's name is a `locale_str`.
5. `pytest tests/bot/locales` names what is missing, left over, or filled differently.

Spanish is one, for es-ES and es-419; `es-419/` has the few words that differ. It addresses the reader as "tú" as
Discord does, is short enough for buttons, and names commands by their Spanish names (/historial).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from bot.locales.languages import ENGLISH, Language, language_of
from generation.sentences import Counted, Sentence, filled

__all__ = ["address", "addressing", "say", "say_many"]

_reader: ContextVar[Language] = ContextVar("reader", default=ENGLISH)


def address(locale: object) -> None:
    """Speak the language of a locale, such as "es-ES", for the rest of this task."""
    _reader.set(language_of(str(locale)))


@contextmanager
def addressing(locale: object) -> Iterator[None]:
    """Speak the language of a locale for as long as the context lasts."""
    token = _reader.set(language_of(str(locale)))
    try:
        yield
    finally:
        _reader.reset(token)


def say(sentence: str | Sentence, /, **values: object) -> str:
    """A sentence in the reader's language; where its catalogues lack it, in English. `values` fill what is open yet."""
    if isinstance(sentence, str):
        return _said(Sentence(sentence, **values))
    return _said(sentence.with_values(**values) if values else sentence)


def say_many(n: int, one: str, many: str, /, **values: object) -> str:
    """A sentence that depends on a number, in the reader's language."""
    return _said(Counted(n, one, many, **values))


def _said(sentence: Sentence) -> str:
    language = _reader.get()
    return filled(language.template(sentence), sentence.values, _said, language.numbers)
