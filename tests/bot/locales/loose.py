"""Finds strings in the source that look like messages but have no translation."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tools.catalogues.commands import commands
from tools.catalogues.source import ROOT, files, places_of, templates

_WORDS = re.compile(r"[A-Za-z]{2,}[,:]? [a-z]{2,}")
"""Two words in a row."""

_UNSAID = ("log", "logging", "warnings", "re")
"""Modules whose functions take log messages or patterns."""

_NAMED = (
    "locale_str",
    "log_failure",
    "create_task",
    "TypeVar",
    "ValueError",
    "TypeError",
    "RuntimeError",
    "AssertionError",
)
_HOST = (
    "bot/app.py",
    "bot/__main__.py",
    "bot/cli/backup.py",
    "bot/cli/check.py",
    "bot/cli/folders.py",
    "bot/cli/models/",
    "bot/cli/restore.py",
    "bot/cli/soak/",
    "bot/interactions/connection.py",
)
"""Where the texts are for the host, who reads English on the command line."""

_PROMPTS = "bot/lessons/examples.py"
"""A file whose texts are prompts, not messages."""


@cache
def said() -> frozenset[str]:
    """All texts that the catalogues must have: templates and descriptions of commands."""
    described = {text for command in commands() for text in command.descriptions}
    return frozenset(described | {template.text for template in templates()})


def loose_words() -> Iterator[str]:
    """Place and text of each string in the bot that is neither a template, nor documentation, nor a log message."""
    for path in files():
        if path.is_relative_to(ROOT / "bot") and not str(path.relative_to(ROOT)).startswith((*_HOST, _PROMPTS)):
            yield from _loose_in(path)


def _loose_in(path: Path) -> Iterator[str]:
    for text in _strings(ast.parse(path.read_text())):
        if _WORDS.search(str(text.value)) and text.value not in said():
            yield f"{path.relative_to(ROOT)}:{text.lineno}: {text.value!r}"


def _strings(node: ast.AST) -> Iterator[ast.Constant]:
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Assign(targets=[ast.Name(id="PROMPTS")]):
            return
        case ast.Call() if _is_no_speech(node):
            inner: list[ast.AST] = [*node.keywords] if places_of(node) else []
        case ast.Raise(exc=ast.Call() as error) if places_of(error) is None:
            return
        case ast.Constant(value=str()):
            yield node
            return
        case _:
            inner = list(ast.iter_child_nodes(node))
    for child in inner:
        yield from _strings(child)


def _is_no_speech(call: ast.Call) -> bool:
    """True for calls that take templates, and for calls whose texts nobody sees."""
    match call.func:
        case ast.Attribute(value=ast.Name(id=module)) if module in _UNSAID:
            return True
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name in _NAMED or places_of(call) is not None
    return False
