"""The syntax for weights in a prompt.

`(word)` has weight 1.1, `[word]` 1/1.1 and `(word:1.3)` 1.3. Nested weights multiply. A backslash escapes a bracket.
`BREAK` as a word of its own starts a new window of the text encoder. A bracket without its pair is plain text.

Parsing takes linear time: every bracket is opened once and closed once, and the weights of all nested brackets are
multiplied in one walk from the outermost to the innermost.
"""

import re
from dataclasses import dataclass
from typing import Self

EMPHASIS = 1.1
"""The factor of a pair of round brackets; square ones divide by it."""

HEAVIEST = 100.0
"""The largest absolute weight, far beyond useful values, so that nesting cannot reach infinity."""

_TOKEN = re.compile(
    r"""
    \\[\\()\[\]]                                              # an escaped bracket or backslash
    | (?P<close> : \s*+ (?P<weight> [+-]? (?:\d++ (?:\.\d*+)? | \.\d++)) \s*+ \) | [)\]] )
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
    return _read(prompt).windows()


def has_weights(prompt: str) -> bool:
    """True where a word's weight isn't 1."""
    return any(span.weight != 1.0 for spans in parse(prompt) for span in spans)


def numbers_weights(prompt: str) -> bool:
    """True where a weight is given as a number, as in `(word:1.3)`. Other brackets may be meant as such."""
    return _read(prompt).numbered


@dataclass(frozen=True, slots=True)
class _Scaling:
    """The factors of all brackets around a piece: x becomes `factor` x, brought into `low` to `high`."""

    factor: float = 1.0
    low: float = -HEAVIEST
    high: float = HEAVIEST

    def __call__(self, weight: float) -> float:
        return min(max(weight * self.factor, self.low), self.high)

    def around(self, factor: float) -> Self:
        """The scaling inside one more bracket, whose own factor is applied first."""
        factor = min(max(factor, -HEAVIEST), HEAVIEST)
        ends = sorted((self(-HEAVIEST), self(HEAVIEST)))
        return type(self)(factor * self.factor, *ends)


@dataclass(slots=True)
class _Piece:
    text: str
    is_break: bool = False
    factor: float | None = None
    """The factor of the bracket that opens here; None where no pair of brackets does."""
    closes: int = 0
    """How many brackets are closed before this piece."""


@dataclass(slots=True)
class _Run:
    """Adjacent pieces of one weight."""

    texts: list[str]
    weight: float


class _Reader:
    """Collects pieces, and the positions of open brackets among them, by kind."""

    def __init__(self) -> None:
        self._pieces: list[_Piece] = []
        self._open: dict[str, list[int]] = {"(": [], "[": []}
        self._closed = 0
        self.numbered = False
        """True once a pair of brackets has a weight."""

    def read(self, token: "re.Match[str]") -> None:
        if token["close"] and self._close(token["close"][-1], token["weight"]):
            return
        if token["open"]:
            self._open[token["open"]].append(len(self._pieces))
        text = token[0][1:] if token[0].startswith("\\") and len(token[0]) > 1 else token[0]
        self._pieces.append(_Piece(text, is_break=bool(token["break"]), closes=self._closed))
        self._closed = 0

    def windows(self) -> Windows:
        windows: list[list[_Run]] = [[]]
        around = [_Scaling()]
        for piece in self._pieces:
            del around[len(around) - piece.closes :]
            weight = around[-1](1.0)
            if piece.factor is not None:
                around.append(around[-1].around(piece.factor))
            elif piece.is_break:
                windows.append([])
            elif windows[-1] and windows[-1][-1].weight == weight:
                windows[-1][-1].texts.append(piece.text)
            else:
                windows[-1].append(_Run([piece.text], weight))
        return [[Span("".join(run.texts), run.weight) for run in window] for window in windows]

    def _close(self, bracket: str, weight: str | None) -> bool:
        """Apply the weight since the opening bracket. False if there is none."""
        opening, other = ("(", "[") if bracket == ")" else ("[", "(")
        if not self._open[opening]:
            return False
        start = self._open[opening].pop()
        while self._open[other] and self._open[other][-1] > start:
            self._open[other].pop()
        self.numbered = self.numbered or bool(weight)
        self._pieces[start].factor = float(weight) if weight else EMPHASIS if bracket == ")" else 1 / EMPHASIS
        self._closed += 1
        return True


def _read(prompt: str) -> _Reader:
    reader = _Reader()
    for token in _TOKEN.finditer(prompt):
        reader.read(token)
    return reader
