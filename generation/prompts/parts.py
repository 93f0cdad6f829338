"""Prompts of several parts: `a fox AND a wolf :0.5`, and regions, `<left: a fox> <right: a wolf>`.

Every part is predicted by itself. Those between `AND` are added by their weights, which stand at their ends. A region
is one of `AREAS`, or a box of four fractions from the left and the top: `<0,0,0.5,1: a fox>`. What stands outside all
regions is said in each of them, and alone where none is. LoRAs are for all parts, wherever they stand.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from generation import loras
from generation.errors import InvalidSetting
from generation.prompts.brackets import pairs

MOST_PARTS = 8
"""The most parts of a prompt. Each takes a row of every forward."""

HEAVIEST = 10.0
"""The largest absolute weight of a part."""

_TOKEN = re.compile(r"\\[\\()\[\]<>]|[()\[\]<>]|\bAND\b|[^\\()\[\]<>A]+|.", re.DOTALL)
_WEIGHT = re.compile(r"\s*+[+-]?(?:\d{1,6}(?:\.\d{0,9})?|\.\d{1,9})\s*+")
_BOX = re.compile(r"[-+\d.\s]*+(?:,[-+\d.\s]*+)++")
_FRACTION = re.compile(r"\s*+(?:\d{1,6}(?:\.\d{0,9})?|\.\d{1,9})\s*+")


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture: fractions of its width and height, from its left and its top."""

    left: float
    top: float
    right: float
    bottom: float

    def covers(self, x: float, y: float) -> bool:
        """True for a point of the picture inside the box."""
        return self.left <= x < self.right and self.top <= y < self.bottom


AREAS = {
    "left": Box(0, 0, 0.5, 1),
    "right": Box(0.5, 0, 1, 1),
    "top": Box(0, 0, 1, 0.5),
    "bottom": Box(0, 0.5, 1, 1),
    "top left": Box(0, 0, 0.5, 0.5),
    "top right": Box(0.5, 0, 1, 0.5),
    "bottom left": Box(0, 0.5, 0.5, 1),
    "bottom right": Box(0.5, 0.5, 1, 1),
    "center": Box(0.25, 0.25, 0.75, 0.75),
    "centre": Box(0.25, 0.25, 0.75, 0.75),
}
AREAS |= {
    spanish: AREAS[english]
    for spanish, english in (
        ("izquierda", "left"),
        ("derecha", "right"),
        ("arriba", "top"),
        ("abajo", "bottom"),
        ("arriba izquierda", "top left"),
        ("arriba derecha", "top right"),
        ("abajo izquierda", "bottom left"),
        ("abajo derecha", "bottom right"),
        ("centro", "center"),
    )
}
"""The regions that have names, in English and Spanish."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is predicted by itself."""

    text: str
    weight: float = 1.0
    box: Box | None = None
    """Its region; None for all that is in no region of the same sum."""
    term: int = 0
    """Which of the terms of the sum it belongs to: those between `AND`."""


@dataclass(frozen=True, slots=True)
class _Term:
    """The text of one term outside its regions, and each region with its text."""

    text: str
    regions: Sequence[tuple[Box, str]]

    def weighed(self) -> "tuple[_Term, float]":
        """The term without the weight at its end, and that weight."""
        text, colon, weight = self.text.rpartition(":")
        if colon and _WEIGHT.fullmatch(weight):
            return _Term(text, self.regions), float(weight)
        return self, 1.0


