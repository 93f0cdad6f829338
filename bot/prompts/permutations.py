"""Several prompts in one: `{red, blue} fox in {snow, rain}` is four.

Braces nest. A backslash makes a brace, or a comma inside braces, plain text. So are a brace that is never closed,
and braces around a single choice.
"""

import re
from itertools import product

from generation.errors import InvalidSetting

MOST = 40
"""The most prompts that one text may stand for."""

_TOKEN = re.compile(r"\\[{},]|[{},]|[^\\{},]+|\\")

_Choices = list[str]


def expand(text: str) -> list[str]:
    """All prompts of `text`, the last braces varying fastest. Raises `InvalidSetting` where they are too many."""
    open_braces: list[list[_Choices]] = [[[""]]]
    """For the text and for each open brace in it: its choices so far, each as all the prompts it stands for."""
    for token in _TOKEN.findall(text):
        choices = open_braces[-1]
        inside = len(open_braces) > 1
        if token == "{":
            open_braces.append([[""]])
        elif token == "}" and inside:
            open_braces.pop()
            open_braces[-1][-1] = _joined(open_braces[-1][-1], _closed(choices))
        elif token == "," and inside:
            choices.append([""])
        else:
            plain = token[1:] if len(token) == 2 and token[0] == "\\" and token[1] in "{}," else token
            choices[-1] = [each + plain for each in choices[-1]]
    while len(open_braces) > 1:
        unclosed = _literal(open_braces.pop(), end="")
        open_braces[-1][-1] = _joined(open_braces[-1][-1], unclosed)
    return [each.strip() for each in open_braces[0][0]]


def _closed(choices: list[_Choices]) -> _Choices:
    if len(choices) == 1:
        return _literal(choices, end="}")
    return [each.strip() for choice in choices for each in choice]


def _literal(choices: list[_Choices], end: str) -> _Choices:
    joined = [""]
    for choice in choices:
        joined = _joined(joined, [f",{each}" for each in choice])
    return [f"{{{each[1:]}{end}" for each in joined]


def _joined(starts: _Choices, ends: _Choices) -> _Choices:
    if len(starts) * len(ends) > MOST:
        raise InvalidSetting("prompt", "The braces make more than {most} prompts. Remove some choices.", most=MOST)
    return [start + end for start, end in product(starts, ends)]
