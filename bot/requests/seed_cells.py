"""The pictures in the figure of `/seed`."""

from collections.abc import Sequence
from dataclasses import replace

from generation.settings import SIZE, GenerationSettings, PartialSettings

PROMPTS = ("a castle", "a cute fox")
"""The prompts where nobody names any."""


_GROWTH = 1.25
"""The longer side of the other size, over the first: enough for other noise, and close to what a model likes."""


def plain(settings: PartialSettings) -> PartialSettings:
    """Settings of one picture whose noise comes from its seed and size alone."""
    return replace(
        settings, count=1, hires_factor=1.0, variation_strength=0.0, seed_width=0, seed_height=0, faces=False
    )


def cells(settings: GenerationSettings, prompts: Sequence[str], side: int) -> list[GenerationSettings]:
    """The settings of the figure's pictures, prompt by prompt: at the size of `settings`, at another one, and there
    again with the noise of the first.

    No side is longer than `side` pixels; where no other size fits, the first is alone.
    """
    width, height = settings.width, settings.height
    sizes = [settings]
    if (larger := other_size(width, height, side)) != (width, height):
        other = replace(settings, width=larger[0], height=larger[1], seed_width=0, seed_height=0)
        sizes += [other, replace(other, seed_width=width, seed_height=height)]
    return [replace(each, prompt=prompt) for prompt in prompts for each in sizes]


def other_size(width: int, height: int, side: int) -> tuple[int, int]:
    """A size (width, height) whose shorter side is a little longer; or whose longer side is shorter, where `side`
    allows no more."""
    grown = _scaled(min(width, height), _GROWTH)
    if grown <= side:
        return (width, grown) if height < width else (grown, height)
    shrunk = max(_scaled(max(width, height), 1 / _GROWTH), SIZE.low)
    return (width, shrunk) if height > width else (shrunk, height)


def _scaled(length: int, factor: float) -> int:
    return round(length * factor / SIZE.multiple_of) * SIZE.multiple_of
