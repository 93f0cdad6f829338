"""The syntax for weights in a prompt.

`(word)` has weight 1.1, `[word]` 1/1.1 and `(word:1.3)` 1.3. Nested weights multiply. A backslash escapes a bracket.
`BREAK` as a word of its own starts a new window of the text encoder. A bracket without its pair is plain text.
"""

import re
from dataclasses import dataclass

EMPHASIS = 1.1
"""The factor of a pair of round brackets; square ones divide by it."""

HEAVIEST = 100.0
"""The largest absolute weight, far beyond useful values, so that nesting cannot reach infinity."""

_TOKEN = re.compile(
    r"""
    \\[\\()\[\]]                                              # an escaped bracket or backslash
    | (?P<close> : \s* (?P<weight> [+-]? (?:\d+\.?\d*|\.\d+)) \s* \) | [)\]] )
    | (?P<open> [(\[] )
    | (?P<break> \bBREAK\b )
    | [^\\()\[\]:B]+ | .                                     # text
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a prompt with one weight."""

    text: str
    weight: float = 1.0


Windows = list[list[Span]]
"""A prompt's spans, split at `BREAK`."""


def parse(prompt: str) -> Windows:
    """Parse a prompt into weighted spans. Never fails."""
    reader = _Reader()
    for token in _TOKEN.finditer(prompt):
        reader.read(token)
    return reader.windows()


@dataclass(slots=True)
class _Piece:
    text: str
    weight: float = 1.0
    is_break: bool = False


class _Reader:
    """Collects pieces, and the positions of open brackets among them."""

    def __init__(self) -> None:
        self._pieces: list[_Piece] = []
        self._open: list[int] = []

    def read(self, token: "re.Match[str]") -> None:
        if token["close"] and self._close(token["close"][-1], token["weight"]):
            return
        if token["open"]:
            self._open.append(len(self._pieces))
        text = token[0][1:] if token[0].startswith("\\") and len(token[0]) > 1 else token[0]
        self._pieces.append(_Piece(text, is_break=bool(token["break"])))

    def windows(self) -> Windows:
        windows: Windows = [[]]
        for piece in self._pieces:
            if piece.is_break:
                windows.append([])
            elif windows[-1] and windows[-1][-1].weight == piece.weight:
                windows[-1][-1] = Span(windows[-1][-1].text + piece.text, piece.weight)
            elif piece.text:
                windows[-1].append(Span(piece.text, piece.weight))
        return windows

    def _close(self, bracket: str, weight: str | None) -> bool:
        """Apply the weight since the opening bracket. False if there is none."""
        opening = "(" if bracket == ")" else "["
        places = [place for place, piece in enumerate(self._open) if self._pieces[piece].text == opening]
        if not places:
            return False
        del self._open[places[-1] + 1 :]
        start = self._open.pop()
        factor = float(weight) if weight else EMPHASIS if bracket == ")" else 1 / EMPHASIS
        self._pieces[start].text = ""
        for piece in self._pieces[start + 1 :]:
            piece.weight = _bearable(piece.weight * _bearable(factor))
        return True


def _bearable(weight: float) -> float:
    return min(max(weight, -HEAVIEST), HEAVIEST)
