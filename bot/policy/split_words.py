"""Blocked words that are split into pieces: "n a k e d girl", "na ked", "nake d", "na-ked".

Pieces count where together they are exactly the word, and one of them at least is no word itself: "pen is" and "hero
in" are harmless.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

LETTER = r"[^\W_]"

LEAST = 4
"""Letters of the shortest word that is looked for: shorter ones are too often made by chance, as by "a ss"."""

_SURE = 5
"""Letters of a word that is found within longer spelled-out ones: "r a p e" may be of "g r a p e"."""

_PIECE = re.compile(f"{LETTER}+")
_BREAK = re.compile(r"[.,;:!?()\[\]]\s|\s[(\[]|['’]")
"""Between two sentences or parts of one. Pieces of a word are not on both sides of it."""

_LONE = frozenset("bcdfghjklmnpqrstvwxz")
"""Letters that are no words."""

_SHORT = frozenset((Path(__file__).parent / "short_words.txt").read_text("utf-8").split())
"""Words of two and three letters in English and Spanish. All that is longer is taken for a word."""


def is_fragment(piece: str) -> bool:
    """True for a piece that is no word by itself."""
    if len(piece) == 1:
        return piece in _LONE
    return len(piece) <= len("the") and piece.isascii() and piece.isalpha() and piece not in _SHORT


class SplitWords:
    """A list of words, which finds their pieces in a text in one walk."""

    def __init__(self) -> None:
        self._whole: dict[str, str] = {}
        """Words and phrases as typed, by their letters."""
        self._open: dict[int, dict[str, str]] = defaultdict(dict)
        """Those with any ending, by the number of their letters."""
        self._beginnings: set[str] = set()

    def add(self, letters: str, word: str, *, is_open: bool) -> None:
        """Look for a word, or one with any ending, called `word`. letters: in lower case, without spaces."""
        if len(letters) < LEAST:
            return
        if is_open:
            self._open[len(letters)][letters] = word
        else:
            self._whole[letters] = word
        self._beginnings |= {letters[:end] for end in range(1, len(letters))}

    def in_text(self, text: str) -> Iterator[str]:
        """The words whose pieces follow each other in a text in lower case."""
        pieces = list(_PIECE.finditer(text))
        for first, piece in enumerate(pieces):
            if piece[0] in self._beginnings and text[piece.start() - 1 : piece.start()] not in ("'", "’"):
                yield from self._from(text, pieces, first)

    def _from(self, text: str, pieces: list[re.Match[str]], first: int) -> Iterator[str]:
        within = first > 0 and pieces[first - 1][0] in _LONE
        joined, is_split, end = "", False, pieces[first].start()
        for number in range(first, len(pieces)):
            piece = pieces[number]
            if joined and _BREAK.search(text, end, piece.start()):
                return
            before, joined, end = joined, joined + piece[0], piece.end()
            is_split = is_split or is_fragment(piece[0])
            if before and is_split and (len(joined) >= _SURE or not within):
                yield from self._named(before, joined)
            if joined not in self._beginnings:
                return

    def _named(self, before: str, joined: str) -> Iterator[str]:
        if joined in self._whole:
            yield self._whole[joined]
        for length, listed in self._open.items():
            if len(before) < length and joined[:length] in listed:
                yield listed[joined[:length]]
