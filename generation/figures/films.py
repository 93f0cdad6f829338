"""The frames of a film: the picture that the model expected at each step, then the finished one."""

from PIL import Image

from generation.explanation import Explanation
from generation.pictures import Preview

SIDE = 1024
"""The longest side of a film, in pixels."""

STEP_MS, LAST_MS = 220, 1800
"""Milliseconds for which a step is shown, and the finished picture."""


def frames(explanation: Explanation, finished: Image.Image) -> tuple[list[Image.Image], list[int]]:
    """The frames, all of the size of the finished picture or of at most `SIDE`, and the milliseconds of each.

    A frame shows the predicted x0 before a step. The last moment of an explanation is the picture itself, in small.
    """
    last = finished.copy()
    last.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    steps = [_enlarged(moment.expected, last.size) for moment in explanation.moments[:-1]]
    return [*steps, last], [STEP_MS] * len(steps) + [LAST_MS]


def _enlarged(preview: Preview, size: tuple[int, int]) -> Image.Image:
    small = Image.frombytes("RGB", (preview.width, preview.height), preview.rgb)
    return small if small.size == size else small.resize(size, Image.Resampling.BICUBIC)
