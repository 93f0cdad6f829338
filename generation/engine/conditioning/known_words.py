"""Whether a tokenizer knows the words of a prompt, or spells most of them in pieces."""

import re
from collections.abc import Callable, Iterable

_WORD = re.compile(r"[^\W\d_]{3,40}")
"""Shorter words tell little, and longer runs of letters are no words."""

_CLAUSE_END = re.compile(r"[,.;\n]")

FEWEST = 2
"""The fewest words from which anything can be told, unless one is spelled letter by letter."""


def knows_few(texts: Iterable[str], tokens_of: Callable[[str], int]) -> bool:
    """True where more than half of the words of all texts together take several tokens each, as `tokens_of` counts
    them, and of those with which the texts begin as well: what follows is often the words of a style."""
    texts = list(texts)
    words = {word for text in texts for word in _WORD.findall(text)}
    first = {word for text in texts for word in _beginning(text)}
    return _few(words, tokens_of) and _few(first, tokens_of)


def _few(words: set[str], tokens_of: Callable[[str], int]) -> bool:
    counts = {word: tokens_of(word) for word in words}
    enough = len(counts) >= FEWEST or any(count >= len(word) for word, count in counts.items())
    return enough and sum(count > 1 for count in counts.values()) > len(counts) / 2


def _beginning(text: str) -> list[str]:
    """The words of the first clause, or of as many as have enough."""
    words: list[str] = []
    for clause in _CLAUSE_END.split(text):
        words += _WORD.findall(clause)
        if len(words) >= FEWEST:
            break
    return words
