"""Pictures encoded for a message: previews, thumbnails, and finished pictures within a size limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from math import ceil, sqrt
from typing import Any

from PIL import Image

from bot.attachments import metadata
from generation.pictures import Preview

PREVIEW_SIDE = 512
"""Longer side of a preview in pixels; a phone shows no more."""

THUMBNAIL_SIDE = 256
"""Longer side of a picture in a list, in pixels."""

LOWEST_QUALITY, HIGHEST_QUALITY = 40, 98
"""WebP qualities between which the best one that fits is searched."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A file that fits a size limit: its bytes, the ending of its name, and whether every pixel is unchanged."""

    data: bytes
    ending: str
    exact: bool


def of_previews(previews: Sequence[Preview]) -> bytes:
    """All previews of a job in a square grid, as one JPEG. They are enlarged smoothly; each is centred in a cell of
    the size of the largest."""
    columns = ceil(sqrt(len(previews)))
    width, height = max(each.width for each in previews), max(each.height for each in previews)
    scale = PREVIEW_SIDE * min(columns, 2) / columns / max(width, height)
    width, height = round(width * scale), round(height * scale)
    sheet = Image.new("RGB", (width * columns, height * ceil(len(previews) / columns)))
    for index, preview in enumerate(previews):
        small = Image.frombytes("RGB", (preview.width, preview.height), preview.rgb)
        large = small.resize((round(small.width * scale), round(small.height * scale)), Image.Resampling.BICUBIC)
        left, top = index % columns * width, index // columns * height
        sheet.paste(large, (left + (width - large.width) // 2, top + (height - large.height) // 2))
    return _saved(sheet, "JPEG", quality=85)


def thumbnail(png: bytes) -> bytes:
    """A small JPEG of a picture."""
    with Image.open(BytesIO(png)) as opened:
        image = opened.convert("RGB")
    image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return _saved(image, "JPEG", quality=85)


def fitting(png: bytes, most: int) -> Fit:
    """A picture of at most `most` bytes: the PNG itself, else a lossless WebP, else the best WebP that fits.

    The settings stay in the metadata; a WebP has them in EXIF's UserComment. (Discord strips metadata from JPEGs.)
    If even the lowest quality is too large, the picture is scaled to half its size until it fits.
    """
    if len(png) <= most:
        return Fit(png, "png", exact=True)
    with Image.open(BytesIO(png)) as opened:
        image, exif = opened.convert("RGBA" if opened.mode == "RGBA" else "RGB"), metadata.exif_of(opened)
    webp = _saved(image, "WEBP", lossless=True, quality=50, exif=exif)
    if len(webp) <= most:
        return Fit(webp, "webp", exact=True)
    while not (best := _best_fitting(image, exif, most)):
        image = image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)
    return Fit(best, "webp", exact=False)


def _best_fitting(image: Image.Image, exif: Image.Exif, most: int) -> bytes | None:
    """The WebP of the highest quality with at most `most` bytes, found by bisection."""
    found, low, high = None, LOWEST_QUALITY, HIGHEST_QUALITY
    while low <= high:
        quality = (low + high) // 2
        webp = _saved(image, "WEBP", quality=quality, exif=exif)
        if len(webp) <= most:
            found, low = webp, quality + 1
        else:
            high = quality - 1
    return found


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
