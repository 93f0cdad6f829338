"""How many pictures a request makes where nobody says: four where the device draws four soon, else one."""

from collections.abc import Callable
from dataclasses import replace

from generation.settings import COUNT, GenerationSettings

SEVERAL = COUNT.high
"""The pictures of a request that names no number, on a fast device."""

SOON = 5.0
"""Seconds in which a device must draw that many, all steps included, to count as fast."""

Seconds = Callable[[GenerationSettings], float | None]
"""Seconds that the device takes for a request by itself, as measured; None while nothing is."""


def unmeasured(_: GenerationSettings) -> float | None:
    """The seconds of a device that has drawn nothing yet, or must not be asked to draw several."""
    return None


def usual_count(settings: GenerationSettings, seconds: Seconds) -> int:
    """The number of pictures with these settings where nobody says how many."""
    needed = seconds(replace(settings, count=SEVERAL))
    return SEVERAL if needed is not None and needed <= SOON else 1
