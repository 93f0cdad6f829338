"""The looks that a prompt names: `--look mia:0.6 --look noir`, or in the option of a command."""

from bot.errors import Refusal
from bot.prompts import flags
from generation import names
from generation.settings import SHARE

NamedLook = tuple[str, float | None]
"""The name of a look, and its weight where one was given."""

MOST = 4
"""The most looks of one prompt: each needs at least one of the pictures that a model takes."""

RESERVED = ":,"
"""What a look's name cannot have in it."""


def take(text: str, option: str | None) -> tuple[str, list[NamedLook]]:
    """A text without its `--look`, and the looks that are named there and in the option, each once. Raises `UserError`
    where a weight is no number from 0 to 1, or there are too many."""
    kept, values = flags.take(text, flags.LOOK)
    named: dict[str, NamedLook] = {}
    for each in ",".join(filter(None, [option, *values])).split(","):
        if each.strip():
            name, weight = _read(each)
            named[names.key(name)] = name, weight
    if len(named) > MOST:
        raise Refusal("At most {most} looks go together. Leave some out.", most=MOST)
    return kept, list(named.values())


def _read(text: str) -> NamedLook:
    name, colon, weight = text.partition(":")
    if not colon:
        return name.strip(), None
    try:
        number = float(weight)
    except ValueError:
        raise flags.needs_value(flags.LOOK) from None
    SHARE.check("look_weight", number)
    return name.strip(), number
