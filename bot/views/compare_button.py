"""A button that leads from a lesson or a hint to a comparison."""

import re
from collections.abc import Sequence
from typing import Any

from discord import ui

TRY = re.compile(r"noisefox-try:(?P<parameter>[a-z -]+):(?P<generation>\d{1,18})(?::(?P<values>[\d.,×]+))?")
"""Its custom_id: what to compare, on whose request, and with which values, if they are not left open."""

LAST = 0
"""In place of a request: the last one of whoever presses."""


def comparing(label: str, parameter: str, generation_id: int = LAST, values: Sequence[str] = ()) -> ui.Button[Any]:
    """The button that compares a setting on the prompt of a request."""
    custom_id = ":".join(["noisefox-try", parameter, str(generation_id), *([",".join(values)] if values else [])])
    return ui.Button(label=label, emoji="🧪", custom_id=custom_id)
