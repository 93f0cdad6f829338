"""`noisefox models add`: a new section in the configuration."""

import re
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bot.cli.models import config_file, describe, licence, memory, origin
from bot.cli.models.amounts import gigabytes
from bot.cli.models.errors import UnusableSource
from bot.cli.models.facts import Facts
from bot.cli.models.speed import NOT_MEASURED
from generation import names, starters
from generation.catalogue import ModelSpec
from generation.errors import InvalidSetting
from generation.starters import Starter

FOLDER = "models"
"""The folder beside the configuration for files that are downloaded."""


def add(file: Path, name: str, source: str, starter: Starter | None, *, accepted: bool) -> None:
    """Add a model to a configuration, after its licence was accepted, and say what is known of it.

    Raises errors of `bot.cli.models`.
    """
    if name in config_file.names(config_file.text_of(file)):
        raise UnusableSource(f"{file} has a model {name} already. Choose another name, or remove that one first.")
    try:
        names.check_listed(name)
    except InvalidSetting as refusal:
        raise UnusableSource(str(refusal)) from refusal
    facts = describe.facts_of(origin.parse(source), file.parent / FOLDER)
    if starter:
        facts = describe.with_starter(facts, starter)
    facts = _apart(facts, file, name)
    print("\n".join(_lines(name, facts)))
    licence.accept(facts.licence, accepted=accepted)
    config_file.add(file, name, section(facts))
    print(f"\n{name} was added to {file}.")


def section(facts: Facts) -> Mapping[str, Any]:
    """The lines of a model's section."""
    values: dict[str, Any] = {"source": facts.source}
    if facts.address:
        values["address"] = facts.address
    values |= facts.settings
    if facts.licence.name:
        values["licence"] = facts.licence.short
    return values


def _apart(facts: Facts, file: Path, name: str) -> Facts:
    """The facts with a file of their own, where another model has one with that name; a file of the same length that
    no section names is the one that an earlier section had."""
    path = Path(facts.source)
    named = facts.source in config_file.text_of(file)
    if not facts.address or not (named or path.exists()):
        return facts
    if not named and path.is_file() and path.stat().st_size == facts.size:
        return replace(facts, notes=(*facts.notes, f"{path} is there already, so it is not downloaded again."))
    slug = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "model"
    return replace(facts, source=str(path.with_name(f"{slug}-{path.name}")))


def _lines(name: str, facts: Facts) -> list[str]:
    size = "not known" if facts.size is None else gigabytes(facts.size)
    lines = [f"{name}: {facts.title}", *licence.lines(facts.licence), f"weights:  {size}"]
    if facts.size is not None:
        side = {key: facts.settings[key] for key in ("width", "height") if key in facts.settings}
        lines.append(f"memory:   {memory.told(ModelSpec(name, facts.source, **side), facts.size)}")
    used = {key: facts.settings[key] for key in ("width", "height", "steps", "guidance_scale") if key in facts.settings}
    if used:
        lines.append(
            f"settings: {used['width']}×{used['height']}, {used['steps']} steps, guidance {used['guidance_scale']:g}"
        )
    lines.append(f"time:     {NOT_MEASURED}")
    if facts.source.endswith(".gguf") and find_spec("gguf") is None:
        lines.append('It is a GGUF file: run `pip install "noisefox[gguf]"` first.')
    return [*lines, *facts.notes]


def starter_lines() -> list[str]:
    """The models to start with, for people."""
    lines = []
    for each in starters.every():
        said = licence.lines(each.licence)[0].removeprefix("licence:").strip()
        lines += [f"{each.key}: {each.title}", f"    {each.gigabytes:g} GB; {said} ({each.facts:%d %B %Y})"]
    return lines
