"""Enlarging finished pictures."""

from collections.abc import Generator
from io import BytesIO

from PIL import Image

from generation import infotext
from generation.engine import pictures
from generation.errors import InvalidSetting
from generation.events import Picture
from generation.jobs import Upscale
from generation.upscaling import LARGEST_SIDE, UPSCALER


def enlarge(task: Upscale) -> Generator[None, None, Picture]:
    """The picture at `factor` times its width and height, in slices, between which others have their turn.

    Raises `InvalidSetting` past the largest side.
    """
    yield
    with Image.open(BytesIO(task.picture)) as image:
        original = image.convert("RGB")
        text = image.info.get(infotext.CHUNK_NAME, "")
    width, height = original.width * task.factor, original.height * task.factor
    if max(width, height) > LARGEST_SIDE:
        raise InvalidSetting("factor", f"The picture would be {width}×{height}; {LARGEST_SIDE} a side is the most.")
    drawn = pictures.drawn_by(infotext.model_hash_in(text), UPSCALER, task.total_factor)
    return pictures.as_png(original.resize((width, height), Image.Resampling.LANCZOS), task.settings, drawn)
