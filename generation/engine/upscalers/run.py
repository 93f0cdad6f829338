"""Upscales a picture, from file to file."""

from collections.abc import Callable, Generator
from io import BytesIO

from PIL import Image

from generation import infotext, upscaling
from generation.engine.latents import png
from generation.engine.models.unet_model import UNetModel
from generation.engine.upscalers.base import Report, enlarged
from generation.engine.upscalers.creative import Redrawing
from generation.engine.upscalers.registry import UpscalerRegistry
from generation.errors import BrokenPicture
from generation.jobs import Upscale
from generation.pictures import Picture


def upscale(
    task: Upscale,
    upscalers: UpscalerRegistry,
    model: UNetModel | None,
    report: Report,
    in_float32: Callable[[UNetModel, BrokenPicture], UNetModel],
) -> Generator[None, None, tuple[Picture, str]]:
    """The larger picture and the name of its upscaler; in slices, between which others may have their turn.

    A `model` then redraws the enlarged picture. Where its number format cannot hold the result, `in_float32` gives the
    same model in float32, which starts again.

    Raises `InvalidSetting` past the largest side, `UpscalerUnavailable` where the task's upscaler is not available.
    """
    with Image.open(BytesIO(task.picture)) as image:
        small = image.convert("RGB")
        text = str(image.info.get(infotext.CHUNK_NAME, ""))
    upscaling.check(small.width, small.height, task.factor)
    upscaler = upscalers.take(task.upscaler, task.settings.model)
    tiles = len(upscaler.tiling.boxes(*small.size))
    if model is None:
        large, name = (yield from enlarged(small, upscaler, task.factor, report)), upscaler.name
    else:
        redrawing = Redrawing(model, task.settings, small.width * task.factor, small.height * task.factor)
        name = f"{upscaler.name}, redrawn by {model.spec.name}"
        large = yield from enlarged(small, upscaler, task.factor, lambda done, of: report(done, of + redrawing.parts))
        try:
            large = yield from redrawing.draw_over(large, lambda done, of: report(tiles + done, tiles + of))
        except BrokenPicture as broken:
            redrawing = Redrawing(in_float32(model, broken), task.settings, *large.size)
            large = yield from redrawing.draw_over(large, lambda done, of: report(tiles + done, tiles + of))
    text = infotext.with_upscale(text, name, task.total_factor)
    return png.as_png(large, task.settings.seed, text), name
