"""Changes to the sections of models in a configuration file, which keep everything else as people wrote it."""

import os
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

from bot import text_files
from bot.cli.models.errors import NotEdited
from bot.config import EMBEDDED, ConfigError
from generation.catalogue import POCKET

_FIRST_LINES = "# The models to choose from; the first is the default. config.example.toml explains every setting.\n\n"


def text_of(file: Path) -> str:
    """The text of a configuration; empty if there is none yet. Raises `ConfigError`."""
    try:
        return text_files.read(file)
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeError) as reason:
        raise ConfigError(f"{file} cannot be read: {reason}.") from reason


def names(text: str) -> list[str]:
    """The models of a configuration, the default first."""
    return list(tomllib.loads(text).get("models", {})) or [POCKET.name]


def add(file: Path, name: str, values: Mapping[str, Any]) -> None:
    """Add a section for a model. A configuration without models keeps the one that it had without saying so.

    Raises `NotEdited`.
    """
    text = text_of(file)
    sections = {name: dict(values)}
    if not tomllib.loads(text).get("models"):
        sections = {POCKET.name: {"source": EMBEDDED}} | sections
    wanted = tomllib.loads(text)
    wanted["models"] = wanted.get("models", {}) | sections
    document = tomlkit.document()
    models = tomlkit.table(is_super_table=True)
    for each, lines in sections.items():
        section = tomlkit.table()
        for key, value in lines.items():
            section.add(key, value)
        models.add(each, section)
    document.add("models", models)
    lines_before = text.splitlines(keepends=True)
    end = _end_of_models(lines_before)
    before, after = "".join(lines_before[:end]), "".join(lines_before[end:])
    if before and not before.endswith("\n"):
        before += "\n"
    gap = "\n" if before.strip() else _FIRST_LINES
    _write(file, f"{before}{gap}{document.as_string()}{after}", wanted)


def set_line(file: Path, name: str, key: str, value: str) -> None:
    """Set a line of a model's section. Raises `NotEdited`."""
    text = text_of(file)
    wanted = tomllib.loads(text)
    section = wanted["models"][name]
    if key in section:
        document = tomlkit.parse(text)
        document["models"][name][key] = value
        edited = document.as_string()
    else:
        lines = text.splitlines(keepends=True)
        end = _after_last_value(lines, _header_of(file, lines, name))
        line = f"{key} = {tomlkit.item(value).as_string()}\n"
        edited = "".join([*lines[:end], line, *lines[end:]])
    section[key] = value
    _write(file, edited, wanted)


def make_default(file: Path, name: str) -> None:
    """Put the section of a model before those of the others. Raises `NotEdited`."""
    lines = text_of(file).splitlines(keepends=True)
    wanted = tomllib.loads("".join(lines))
    models = wanted["models"]
    wanted["models"] = {name: models.pop(name)} | models
    section, rest = _taken_out(file, lines, name)
    first = next(number for number, line in enumerate(rest) if _model_of(line) is not None)
    first = _with_comments_above(rest, first)
    _write(file, "".join([*rest[:first], *section, "\n", *rest[first:]]), wanted)


def remove(file: Path, name: str) -> None:
    """Remove the section of a model, with the comments in it and right above it. Raises `NotEdited`."""
    lines = text_of(file).splitlines(keepends=True)
    wanted = tomllib.loads("".join(lines))
    del wanted["models"][name]
    if not wanted["models"]:
        del wanted["models"]
    _, rest = _taken_out(file, lines, name)
    _write(file, "".join(rest), wanted)


def _taken_out(file: Path, lines: list[str], name: str) -> tuple[list[str], list[str]]:
    """The lines of a model's section, and the others."""
    header = _header_of(file, lines, name)
    start = _with_comments_above(lines, header)
    end = _end_of_section(lines, header)
    section = lines[start:end]
    if section and not section[-1].endswith("\n"):
        section[-1] += "\n"
    if end < len(lines) and not lines[end].strip():
        end += 1
    return section, [*lines[:start], *lines[end:]]


def _header_of(file: Path, lines: list[str], name: str) -> int:
    """The line with which a model's section begins. Raises `NotEdited`."""
    for number, line in enumerate(lines):
        if _model_of(line) == name:
            return number
    raise _by_hand(file)


def _model_of(line: str) -> str | None:
    """The model whose section begins with a line; None for all other lines."""
    if not line.lstrip().startswith("["):
        return None
    try:
        table = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return None
    models = table.get("models")
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
    """The line after a section's own: after its last value, and the comments without a blank line before them."""
    limit = _next_header(lines, header)
    end, following = _after_last_value(lines, header), _with_comments_above(lines, limit)
    while end < (following if limit < len(lines) else limit) and lines[end].strip():
        end += 1
    return end


def _next_header(lines: list[str], header: int) -> int:
    return next((n for n in range(header + 1, len(lines)) if lines[n].lstrip().startswith("[")), len(lines))


def _end_of_models(lines: list[str]) -> int:
    """The line after the last section of a model; the end of the file where there is none."""
    headers = [number for number, line in enumerate(lines) if _model_of(line) is not None]
    return _end_of_section(lines, headers[-1]) if headers else len(lines)


def _write(file: Path, text: str, wanted: Mapping[str, Any]) -> None:
    """Write a configuration at once, if it says what is wanted, in the same order. Raises `NotEdited`."""
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as reason:
        raise _by_hand(file) from reason
    if read != wanted or list(read.get("models", {})) != list(wanted.get("models", {})):
        raise _by_hand(file)
    try:
        target = file.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, delete=False) as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            Path(stream.name).chmod(target.stat().st_mode)
        else:
            Path(stream.name).chmod(0o644)
        Path(stream.name).replace(target)
    except OSError as reason:
        raise NotEdited(f"{file} cannot be written: {reason.strerror}.") from reason


def _by_hand(file: Path) -> NotEdited:
    return NotEdited(f"{file} is written in a way that only a person can change. Edit its [models] sections by hand.")