class PartedPrompt:
    """A prompt in parts, read once. Reading never fails."""

    def __init__(self, prompt: str) -> None:
        self.wrong_box = ""
        """A box that is none, as typed."""
        self.weights: tuple[float, ...] = ()
        """The weights of its terms; one where there is no sum."""
        self.parts = self._read(prompt)

    @property
    def is_sum(self) -> bool:
        """True for several terms."""
        return len(self.weights) > 1

    @property
    def has_regions(self) -> bool:
        return any(part.box for part in self.parts)

    def _read(self, prompt: str) -> tuple[Part, ...]:
        words, tags = loras.apart(prompt)
        terms = [each for each in self._terms(_TOKEN.findall(words)) if each.regions or each.text.strip()]
        is_plain = len(terms) <= 1 and not any(each.regions for each in terms)
        if is_plain and "AND" not in prompt:
            self.weights = (1.0,)
            return (Part(_plain(prompt)),)
        weighed = [each.weighed() for each in terms] if len(terms) > 1 else [(each, 1.0) for each in terms]
        self.weights = tuple(weight for _, weight in weighed) or (1.0,)
        parts = [
            Part(" ".join([_plain(text), *tags]), weight, box, number)
            for number, (term, weight) in enumerate(weighed)
            for box, text in _texts(term)
        ]
        return tuple(parts) or (Part(_plain(prompt)),)

    def _terms(self, tokens: Sequence[str]) -> list[_Term]:
        """The terms of a sum, one where there is no `AND`."""
        closed = pairs(tokens, {"(": ")", "[": "]", "<": ">"})
        terms: list[tuple[list[str], list[tuple[Box, str]]]] = [([], [])]
        place = 0
        while place < len(tokens):
            end = closed.get(place)
            words, regions = terms[-1]
            if end is not None:
                if (region := self._region(tokens[place : end + 1])) is not None:
                    regions.append(region)
                else:
                    words += tokens[place : end + 1]
                place = end
            elif tokens[place] == "AND":
                terms.append(([], []))
            else:
                words.append(tokens[place])
            place += 1
        return [_Term("".join(words), regions) for words, regions in terms]

    def _region(self, tokens: Sequence[str]) -> tuple[Box, str] | None:
        """The region that the tokens of a pair of brackets are; None for other text."""
        if tokens[0] != "<":
            return None
        name, colon, text = "".join(tokens[1:-1]).partition(":")
        if not colon:
            return None
        area = AREAS.get(" ".join(name.lower().replace("-", " ").split()))
        if area is None and _BOX.fullmatch(name):
            area = _box(name)
            self.wrong_box = self.wrong_box if area else name.strip()
        return (area, text.strip()) if area else None


@lru_cache(maxsize=64)
def read(prompt: str) -> PartedPrompt:
    """A prompt in parts, as it is at one step."""
    return PartedPrompt(prompt)


def check(prompt: str) -> None:
    """Raise `InvalidSetting` for boxes outside the picture, and for parts that are too many or too heavy."""
    reading = read(prompt)
    if reading.wrong_box:
        raise InvalidSetting(
            "prompt",
            "A region has four fractions from 0 to 1 (left, top, right, bottom), not {wrong}. Write "
            "`<0,0,0.5,1: a fox>`.",
            wrong=reading.wrong_box,
        )
    if len(reading.parts) > MOST_PARTS:
        raise InvalidSetting(
            "prompt",
            "The prompt has {number} parts and regions. The maximum is {most}. Remove some.",
            number=len(reading.parts),
            most=MOST_PARTS,
        )
    if any(abs(weight) > HEAVIEST for weight in reading.weights):
        raise InvalidSetting(
            "prompt", "Weights of parts must be between {least:g} and {most:g}.", least=-HEAVIEST, most=HEAVIEST
        )


def without_regions(prompt: str) -> str:
    """The prompt with the words of its regions beside the others, for a picture that is a piece of another."""
    reading = read(prompt)
    if not reading.has_regions:
        return prompt
    texts = dict.fromkeys(part.text for part in reading.parts if part.box)
    return ", ".join(texts)


def _texts(term: _Term) -> list[tuple[Box | None, str]]:
    """The text of each region of a term, and first of all that is in none, if there is such a place."""
    text = term.text.strip(" ,\n")
    if not term.regions:
        return [(None, term.text.strip())]
    own: list[tuple[Box | None, str]] = [(box, ", ".join(filter(None, (words, text)))) for box, words in term.regions]
    outside = text or ", ".join(words for _, words in term.regions)
    return own if _is_covered([box for box, _ in term.regions]) else [(None, outside), *own]


def _is_covered(boxes: Sequence[Box]) -> bool:
    """True where boxes leave nothing of the picture."""
    across = sorted({0.0, *(each.left for each in boxes), *(each.right for each in boxes)} - {1.0})
    down = sorted({0.0, *(each.top for each in boxes), *(each.bottom for each in boxes)} - {1.0})
    return all(any(each.covers(x, y) for each in boxes) for x in across for y in down)


def _box(text: str) -> Box | None:
    sides = text.split(",")
    if len(sides) != 4 or not all(map(_FRACTION.fullmatch, sides)):
        return None
    box = Box(*map(float, sides))
    return box if box.left < box.right <= 1 and box.top < box.bottom <= 1 else None


def _plain(text: str) -> str:
    """Text whose angle brackets are no regions any more."""
    return re.sub(r"\\([<>])", r"\1", text)
