"""Upscales of pictures that ComfyUI drew: Noisefox enlarges them itself, with Pillow."""

from io import BytesIO

from PIL import Image

from generation import upscaling
from generation.comfy import pictures
from generation.comfy.refusals import PromptFailed
from generation.errors import FailureKind
from generation.jobs import Manner, Upscale
from generation.pictures import Picture
from generation.upscaling import UpscalerName

NAME = UpscalerName.LANCZOS.value


def enlarged(task: Upscale) -> Picture:
    """The larger picture. Raises `PromptFailed` for a creative upscale and other upscalers, `InvalidSetting` past the
    largest side."""
    if task.manner is Manner.CREATIVE:
        raise PromptFailed(FailureKind.UNSUITABLE, "ComfyUI has no creative upscale")
    if task.upscaler not in (UpscalerName.AUTO, UpscalerName.LANCZOS):
        raise PromptFailed(FailureKind.UPSCALER_UNAVAILABLE, f"{task.upscaler} doesn't run beside ComfyUI")
    if task.check:
        raise PromptFailed(FailureKind.CHECKER_UNAVAILABLE, "pictures of ComfyUI can't be checked")
    with Image.open(BytesIO(task.picture)) as small:
        upscaling.check(small.width, small.height, task.factor)
    return pictures.enlarged(task.picture, task.factor, task.settings.seed, NAME, task.total_factor)
