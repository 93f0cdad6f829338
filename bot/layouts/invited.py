"""A button that leads from a lesson or a hint to a comparison."""

import re
from typing import Any

from discord import ui

TRY = re.compile(r"noisefox-try:(?P<parameter>[a-z -]+):(?P<generation>\d{1,18})")
"""Its custom_id: what to compare, and on whose request."""

LAST = 0
"""In place of a request: the last one of whoever presses."""


def comparing(label: str, parameter: str, generation_id: int = LAST) -> ui.Button[Any]:
    """The button that compares a setting on the prompt of a request."""
    return ui.Button(label=label, emoji="🧪", custom_id=f"noisefox-try:{parameter}:{generation_id}")
