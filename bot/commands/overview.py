"""Defaults and limits in words."""

from generation.settings import Limits, PartialSettings
from storage.records import ANY_MODEL, Defaults

_LABELS = {
    "width": "width",
    "height": "height",
    "negative_prompt": "without",
    "steps": "steps",
    "guidance_scale": "guidance",
    "sampler": "sampler",
    "clip_skip": "clip skip",
    "count": "pictures",
}
SHOWN = 60
"""Characters of a value that are shown."""

MODELS = 9
"""Models that are listed; with all their values they fit a message."""


def defaults_lines(defaults: Defaults) -> list[str]:
    """A line a model that has defaults."""
    lines = [
        f"- {'every model' if model == ANY_MODEL else model}: {_listed(partial)}"
        for model, partial in sorted(defaults.by_model.items())
        if partial.given()
    ]
    return lines[:MODELS] or ["- no defaults set"]


def limits_line(limits: Limits) -> str:
    """All limits that hold."""
    return (
        f"- at most {limits.steps} steps, {limits.side} pixels a side, {limits.count} pictures at once "
        f"and {limits.waiting} unfinished requests a member"
    )


def _listed(partial: PartialSettings) -> str:
    return ", ".join(f"{_LABELS[name]} {str(value)[:SHOWN]}" for name, value in partial.given().items())
