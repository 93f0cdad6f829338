"""The ways in which a text can be read: without disguises such as spaces, marks, accents and look-alike letters.

All of it takes time in proportion to the text.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial

from bot.policy.lookalikes import LETTERS, SIGNS
from bot.policy.split_words import LETTER

_SPELLED = (
    re.compile(rf"(?<!{LETTER}){LETTER}(?:\s*+(?:[^\w\s]|_)[\W_]*+{LETTER}){{2,}}(?!{LETTER})"),
    re.compile(rf"(?<!{LETTER}){LETTER}(?:\s++{LETTER}){{2,}}(?!{LETTER})"),
    re.compile(rf"(?<!{LETTER}){LETTER}(?:[\W_]++{LETTER}){{3,}}(?!{LETTER})"),
)
"""Three or more single letters with marks between all of them, or with spaces, and four or more with either."""

_VOWELS = frozenset("aeiouy")
"""One-letter words, in English, Spanish and others, that stand before or after a word."""

_WEIGHT = re.compile(r":\s*+[+-]?+[\d.]++\s*+(?=[)\]])")

_GROUP = re.compile(r"[\[({]([^\[\](){}]*+)[\])}]")

_DEPTH = 3
"""How deep groups within groups are read."""

_MOST = 8
"""How many words of a group are tried."""

_SYNTAX = re.compile(r"[\[\](){}|:\\<>]")

_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Invisible characters beside those that Unicode calls format characters: fillers, joiners, variation selectors."""

_LIGATURES = re.compile("[\ufdfa\ufdfb]")
"""Two signs that stand for whole sentences of 18 and 8 letters: a prompt of them would be that many times as long."""


@lru_cache(maxsize=64)
def readings(text: str) -> tuple[str, ...]:
    """A text as it is, and as look-alike letters, digits for letters and spelled-out words can be read."""
    scripts = dict.fromkeys((plain(text), latin(text)))
    written = dict.fromkeys(each for script in scripts for each in (script, *map(script.translate, SIGNS)))
    return tuple(dict.fromkeys(each for text in written for each in (text, *_joined(text))))


def plain(text: str, letters: Mapping[int, str] | None = None) -> str:
    """The text in lower case, without accents and invisible characters; `letters` are exchanged first."""
    text = unicodedata.normalize("NFKD", _LIGATURES.sub(" ", text)).translate(letters or {})
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    unseen = [each for each in set(decomposed) if unicodedata.combining(each) or unicodedata.category(each) == "Cf"]
    return _UNSEEN.sub("", decomposed.translate(dict.fromkeys(map(ord, unseen))))


def latin(text: str) -> str:
    """`plain`, with the Latin letters that others look like."""
    return plain(text, LETTERS)


def without_syntax(prompt: str) -> str:
    """A prompt without brackets, weights and signs of prompt editing: "naked" for "[nak:ed:0.5]"."""
    return _SYNTAX.sub("", _WEIGHT.sub("", prompt))


def alternatives(prompt: str) -> Iterator[str]:
    """A prompt with the first of all words in each group, such as "[na|x]ked" and "(na:1.2)", then with the second."""
    prompt = _WEIGHT.sub("", prompt)
    most = max((len(re.split(r"[|:]", group[1])) for group in _GROUP.finditer(prompt)), default=0)
    for number in range(min(most, _MOST)):
        text = prompt
        for _ in range(_DEPTH):
            text = _GROUP.sub(partial(_chosen, number), text)
        yield text


def _chosen(number: int, group: re.Match[str]) -> str:
    words = re.split(r"[|:]", group[1])
    return words[number % len(words)]


def _joined(text: str) -> Iterator[str]:
    """Text whose spelled-out words are joined."""
    for spelled in _SPELLED:
        joined = spelled.sub(_written, text)
        if joined != text:
            yield joined


def _written(spelled: re.Match[str]) -> str:
    """The joined letters, with and without a first and a last one that may be words or numbers of their own."""
    letters = re.sub(r"[\W_]", "", spelled[0])
    starts = [0, 1] if letters[0] == "a" or (letters[0] in _VOWELS and spelled[0][1].isspace()) else [0]
    ends = [0, 1] if letters[-1] in _VOWELS and spelled[0][-2].isspace() else [0]
    starts += [len(letters) - len(letters.lstrip("0123456789"))]
    ends += [len(letters) - len(letters.rstrip("0123456789"))]
    return " ".join(letters[start : len(letters) - end] for start in starts for end in ends)
