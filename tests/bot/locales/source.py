"""What the source says to people: every template, and where it is."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
ROOMS = ("bot", "generation", "storage")
TEMPLATES = {"say": (0,), "Sentence": (0,), "say_many": (1, 2), "Counted": (1, 2)}
"""What takes templates, and at which places; of two, the first is of one thing and the second of many."""


@dataclass(frozen=True)
class Template:
    """A template, by the plural if it has one."""

    place: str
    text: str
    one: str | None = None


def templates() -> list[Template]:
    """All of them."""
    return [found for path in _files() for found in _templates_in(path)]


def unreadable() -> list[str]:
    """Where a template is put together instead of written down."""
    return [place for path in _files() for place in _unreadable_in(path)]


def _files() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))


def _calls(path: Path) -> Iterator[tuple[str, list[ast.expr]]]:
    """The place of each call that takes templates, and what it takes."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and (places := TEMPLATES.get(_name(node.func))):
            yield f"{path.relative_to(ROOT)}:{node.lineno}", [node.args[place] for place in places]


def _templates_in(path: Path) -> Iterator[Template]:
    for place, given in _calls(path):
        literals = [list(_literals(each)) for each in given]
        if len(literals) == 2:
            yield from (Template(place, many, one) for one, many in zip(*literals, strict=True))
        else:
            yield from (Template(place, text) for text in literals[0])


def _unreadable_in(path: Path) -> Iterator[str]:
    for place, given in _calls(path):
        if any(isinstance(part, ast.JoinedStr | ast.BinOp) for each in given for part in ast.walk(each)):
            yield place


def _literals(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from (*_literals(node.body), *_literals(node.orelse))
        case ast.BoolOp():
            for each in node.values:
                yield from _literals(each)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
