"""Texts of the bot in the reader's language.

The source is in English. Every other language has catalogues in a folder of its own, one for each feature, such as
`es/compare.toml`. To add a sentence:

1. Write it in English where it is used, with named placeholders:
   `say("At most {limit} steps are allowed here.", limit=9)`. If a number changes the words, write
   `say_many(n, "{n} picture", "{n} pictures")`; it fills in `n`.
2. If it is stored first (in a table, an error, a line of the log), make it a `Sentence` or a `Counted` from
   `generation.sentences`, and call `say(sentence)` when the reader is known. A `UserError` takes the same arguments:
   `Refusal("You have no style “{name}”.", name=name)`; the error handler translates it. A placeholder can hold another
   sentence.
3. Templates must be literals, not f-strings, because the tests read the source. Pass numbers as numbers ({seconds:.1f},
   {steps:,}); they are formatted for the language. Pass what people type or copy (flags, seeds) as text. `{name!c}`
   begins with a capital letter. Lists are joined with commas.
4. Add the Spanish under `[sentences]` of `es/FEATURE.toml`, with the English as key; for `say_many`, with the plural as
   key: "{n} pictures" = ["{n} imagen", "{n} imágenes"]. Names of commands, options and choices go under `[names]`,
   their descriptions (docstrings) under `[sentences]`. Names of context menus are `locale_str`.
5. Run `pytest tests/bot/locales`. It lists sentences that are missing, unused, or have other placeholders.

There is one Spanish for es-ES and es-419; `es-419/` holds the few sentences that differ. Spanish texts say "tú" as
Discord does, fit on buttons, and use the Spanish names of commands (/historial).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from bot.locales.languages import ENGLISH, Language, language_of
from generation.sentences import Counted, Sentence, filled

__all__ = ["address", "addressing", "say", "say_many"]

_reader: ContextVar[Language] = ContextVar("reader", default=ENGLISH)


def address(locale: object) -> None:
    """Use the language of a locale, such as "es-ES", for the rest of this task."""
    _reader.set(language_of(str(locale)))


@contextmanager
def addressing(locale: object) -> Iterator[None]:
    """Use the language of a locale inside a `with` block."""
    token = _reader.set(language_of(str(locale)))
    try:
        yield
    finally:
        _reader.reset(token)


def say(sentence: str | Sentence, /, **values: object) -> str:
    """A sentence in the reader's language, or in English if there is no translation. `values` fill placeholders."""
    if isinstance(sentence, str):
        return _said(Sentence(sentence, **values))
    return _said(sentence.with_values(**values) if values else sentence)


def say_many(n: int, one: str, many: str, /, **values: object) -> str:
    """A sentence whose words depend on a number, in the reader's language."""
    return _said(Counted(n, one, many, **values))


def _said(sentence: Sentence) -> str:
    language = _reader.get()
    return filled(language.template(sentence), sentence.values, _said, language.numbers)
