"""Pictures for a message: previews enlarged, finished ones made to fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from math import ceil, sqrt
from typing import Any

from PIL import Image

from generation import infotext
from generation.pictures import Preview

PREVIEW_SIDE = 512
"""Pixels of the longer side of a picture in a preview; a phone shows no more."""

THUMBNAIL_SIDE = 256
"""Pixels of the longer side of a picture in a list."""

POOREST, BEST = 40, 98
"""Qualities of a WebP between which the best that fits is looked for."""

_EXIF, _USER_COMMENT = 0x8769, 0x9286
"""Tags of the EXIF standard."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A picture made to fit: its file, the name's ending, and whether every pixel is as it was drawn."""

    data: bytes
    ending: str
    exact: bool


def of_previews(previews: Sequence[Preview]) -> bytes:
    """All previews of a job on one JPEG, as many in a row as in a column, enlarged smoothly; each in the middle of its
    place, which is as large as the largest."""
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
    """A picture as a small JPEG."""
    with Image.open(BytesIO(png)) as opened:
        image = opened.convert("RGB")
    image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return _saved(image, "JPEG", quality=85)


def fitting(png: bytes, most: int) -> Fit:
    """A picture of at most `most` bytes: the PNG itself, else a WebP without loss, else one as good as fits.

    The settings stay in the metadata; a WebP has them in EXIF's UserComment. (Discord takes metadata out of JPEGs.)
    Where even the poorest is too large, the picture is halved until it fits.
    """
    if len(png) <= most:
        return Fit(png, "png", exact=True)
    with Image.open(BytesIO(png)) as opened:
        image, exif = opened.convert("RGB"), _exif_of(opened)
    webp = _saved(image, "WEBP", lossless=True, quality=50, exif=exif)
    if len(webp) <= most:
        return Fit(webp, "webp", exact=True)
    while not (best := _best_fitting(image, exif, most)):
        image = image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)
    return Fit(best, "webp", exact=False)


def _best_fitting(image: Image.Image, exif: Image.Exif, most: int) -> bytes | None:
    """The WebP of the highest quality that has no more than `most` bytes, found by halving."""
    found, low, high = None, POOREST, BEST
    while low <= high:
        quality = (low + high) // 2
        webp = _saved(image, "WEBP", quality=quality, exif=exif)
        if len(webp) <= most:
            found, low = webp, quality + 1
        else:
            high = quality - 1
    return found


def _exif_of(image: Image.Image) -> Image.Exif:
    exif = Image.Exif()
    text = str(image.info.get(infotext.CHUNK_NAME, ""))
    exif.get_ifd(_EXIF)[_USER_COMMENT] = b"UNICODE\0" + text.encode("utf-16-be")
    return exif


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
