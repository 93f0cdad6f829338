"""Several prompts in one: `{red, blue} fox in {snow, rain}` is four.

Braces nest. A backslash makes a brace, or a comma inside braces, plain text. So are a brace that is never closed,
and braces around a single choice. Braces with a pipe are random choices (`generation.prompts.choices`), and stay.
"""

import re
from dataclasses import dataclass
from itertools import product

from generation.errors import InvalidSetting
from generation.prompts.brackets import pairs

MOST = 40
"""The most prompts that one text may stand for."""

_TOKEN = re.compile(r"\\[{},]|[{},|\[\]]|[^\\{},|\[\]]+|\\")

_ESCAPED = re.compile(r"\\([{},])")

_Marks = dict[int, str]


def expand(text: str) -> list[str]:
    """All prompts of `text`, the last braces varying fastest. Raises `InvalidSetting` where they are too many."""
    return [_ESCAPED.sub(r"\1", each) for each in templates(text)]


def templates(text: str) -> list[str]:
    """As `expand`, with backslashes as they were typed: random choices in the prompts are still to be made."""
    tokens = _TOKEN.findall(text)
    marks = _marks(tokens)
    groups: list[list[_Choice]] = [[_Choice()]]
    """The choices so far of the text, and of each group of choices that is open in it."""
    for place, token in enumerate(tokens):
        match marks.get(place):
            case "{":
                groups.append([_Choice()])
            case ",":
                groups[-1].append(_Choice())
            case "}":
                prompts = [each.strip() for choice in groups.pop() for each in choice.prompts()]
                groups[-1][-1].times(prompts)
            case _:
                groups[-1][-1].add(token)
    [whole] = groups[0]
    return [each.strip() for each in whole.prompts()]


def has_unpaired(text: str) -> bool:
    """True where a brace of a text is never closed, or closes nothing."""
    depth = 0
    for token in _TOKEN.findall(text):
        depth += (token == "{") - (token == "}")
        if depth < 0:
            return True
    return depth > 0


class _Choice:
    """The prompts that one choice stands for. Plain text is collected, and joined to all of them at once."""

    def __init__(self) -> None:
        self._prompts = [""]
        self._text: list[str] = []

    def add(self, text: str) -> None:
        self._text.append(text)

    def times(self, ends: list[str]) -> None:
        """Continue each prompt in so many ways. Raises `InvalidSetting` where they are too many."""
        if len(self._prompts) * len(ends) > MOST:
            raise InvalidSetting("prompt", "The braces make more than {most} prompts. Remove some choices.", most=MOST)
        self._prompts = [start + end for start, end in product(self.prompts(), ends)]

    def prompts(self) -> list[str]:
        text, self._text = "".join(self._text), []
        self._prompts = [each + text for each in self._prompts]
        return self._prompts


@dataclass(slots=True)
class _Braces:
    """A pair of braces: the places of its first one and of its commas."""

    places: list[int]
    random: bool = False
    """True where it has a pipe of its own, outside square brackets."""
    depth: int = 0
    """How many square brackets are open in it."""


def _marks(tokens: list[str]) -> _Marks:
    """The tokens, by place, that make choices: braces that are closed, with a comma and no pipe, and their commas."""
    marks: _Marks = {}
    closed = pairs(tokens, {"{": "}", "[": "]"}, weak="]")
    closing = frozenset(closed.values())
    around: list[_Braces] = []
    for place, token in enumerate(tokens):
        if token == "{" and place in closed:
            around.append(_Braces([place]))
        elif not around:
            continue
        elif token == "}" and place in closing:
            braces = around.pop()
            if len(braces.places) > 1 and not braces.random:
                marks |= {each: tokens[each] for each in (*braces.places, place)}
        elif token == ",":
            around[-1].places.append(place)
        elif token == "|":
            around[-1].random |= not around[-1].depth
        else:
            around[-1].depth += (token == "[" and place in closed) - (token == "]" and place in closing)
    return marks
