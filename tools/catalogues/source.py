"""Collects all templates of messages in the source, and where they are."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from generation.errors import UserError
from generation.settings import LIMITS, GenerationSettings, label
from storage.records import Action

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "generation", "storage")
HOST = (
    "generation/engine",
    "generation/acceleration.py",
    "bot/config",
    "bot/cli/draw.py",
    "bot/cli/drawer.py",
    "bot/cli/doctor",
)
"""Files with no messages, or with messages for the host on the command line, which are in English only."""

CONFIGURED = "Spec"
"""The ending of class names whose errors only the host sees, because the configuration creates them."""

TEMPLATES = {"say": (0,), "Sentence": (0,), "say_many": (1, 2), "Counted": (1, 2)}
"""Functions that take templates, and the positions of these; of two, the singular comes first."""


@dataclass(frozen=True)
class Template:
    """A template; `text` is the plural if there is a singular in `one`. `place` is a file, or a file and a line."""

    place: str
    text: str
    one: str | None = None


@cache
def templates() -> tuple[Template, ...]:
    """All templates, including names of settings and actions."""
    settings = [field.name for field in fields(GenerationSettings)]
    labels = [Template("generation/settings.py", label(name).template) for name in (*settings, *LIMITS)]
    labels += [Template("storage/records.py", action.value) for action in Action]
    return (*labels, *(found for path in files() for found in _templates_in(path)))


def unreadable() -> list[str]:
    """Places where a template is not a literal."""
    return [place for path in files() for place in _unreadable_in(path)]


def menu_names() -> list[Template]:
    """The names of context menu commands."""
    return [found for path in files() for found in _menu_names_in(path)]


def files() -> Iterator[Path]:
    """Source files with messages for the chat."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if not any(path.is_relative_to(ROOT / each) for each in HOST):
                yield path


def _error_places() -> dict[str, tuple[int, ...]]:
    """Error classes that take a template, and its position."""
    for path in files():
        if path.name != "__main__.py" and not path.is_relative_to(ROOT / "storage/migrations"):
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    found: dict[str, tuple[int, ...]] = {}
    for error in _descendants(UserError):
        names = list(inspect.signature(error).parameters)
        if "sentence" in names:
            found[error.__name__] = (names.index("sentence"),)
    return found


def _descendants(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _descendants(child)


_PLACES: dict[str, tuple[int, ...]] = {}


def _places() -> dict[str, tuple[int, ...]]:
    if not _PLACES:
        _PLACES.update(TEMPLATES | _error_places())
    return _PLACES


def _calls(path: Path) -> Iterator[tuple[str, list[ast.expr]]]:
    """The place and template arguments of each call that takes templates."""
    for node in _spoken(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and (places := places_of(node)):
            yield (
                f"{path.relative_to(ROOT)}:{node.lineno}",
                [node.args[place] for place in places if place < len(node.args)],
            )


def _spoken(node: ast.AST) -> Iterator[ast.AST]:
    """A node and its children, without classes whose errors only the host sees."""
    if not (isinstance(node, ast.ClassDef) and node.name.endswith(CONFIGURED)):
        yield node
        for child in ast.iter_child_nodes(node):
            yield from _spoken(child)


def places_of(call: ast.Call) -> tuple[int, ...] | None:
    match call.func:
        case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="__init__"):
            return (0,)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return _places().get(name)
    return None


def _templates_in(path: Path) -> Iterator[Template]:
    for place, given in _calls(path):
        literals = [list(_literals(each)) for each in given]
        if len(literals) == 2:
            yield from (Template(place, many, one) for one, many in zip(*literals, strict=True))
        elif literals:
            yield from (Template(place, text) for text in literals[0])


def _unreadable_in(path: Path) -> Iterator[str]:
    for place, given in _calls(path):
        if any(isinstance(each, ast.JoinedStr | ast.BinOp) for each in given):
            yield place


def _menu_names_in(path: Path) -> Iterator[Template]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Name(id="locale_str"), args=[named, *_]):
                yield from (Template(str(path.relative_to(ROOT)), text) for text in _literals(named))


def _literals(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from (*_literals(node.body), *_literals(node.orelse))
        case ast.BoolOp():
            for each in node.values:
                yield from _literals(each)
