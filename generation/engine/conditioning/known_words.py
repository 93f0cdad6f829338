"""Whether a tokenizer knows the words of a prompt, or spells most of them in pieces."""

import re
from collections.abc import Callable, Iterable

_WORD = re.compile(r"[^\W\d_]{3,40}")
"""Shorter words tell little, and longer runs of letters are no words."""

FEWEST = 2
"""The fewest words from which anything can be told."""


def knows_few(texts: Iterable[str], tokens_of: Callable[[str], int]) -> bool:
    """True where more than half of the words of all texts together take several tokens each, as `tokens_of` counts
    them."""
    words = {word for text in texts for word in _WORD.findall(text)}
    spelled = sum(tokens_of(word) > 1 for word in words)
    return len(words) >= FEWEST and spelled > len(words) / 2
