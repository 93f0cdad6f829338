"""The colours of a picture, by their names in prompts."""

from collections import Counter
from io import BytesIO

from PIL import Image

from generation import images

MOST = 3
"""The colours that are named of one picture."""

LEAST = 0.12
"""The share of a picture from which a colour is named."""

_SAMPLE = 96
"""Pixels of the side of the reduced picture that is counted."""

_DARK, _BRIGHT, _PALE = 45, 225, 40
"""Brightness below which everything is black, that of white, and saturation below which everything is grey; of 255."""

_HUES = (
    (11, "red"),
    (28, "orange"),
    (46, "yellow"),
    (110, "green"),
    (135, "teal"),
    (180, "blue"),
    (205, "purple"),
    (244, "pink"),
    (256, "red"),
)
"""The end of each colour on the circle of hues, of 256."""


def of(picture: bytes) -> list[str]:
    """The names of the main colours of a picture, on white where it is transparent, the largest first."""
    with Image.open(BytesIO(picture)) as opened:
        small = images.on_white(opened).resize((_SAMPLE, _SAMPLE), Image.Resampling.BOX).convert("HSV")
    counted: Counter[str] = Counter()
    for number, pixel in small.getcolors(_SAMPLE**2) or ():
        counted[_name(pixel)] += number
    return [name for name, number in counted.most_common(MOST) if number >= LEAST * _SAMPLE**2]


def _name(pixel: object) -> str:
    """The name of a colour: hue, saturation and value, each of 255."""
    assert isinstance(pixel, tuple)
    hue, saturation, value = pixel
    if value < _DARK:
        return "black"
    if saturation < _PALE:
        return "white" if value >= _BRIGHT else "grey"
    name = next(name for end, name in _HUES if hue < end)
    if name == "orange" and value < 160:
        return "brown"
    return name
