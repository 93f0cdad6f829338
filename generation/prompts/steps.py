"""Prompts that change between two steps: `[fox:wolf:0.4]` and `[fox|wolf]`.

`[fox:wolf:0.4]` says "fox" for 40 % of the steps, then "wolf"; either may be empty, and a whole number is a number of
steps: `[fox:wolf:8]`. `[fox|wolf]` says the one and the other in turns. Both nest. Other square brackets stay as they
are, for they weaken. `\\|` and `\\:` are plain text.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from generation.errors import InvalidSetting
from generation.prompts.brackets import pairs

MOST_CHANGING = 50
"""The most brackets that change."""

MOST_TEXTS = 20
"""The most different texts that one prompt may say: each is encoded by itself, and kept until the last step."""

_TOKEN = re.compile(r"\\[\\()\[\]<>|:]|[()\[\]<>|:]|[^\\()\[\]<>|:]+|\\")

_WHEN = re.compile(r"\s*+(?:\d{1,6}(?:\.\d{0,9})?|\.\d{1,9})\s*+")


@dataclass(frozen=True, slots=True)
class _Group:
    """Text and brackets inside it."""

    nodes: "list[_Node]"


@dataclass(frozen=True, slots=True)
class _Switch:
    before: _Group
    after: _Group
    when: float
    """A share of the steps, or where `counted` a number of them."""
    counted: bool

    def at(self, step: int, steps: int) -> _Group:
        until = self.when if self.counted else int(self.when * steps + 1e-9)
        return self.before if step < until else self.after


@dataclass(frozen=True, slots=True)
class _Turns:
    options: list[_Group]

    def at(self, step: int, steps: int) -> _Group:
        return self.options[step % len(self.options)]


_Node = str | _Group | _Switch | _Turns


@dataclass(slots=True)
class _Open:
    """A bracket that is being read: its pieces, and the marks between them."""

    pieces: "list[list[_Node]]" = field(default_factory=lambda: [[]])
    marks: list[str] = field(default_factory=list)
    depth: int = 0
    """How many other brackets are open in it."""

    def joined(self, pieces: slice = slice(None)) -> "list[_Node]":
        """Some pieces and the marks between them, as text."""
        first, *others = self.pieces[pieces]
        for mark, piece in zip(self.marks[pieces], others, strict=False):
            first += [mark, *piece]
        return first

    def alternatives(self) -> list[_Group]:
        """The pieces between pipes."""
        ends = [place for place, mark in enumerate(self.marks, 1) if mark == "|"]
        starts = [0, *ends]
        return [
            _Group(_merged(self.joined(slice(*span)))) for span in zip(starts, [*ends, len(self.pieces)], strict=True)
        ]


class StepPrompt:
    """A prompt that may change between steps, read once. Reading never fails."""

    def __init__(self, prompt: str) -> None:
        self.changing = 0
        """How many of its brackets change between steps."""
        self.wrong = ""
        """A switch that is no share of the steps, as typed."""
        self._whole = self._read(prompt)

    @property
    def changes(self) -> bool:
        """True where it may say something else in some steps."""
        return self.changing > 0

    def at(self, step: int, steps: int) -> str:
        """The prompt at a step, counted from 0, of so many."""
        text: list[str] = []
        ahead: list[_Node] = [self._whole]
        while ahead:
            match ahead.pop():
                case str(words):
                    text.append(words)
                case _Group(nodes):
                    ahead += reversed(nodes)
                case _Switch() | _Turns() as choice:
                    ahead.append(choice.at(step, steps))
        return "".join(text)

    def _read(self, prompt: str) -> _Group:
        tokens = _TOKEN.findall(prompt)
        closed = pairs(tokens, {"(": ")", "[": "]", "<": ">"})
        closing = frozenset(closed.values())
        around = [_Open()]
        for place, token in enumerate(tokens):
            bracket = around[-1]
            if token == "[" and place in closed:
                around.append(_Open())
            elif token == "]" and place in closing:
                around.pop()
                around[-1].pieces[-1].append(self._closed(bracket))
            elif token in "|:" and len(around) > 1 and not bracket.depth:
                bracket.marks.append(token)
                bracket.pieces.append([])
            else:
                bracket.depth += (place in closed) - (place in closing)
                bracket.pieces[-1].append(token[1] if token in (r"\|", r"\:") else token)
        return _Group(_merged(around[0].joined()))

    def _closed(self, bracket: _Open) -> _Node:
        if "|" in bracket.marks:
            self.changing += 1
            return _Turns(bracket.alternatives())
        if len(bracket.marks) == 2 and (when := _number(bracket.pieces[2])):
            counted = "." not in when
            if counted or float(when) <= 1:
                self.changing += 1
                before, after, _ = (_Group(_merged(each)) for each in bracket.pieces)
                return _Switch(before, after, float(when), counted)
            self.wrong = when.strip()
        nodes = _merged(["[", *bracket.joined(), "]"])
        return nodes[0] if len(nodes) == 1 else _Group(nodes)


@lru_cache(maxsize=64)
def read(prompt: str) -> StepPrompt:
    """A prompt that may change between steps."""
    return StepPrompt(prompt)


@lru_cache(maxsize=16)
def texts(prompt: str, steps: int) -> tuple[str, ...]:
    """What a prompt says in each of its steps, or once where that is the same in all."""
    reading = read(prompt)
    return tuple(reading.at(step, steps) for step in range(steps if reading.changes else 1))


def check(prompt: str, steps: int) -> None:
    """Raise `InvalidSetting` for a switch at no share of the steps, and for a prompt that changes too often."""
    if wrong := read(prompt).wrong:
        raise InvalidSetting(
            "prompt",
            "A prompt switches after a share from 0 to 1, or after a whole number of steps, not {wrong}. Write "
            "`[fox:wolf:0.4]`.",
            wrong=wrong,
        )
    if (number := read(prompt).changing) > MOST_CHANGING:
        raise InvalidSetting(
            "prompt",
            "The prompt changes in {number} places. The maximum is {most}. Remove some.",
            number=number,
            most=MOST_CHANGING,
        )
    if (number := len(set(texts(prompt, steps)))) > MOST_TEXTS:
        raise InvalidSetting(
            "prompt",
            "The square brackets make {number} different prompts. The maximum is {most}. Remove some.",
            number=number,
            most=MOST_TEXTS,
        )


def _merged(nodes: list[_Node]) -> list[_Node]:
    """The nodes with adjacent texts as one, so that a step reads only what changes."""
    merged: list[_Node] = []
    text: list[str] = []
    for node in [*nodes, None]:
        if isinstance(node, str):
            text.append(node)
            continue
        merged += ["".join(text)] if text else []
        merged += [node] if node else []
        text = []
    return merged


def _number(piece: list[_Node]) -> str:
    """The number that a piece of a bracket is; empty where it is none."""
    text = "".join(each for each in piece if isinstance(each, str)) if len(piece) == 1 else ""
    return text if _WHEN.fullmatch(text) else ""
