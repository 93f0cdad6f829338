"""Changes to the sections of models in a configuration file, which keep everything else as people wrote it."""

import os
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot import text_files
from bot.cli.models import sections
from bot.cli.models.errors import NotEdited
from bot.config import EMBEDDED, ConfigError
from generation.catalogue import POCKET

_FIRST_LINES = "# The models to choose from; the first is the default. config.example.toml explains every setting.\n"


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
    return list(tomllib.loads(text).get("models", {}))


def add(file: Path, name: str, values: Mapping[str, Any]) -> None:
    """Add a section for a model. A configuration without models keeps the one that it had without saying so.

    Raises `NotEdited`.
    """
    text = text_of(file) or _FIRST_LINES
    wanted = tomllib.loads(text)
    new = {name: dict(values)}
    if not wanted.get("models"):
        new = {POCKET.name: {"source": EMBEDDED}} | new
    wanted["models"] = wanted.get("models", {}) | new
    _write(file, sections.with_more(text, new), wanted)


def set_line(file: Path, name: str, key: str, value: str) -> None:
    """Set a line of a model's section. Raises `NotEdited`."""
    text = text_of(file)
    wanted = tomllib.loads(text)
    wanted["models"][name][key] = value
    _write(file, sections.with_line(text, name, key, value), wanted)


def make_default(file: Path, name: str) -> None:
    """Put the section of a model before those of the others. Raises `NotEdited`."""
    text = text_of(file)
    wanted = tomllib.loads(text)
    wanted["models"] = {name: wanted["models"].pop(name)} | wanted["models"]
    _write(file, sections.with_first(text, name), wanted)


def remove(file: Path, name: str) -> None:
    """Remove the section of a model, with the comments in it and right above it. Raises `NotEdited`."""
    text = text_of(file)
    wanted = tomllib.loads(text)
    del wanted["models"][name]
    if not wanted["models"]:
        del wanted["models"]
    _write(file, sections.without(text, name), wanted)


def _write(file: Path, text: str | None, wanted: Mapping[str, Any]) -> None:
    """Write a configuration at once, if it says what is wanted, in the same order. Raises `NotEdited`."""
    if text is None or not _says(text, wanted):
        raise NotEdited(
            f"{file} is written in a way that only a person can change. Edit its [models] sections by hand."
        )
    target = file.resolve()
    try:
        mode = target.stat().st_mode if target.exists() else 0o644
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, delete=False) as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(stream.name).chmod(mode)
        Path(stream.name).replace(target)
    except OSError as reason:
        raise NotEdited(f"{file} cannot be written: {reason.strerror}.") from reason


def _says(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return read == wanted and list(read.get("models", {})) == list(wanted.get("models", {}))
