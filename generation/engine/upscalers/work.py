"""An upscale from file to file."""

from collections.abc import Generator
from io import BytesIO

from PIL import Image

from generation import infotext, upscaling
from generation.engine import pictures
from generation.engine.upscalers.choice import Upscalers
from generation.engine.upscalers.upscaler import Report, enlarged
from generation.events import Picture
from generation.jobs import Upscale


def upscale(task: Upscale, upscalers: Upscalers, report: Report) -> Generator[None, None, tuple[Picture, str]]:
    """The larger picture, and what enlarged it; in slices, between which others may have their turn.

    Raises `InvalidSetting` past the largest side, `UpscalerUnavailable` where the one asked for is not at hand.
    """
    with Image.open(BytesIO(task.picture)) as image:
        small = image.convert("RGB")
        text = str(image.info.get(infotext.CHUNK_NAME, ""))
    upscaling.check(small.width, small.height, task.factor)
    upscaler = upscalers.take(task.upscaler, task.settings.model)
    large = yield from enlarged(small, upscaler, task.factor, report)
    text = infotext.with_upscale(text, upscaler.name, task.total_factor)
    return pictures.as_png(large, task.settings.seed, text), upscaler.name
