"""Pictures that people give: read with care, and fitted to the size that is drawn."""

from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from generation.errors import UserError
from generation.settings import SIZE

UPLOAD_BYTES = 8 * 2**20
"""The largest file that a person may attach."""

PIXELS = 50_000_000
"""The largest picture, unpacked. A small file can unpack to far more."""

FORMATS = ("PNG", "JPEG", "WEBP")


class UnusableImage(UserError):
    """A file that is no picture to start from; the sentence says which are."""


def read(data: bytes, *, limited: bool = True, most: int = 0) -> Image.Image:
    """The picture in a file, turned as its EXIF says, in RGB, or in RGBA where parts of it are transparent. Where no
    more than `most` pixels a side are needed, a JPEG is unpacked no larger than that takes.

    Raises `UnusableImage` for what is no still PNG, JPEG or WebP, or too large; nothing is unpacked before its size
    is known. The bytes of a file of our own need not be `limited`.
    """
    if limited and len(data) > UPLOAD_BYTES:
        raise UnusableImage("The file is larger than {most} MiB. Save the picture smaller.", most=UPLOAD_BYTES // 2**20)
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as opened:
            if opened.width * opened.height > PIXELS:
                raise UnusableImage(
                    "The picture has more than {most} million pixels. Save it smaller.", most=PIXELS // 10**6
                )
            if getattr(opened, "is_animated", False):
                raise UnusableImage("Animated pictures don't work. Use a still PNG, JPEG or WebP file.")
            if most:
                opened.draft(None, (most, most))
            upright = ImageOps.exif_transpose(opened)
            image = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as reason:
        raise UnusableImage("I can't read that picture. Use a PNG, JPEG or WebP file that isn't damaged.") from reason
    return image if image.mode == "RGB" or _has_holes(image) else image.convert("RGB")


def tidied(data: bytes) -> tuple[bytes, tuple[int, int]]:
    """A file's picture as a PNG without anything else the file holds (such as where it was taken), no larger than can
    be drawn; and its width and height. Raises `UnusableImage`."""
    image = read(data, most=SIZE.high)
    image.thumbnail((SIZE.high, SIZE.high), Image.Resampling.LANCZOS)
    return as_png(image), image.size


def as_png(image: Image.Image) -> bytes:
    """The pixels alone, without metadata; packed quickly rather than tightly."""
    file = BytesIO()
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    bare.save(file, "PNG", compress_level=1)
    return file.getvalue()


def fitted(image: Image.Image, width: int, height: int) -> Image.Image:
    """`image` cut evenly at two sides to the aspect of `width` x `height`, and resized to it."""
    if image.size == (width, height):
        return image
    return ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)


def on_white(image: Image.Image) -> Image.Image:
    """In RGB, with white behind what is transparent."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(ground, image).convert("RGB")


def transparency(image: Image.Image) -> Image.Image | None:
    """White where `image` is transparent, in mode L; None where it is nowhere."""
    return ImageOps.invert(image.getchannel("A")) if image.mode == "RGBA" else None


def mask(image: Image.Image) -> Image.Image:
    """A picture read as a mask, in mode L: what is transparent is white, and if nothing is, what is white."""
    return transparency(image) or image.convert("L")


def _has_holes(image: Image.Image) -> bool:
    return image.getchannel("A").getextrema()[0] != 255
