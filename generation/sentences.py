"""Sentences for people, kept apart from what is filled into them, so that each can be put into its reader's language.

A template is English, with named places as `str.format` has them: "At most {limit} steps are allowed here." One that
nothing is filled into may hold braces of any kind.
"""

import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Numbers:
    """How a language writes numbers: its decimal mark, and what stands between thousands where they are grouped."""

    decimal: str = "."
    group: str = ","

    def written(self, plain: str) -> str:
        """A number as Python writes it, as this language does."""
        return plain.translate(str.maketrans(".,", self.decimal + self.group))


ENGLISH_NUMBERS = Numbers()


class Sentence:
    """A template and what fills it. `str()` is English; `bot.locales.say` is any language."""

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
        """The same, filled further."""
        return Sentence(self.template, **self.values, **values)

    def english(self) -> str:
        """The template, as it is in English."""
        return self.template


class Counted(Sentence):
    """A sentence whose words depend on a number, which is `n` in both templates."""

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


def in_english(sentence: Sentence) -> str:
    """A sentence as it is in the source."""
    return filled(sentence.english(), sentence.values, in_english, ENGLISH_NUMBERS)


def filled(template: str, values: dict[str, object], translate: Translate, numbers: Numbers) -> str:
    """A template with `values` in their places: sentences translated, numbers as the language writes them, sequences
    with commas between. `{name!c}` begins with a capital letter, `{name:,}` groups thousands."""
    return _Filling(translate, numbers).vformat(template, (), values) if values else template


class _Filling(string.Formatter):
    def __init__(self, translate: Translate, numbers: Numbers) -> None:
        self._translate = translate
        self._numbers = numbers

    def convert_field(self, value: Any, conversion: Any) -> Any:
        if conversion != "c":
            return super().convert_field(value, conversion)
        text = self.format_field(value, "")
        return text[:1].upper() + text[1:]

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Sentence):
            return self._translate(value)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return ", ".join(self.format_field(each, format_spec) for each in value)
        if isinstance(value, float) and value.is_integer() and not format_spec:
            value = int(value)
        text = format(value, format_spec)
        return self._numbers.written(text) if isinstance(value, int | float) else text
