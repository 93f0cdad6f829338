"""The sections of models in the text of a configuration file.

A section has the comments right above it, and those in it. What tomlkit would move elsewhere is moved by lines, and the
caller checks what the new text says.
"""

import tomllib
from collections.abc import Mapping
from typing import Any

import tomlkit


def with_more(text: str, new: Mapping[str, Mapping[str, Any]]) -> str:
    """A text with more sections, after those that it has."""
    models = tomlkit.table(is_super_table=True)
    for name, values in new.items():
        section = tomlkit.table()
        section.update(values)
        models.add(name, section)
    document = tomlkit.document().add("models", models)
    lines = _lines(text)
    headers = [number for number, line in enumerate(lines) if _model_of(line) is not None]
    end = _end_of_section(lines, headers[-1]) if headers else len(lines)
    return "".join([*lines[:end], "\n", document.as_string(), *lines[end:]])


def with_line(text: str, name: str, key: str, value: str) -> str | None:
    """A text with another line in a section; None where there is no such section."""
    lines = _lines(text)
    header = _header_of(lines, name)
    if header is None:
        return None
    limit = _next_header(lines, header)
    same = [n for n in range(header + 1, limit) if lines[n].partition("=")[0].strip() == key]
    end = _after_last_value(lines, header)
    start, end = (same[0], same[0] + 1) if same else (end, end)
    return "".join([*lines[:start], f"{key} = {tomlkit.item(value).as_string()}\n", *lines[end:]])


def with_first(text: str, name: str) -> str | None:
    """A text with a section before all others; None where there is no such section."""
    section, rest = _taken_out(_lines(text), name)
    headers = [number for number, line in enumerate(rest) if _model_of(line) is not None]
    if not section or not headers:
        return None
    first = _with_comments_above(rest, headers[0])
    return "".join([*rest[:first], *section, "\n", *rest[first:]])


def without(text: str, name: str) -> str | None:
    """A text without a section; None where there is no such section."""
    section, rest = _taken_out(_lines(text), name)
    return "".join(rest) if section else None


def _lines(text: str) -> list[str]:
    """The lines of a text, each with its end."""
    return [f"{line}\n" for line in text.rstrip("\n").split("\n")]


def _taken_out(lines: list[str], name: str) -> tuple[list[str], list[str]]:
    """The lines of a model's section, none where it has none, and the others."""
    header = _header_of(lines, name)
    if header is None:
        return [], lines
    start, end = _with_comments_above(lines, header), _end_of_section(lines, header)
    has_gap = end < len(lines) and not lines[end].strip()
    return lines[start:end], [*lines[:start], *lines[end + has_gap :]]


def _header_of(lines: list[str], name: str) -> int | None:
    """The line with which a model's section begins."""
    return next((number for number, line in enumerate(lines) if _model_of(line) == name), None)


def _model_of(line: str) -> str | None:
    """The model whose section begins with a line; None for all other lines."""
    if not line.lstrip().startswith("["):
        return None
    try:
        models = tomllib.loads(line).get("models")
    except tomllib.TOMLDecodeError:
        return None
    return next(iter(models), None) if isinstance(models, dict) else None


def _with_comments_above(lines: list[str], start: int) -> int:
    """The first line of the comments that stand right above a line."""
    while start and lines[start - 1].startswith("#"):
        start -= 1
    return start


def _after_last_value(lines: list[str], header: int) -> int:
    """The line after the last value of a section."""
    limit = _next_header(lines, header)
    return 1 + max(n for n in range(header, limit) if lines[n].strip() and not lines[n].lstrip().startswith("#"))


def _end_of_section(lines: list[str], header: int) -> int:
    """The line after a section: after its last value, and the comments that follow without a blank line."""
    next_one = _next_header(lines, header)
    limit = _with_comments_above(lines, next_one) if next_one < len(lines) else next_one
    end = _after_last_value(lines, header)
    while end < limit and lines[end].strip():
        end += 1
    return end


def _next_header(lines: list[str], header: int) -> int:
    return next((n for n in range(header + 1, len(lines)) if lines[n].lstrip().startswith("[")), len(lines))
