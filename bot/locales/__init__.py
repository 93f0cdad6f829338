"""Texts of the bot in the reader's language.

The source is in English. Every other language is one gettext file, such as `es.po`; `es_419.po` holds only what differs
from it in Latin America. To add a sentence:

1. Write it in English where it is used, with named placeholders:
   `say("At most {limit} steps are allowed here.", limit=9)`. If a number changes the words, write
   `say_many(n, "{n} picture", "{n} pictures")`; it fills in `n`.
2. If it is stored first (in a table, an error, a line of the log), make it a `Sentence` or a `Counted` from
   `generation.sentences`, and call `say(sentence)` when the reader is known. A `UserError` takes the same arguments:
   `Refusal("You have no style “{name}”.", name=name)`; the error handler translates it. A placeholder can hold another
   sentence. Text in it is shown as it was typed, without formatting and links; our own, such as a mention, is `Markup`.
   What is given to `say` itself is taken as it is: it may be for a button or an alt text.
3. Templates must be literals, not f-strings, because the tests read the source. Pass numbers as numbers ({seconds:.1f},
   {steps:,}); they are formatted for the language. Pass what people type or copy (flags, seeds) as text. `{name!c}`
   begins with a capital letter. Lists are joined with commas.
4. Run `make locales`. It writes everything that is said, with the names and descriptions of commands, to
   `messages.pot`, adds what is new to each language, and drops what is gone. Names of commands, options, choices and
   context menus (`locale_str`) have the context "name".
5. Fill in the Spanish in `es.po`, by hand or with a tool for PO files, and run `pytest tests/bot/locales`. It lists
   what is missing, unused, or has other placeholders.

To add a language, make an empty file with its code, such as `fr.po` or `pt_BR.po`, run `make locales`, and translate.
Discord's locale finds the file by its name. Plural forms come from the file's header, number marks and durations from
Unicode's data in Babel. What is empty or marked as fuzzy stays English.

Spanish texts say "tú" as Discord does, fit on buttons, and use the Spanish names of commands (/historial).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum

from bot.locales.languages import ENGLISH, LANGUAGES, Language
from bot.locales.plain import in_code, plain
from generation.sentences import Counted, Markup, Sentence, filled

__all__ = ["address", "addressing", "language", "say", "say_many"]

_reader: ContextVar[Language] = ContextVar("reader", default=ENGLISH)


def address(locale: object) -> None:
    """Use the language of a locale, such as "es-ES", for the rest of this task."""
    _reader.set(LANGUAGES.of(str(locale)))


@contextmanager
def addressing(locale: object) -> Iterator[None]:
    """Use the language of a locale inside a `with` block."""
    token = _reader.set(LANGUAGES.of(str(locale)))
    try:
        yield
    finally:
        _reader.reset(token)


def language() -> str:
    """The code of the reader's language, such as "es"."""
    return _reader.get().locale.partition("_")[0]


def say(sentence: str | Sentence, /, **values: object) -> str:
    """A sentence in the reader's language, or in English if there is no translation. `values` fill placeholders."""
    meant = {name: _meant(value) for name, value in values.items()}
    if isinstance(sentence, str):
        return _said(Sentence(sentence, **meant))
    return _said(sentence.with_values(**meant) if meant else sentence)


def say_many(n: int, one: str, many: str, /, **values: object) -> str:
    """A sentence whose words depend on a number, in the reader's language."""
    return _said(Counted(n, one, many, **{name: _meant(value) for name, value in values.items()}))


def _said(sentence: Sentence) -> str:
    language = _reader.get()
    return filled(language.template(sentence), sentence.values, _said, language.numbers, _spelled)


def _spelled(text: str, code: bool) -> str:
    return in_code(text) if code else plain(text)


def _meant(value: object) -> object:
    """A value that the caller has written for where it is shown."""
    if isinstance(value, str):
        return value if isinstance(value, Enum) else Markup(value)
    return [_meant(each) for each in value] if isinstance(value, Sequence) else value
