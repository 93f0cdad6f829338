"""The models that a new host can start with, from `starters.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from generation import licences
from generation.errors import NoisefoxError
from generation.licences import Licence

FILE = Path(__file__).with_name("starters.toml")


class UnknownStarter(NoisefoxError):
    """A key that the starter catalogue does not have; the message names those it has."""


@dataclass(frozen=True, slots=True)
class Starter:
    """A model by its key: where it comes from, its licence, and the settings that its card recommends."""

    key: str
    title: str
    source: str
    licence: Licence
    gigabytes: float
    """The whole download."""
    facts: date
    """The day on which the facts were those of its card."""
    settings: Mapping[str, Any]
    """Lines of its section in the configuration, without its source."""


def every() -> list[Starter]:
    """The starter models, in the order of the file."""
    return [_read(key, dict(entry)) for key, entry in tomllib.loads(FILE.read_text("utf-8")).items()]


def get(key: str) -> Starter:
    """A starter model. Raises `UnknownStarter`."""
    for starter in every():
        if starter.key == key:
            return starter
    raise UnknownStarter(f"There is no starter model {key}. Use one of: {', '.join(each.key for each in every())}.")


def _read(key: str, entry: dict[str, Any]) -> Starter:
    licence = licences.named(entry.pop("licence"))
    changes = {name: entry.pop(name) for name in ("terms", "commercial") if name in entry}
    return Starter(key=key, licence=replace(licence, **changes), **entry)
