"""Own defaults in words."""

from bot.locales import say
from bot.views.text import shown
from generation.sentences import Sentence
from generation.settings import PartialSettings, label
from storage.records import ANY_MODEL, Defaults

SHOWN = 60
"""Characters of a value that are shown."""


def defaults_lines(defaults: Defaults) -> list[str]:
    """A line a model that has defaults."""
    lines = [
        f"- {say('every model') if model == ANY_MODEL else shown(model, SHOWN)}: {_listed(partial)}"
        for model, partial in sorted(defaults.by_model.items())
        if partial.given()
    ]
    return lines or [f"- {say('no defaults set')}"]


def _listed(partial: PartialSettings) -> str:
    return ", ".join(f"{say(label(name))} {_written(value)}" for name, value in partial.given().items())


def _written(value: object) -> str:
    if isinstance(value, float):
        return say(Sentence("{value:g}", value=value))
    return shown(str(value), SHOWN) or "—"
