"""Sentences for people as templates with values, so that they can be translated for each reader.

A template is English, with named fields as in `str.format`: "At most {limit} steps are allowed here." A template
without values may contain any braces.
"""

import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


@dataclass(frozen=True, slots=True)
class Numbers:
    """How a language writes numbers: its decimal mark and its thousands separator."""

    decimal: str = "."
    group: str = ","

    def written(self, plain: str) -> str:
        """A number that Python has formatted, in this language's format."""
        return plain.translate(str.maketrans(".,", self.decimal + self.group))


ENGLISH_NUMBERS = Numbers()


class Markup(str):
    """Text as a value of a sentence whose formatting, links and mentions are meant. Other text may be typed by people,
    and is shown as it was typed."""

    __slots__ = ()


class Sentence:
    """A template with its values. `str()` is English; `bot.locales.say` translates."""

    def __init__(self, template: str, /, **values: object) -> None:
        self.template = template
        self.values = values

    def __str__(self) -> str:
        return in_english(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sentence) and (self.template, self.values) == (other.template, other.values)

    def __hash__(self) -> int:
        return hash(self.template)

    def with_values(self, **values: object) -> "Sentence":
        """The same sentence with more values."""
        return Sentence(self.template, **self.values, **values)

    def english(self) -> str:
        """The English template."""
        return self.template


class Counted(Sentence):
    """A sentence with a singular and a plural template, chosen by the number `n`."""

    def __init__(self, n: int, one: str, many: str, /, **values: object) -> None:
        super().__init__(many, **values, n=n)
        self.n = n
        self.one = one

    def with_values(self, **values: object) -> "Sentence":
        known = {name: value for name, value in self.values.items() if name != "n"}
        return Counted(self.n, self.one, self.template, **known, **values)

    def english(self) -> str:
        return self.one if self.n == 1 else self.template


Translate = Callable[[Sentence], str]

Spell = Callable[[str, bool], str]
"""Writes a text value so that it is shown as it was typed; True inside a code span."""


def _as_it_is(text: str, _: bool) -> str:
    return text


def in_english(sentence: Sentence) -> str:
    """A sentence in English."""
    return filled(sentence.english(), sentence.values, in_english, ENGLISH_NUMBERS)


def filled(
    template: str, values: dict[str, object], translate: Translate, numbers: Numbers, spell: Spell = _as_it_is
) -> str:
    """Fill a template: sentences are translated, numbers use the language's format, sequences are joined by commas, and
    text is spelled, unless it is `Markup` or a word of an enumeration. `{name!c}` capitalises, `{name:,}` groups
    thousands."""
    return _Filling(translate, numbers, spell).vformat(template, (), values) if values else template


class _Filling(string.Formatter):
    def __init__(self, translate: Translate, numbers: Numbers, spell: Spell) -> None:
        self._translate = translate
        self._numbers = numbers
        self._spell = spell
        self._in_code = False

    def parse(self, format_string: str) -> Iterator[tuple[str, str | None, str | None, str | None]]:
        backticks = 0
        for part in super().parse(format_string):
            backticks += part[0].count("`")
            if part[1] is not None:
                self._in_code = backticks % 2 == 1
            yield part

    def convert_field(self, value: Any, conversion: Any) -> Any:
        if conversion != "c":
            return super().convert_field(value, conversion)
        text = self.format_field(value, "")
        return Markup(text[:1].upper() + text[1:])

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Sentence):
            return self._translate(value)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return ", ".join(self.format_field(each, format_spec) for each in value)
        if isinstance(value, float) and value.is_integer() and not format_spec:
            value = int(value)
        if isinstance(value, str) and not isinstance(value, Markup | Enum):
            value = self._spell(value, self._in_code)
        text = format(value, format_spec)
        return self._numbers.written(text) if isinstance(value, int | float) else text
