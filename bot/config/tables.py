"""Sections of a configuration file, read into dataclasses; what is wrong is collected and left out."""

from collections.abc import Collection
from dataclasses import fields, replace
from difflib import get_close_matches
from typing import Any

from bot.config.mistakes import Mistakes
from bot.config.values import typed
from generation.errors import InvalidSetting


def section(example: Any, table: Any, where: str, mistakes: Mistakes, but: Collection[str] = ()) -> Any:
    """`example`, a dataclass, with the values of a table over its own. Its fields are the keys, but for `but`."""
    values = _values(example, table, where, mistakes, but)
    for key, value in list(values.items()):
        try:
            replace(example, **{key: value})
        except InvalidSetting as refusal:
            if refusal.field == key:
                mistakes.add(f"{where}.{key}", f"{where}.{key}: {refusal}")
                del values[key]
    try:
        return replace(example, **values)
    except InvalidSetting as refusal:
        place = f"{where}.{refusal.field}"
        if place not in mistakes:
            mistakes.add(place, f"{place}: {refusal}")
        return example


def check_known(table: Collection[str], known: Collection[str], prefix: str, mistakes: Mistakes) -> None:
    """Collect the keys of a table that are not in `known`. `prefix` is the section's name and a dot, or empty."""
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1, cutoff=0.75)
            hint = f"Did you mean {near[0]}?" if near else f"Use one of: {', '.join(sorted(known))}."
            mistakes.add(f"{prefix}{key}", f"{prefix}{key} is not a setting. {hint}")


def _values(example: Any, table: Any, where: str, mistakes: Mistakes, but: Collection[str]) -> dict[str, Any]:
    """The values of a table that have the types of the fields."""
    values: dict[str, Any] = {}
    with mistakes.kept(where):
        table = typed(table, dict, where)
        known = {each.name: each.type for each in fields(example) if each.name not in but}
        check_known(table, known, f"{where}.", mistakes)
        for key in [each for each in table if each in known]:
            with mistakes.kept(f"{where}.{key}"):
                values[key] = typed(table[key], known[key], f"{where}.{key}")
    return values
