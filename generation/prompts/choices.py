"""Random choices: `{red|blue}` is one of them, `{2$$red|blue|green}` two, `{1-2$$…}` one or two, and `__colour__` a
line of the word list "colour".

Choices nest, and lines of lists may hold choices and lists. A pipe inside `[…]` is that bracket's own. A backslash
makes a brace, a comma or an underscore plain text.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from random import Random

from generation import names
from generation.errors import InvalidSetting
from generation.prompts.brackets import pairs

MOST_LINES = 100
"""The most lines of word lists in one prompt. Lists that name each other end here, too."""

WordLists = Mapping[str, Sequence[str]]
"""The lines of word lists, by the list's name as `names.key` has it."""

_TOKEN = re.compile(
    r"""
    \\[{},_]                                                  # an escaped character
    | (?<![^\W_])__(?P<list>[^\W_]++(?:[_/-][^\W_]++)*+)__(?![^\W_])   # a word list
    | <lora:[^<>{}|]*+>                                       # a LoRA, whose name may have underscores
    | [^\\{}|\[\]_<]+ | .                                     # text, or a mark
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)

_LIST_NAME = re.compile(r"[^\W_]++(?:[_/-][^\W_]++)*+")

_NUMBER = re.compile(r"\s*+(?P<least>\d{1,3})(?:-(?P<most>\d{1,3}))?\$\$")

_ESCAPED = re.compile(r"[{}]|_(?=_)|(?<=\\)[,_]")


class UnknownList(InvalidSetting):
    """A word list that isn't there, or is empty."""


@dataclass(frozen=True, slots=True)
class _List:
    name: str


@dataclass(slots=True)
class _Choice:
    """Options, of which `least` to `most` are taken. One that is alone stands for itself."""

    options: "list[list[_Node]]" = field(default_factory=lambda: [[]])
    least: int = 1
    most: int = 1
    depth: int = 0
    """How many square brackets are open while it is read."""

    def close(self) -> None:
        """Read the number before the first option, and drop the spaces around all."""
        first = self.options[0]
        if first and isinstance(first[0], str) and (number := _NUMBER.match(first[0])):
            first[0] = first[0][number.end() :]
            self.least = int(number["least"])
            self.most = max(self.least, int(number["most"] or 0))
        for option in self.options:
            if option and isinstance(option[0], str):
                option[0] = option[0].lstrip()
            if option and isinstance(option[-1], str):
                option[-1] = option[-1].rstrip()

    def taken(self, chance: Random) -> "list[_Node]":
        number = min(chance.randint(self.least, self.most), len(self.options))
        taken = list[_Node]()
        for option in chance.sample(self.options, number):
            taken += [", ", *option] if taken else option
        return taken


_Node = str | _List | _Choice


class Template:
    """A prompt as typed, read once. Reading never fails."""

    def __init__(self, text: str) -> None:
        self.is_random = False
        """True where it says something else each time."""
        self._nodes = self._read(text)

    def drawn(self, seed: int, lists: WordLists | None = None) -> str:
        """The prompt with all choices made; the same for the same seed. Raises `UnknownList` for a list that is not
        among `lists`, or is empty, and `InvalidSetting` for more than `MOST_LINES` lines of them."""
        chance, text, lines = Random(seed), list[str](), 0
        ahead = self._nodes[::-1]
        while ahead:
            match ahead.pop():
                case str(words):
                    text.append(words)
                case _Choice() as choice if len(choice.options) == 1:
                    ahead += reversed(choice.options[0])
                case _Choice() as choice:
                    ahead += reversed(choice.taken(chance))
                case _List(name):
                    lines += 1
                    if lines > MOST_LINES:
                        raise InvalidSetting(
                            "prompt",
                            "The prompt takes more than {most} words from lists. Remove some.",
                            most=MOST_LINES,
                        )
                    line = chance.choice(_lines(name, lists or {}))
                    ahead += reversed(Template(line)._nodes)
        return "".join(text)

    def _read(self, text: str) -> list[_Node]:
        found = list(_TOKEN.finditer(text))
        tokens = [match[0] for match in found]
        closed = pairs(tokens, {"{": "}", "[": "]"}, weak="]")
        closing = frozenset(closed.values())
        open_choices = [_Choice()]
        for place, token in enumerate(tokens):
            choice = open_choices[-1]
            if token == "{" and place in closed:
                open_choices.append(_Choice())
            elif token == "}" and place in closing:
                open_choices.pop()
                open_choices[-1].options[-1] += self._whole(choice)
            elif token == "|" and len(open_choices) > 1 and not choice.depth:
                choice.options.append([])
            elif name := found[place]["list"]:
                self.is_random = True
                choice.options[-1].append(_List(name))
            else:
                choice.depth += (token == "[" and place in closed) - (token == "]" and place in closing)
                choice.options[-1].append(token[1:] if len(token) == 2 and token[0] == "\\" else token)
        return open_choices[0].options[0]

    def _whole(self, choice: _Choice) -> list[_Node]:
        """The nodes of braces that are read to their end; without a pipe they are plain text."""
        if len(choice.options) == 1:
            return ["{", choice, "}"]
        choice.close()
        self.is_random = True
        return [choice]


def is_list_name(name: str) -> bool:
    """True for a name that a prompt can say between underscores."""
    return _LIST_NAME.fullmatch(name.strip()) is not None


def editable(prompt: str) -> str:
    """A finished prompt as it is filled into a form: as it is, unless that would be read as something else."""
    template = Template(prompt)
    return escaped(prompt) if template.is_random or template.drawn(0) != prompt else prompt


def escaped(prompt: str) -> str:
    """A finished prompt as one would type it: nothing in it is chosen."""
    return _ESCAPED.sub(r"\\\g<0>", prompt)


def _lines(name: str, lists: WordLists) -> Sequence[str]:
    lines = lists.get(names.key(name))
    if lines:
        return lines
    if lines is not None:
        raise UnknownList(
            "prompt",
            "The word list “{name}” is empty here. Write its words yourself, or choose another list.",
            name=name,
        )
    if nearest := get_close_matches(names.key(name), [each for each, entries in lists.items() if entries], n=3):
        raise UnknownList(
            "prompt",
            "There's no word list “{name}” here. Did you mean one of these? {nearest}.",
            name=name,
            nearest=nearest,
        )
    raise UnknownList(
        "prompt",
        "There's no word list “{name}” here. Write its words yourself, or type `\\__` for plain text.",
        name=name,
    )
