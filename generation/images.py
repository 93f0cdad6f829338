"""Input pictures: read safely, and fitted to the size of the request."""

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
    """A file that cannot be used as an input picture; the sentence says what can."""


def read(data: bytes, *, limited: bool = True, most: int = 0) -> Image.Image:
    """Read a picture file: rotated as its EXIF says, in RGB, or in RGBA if parts are transparent. `most` is the side
    in pixels that is needed; a JPEG is decoded no larger than that takes.

    Raises `UnusableImage` for anything but a still PNG, JPEG or WebP, and for files that are too large. The size is
    checked before decoding. `limited` is False for the bot's own files.
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
    """Re-encode a picture as a PNG without metadata (such as its location), shrunk to the largest size of a request.
    Returns the PNG, and its width and height. Raises `UnusableImage`."""
    image = read(data, most=SIZE.high)
    image.thumbnail((SIZE.high, SIZE.high), Image.Resampling.LANCZOS)
    return as_png(image), image.size


def width_of(png: bytes) -> int:
    """The width of one of the bot's own pictures, from its header."""
    with Image.open(BytesIO(png)) as opened:
        return opened.width


def as_png(image: Image.Image) -> bytes:
    """The pixels as a PNG without metadata, compressed quickly."""
    file = BytesIO()
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    bare.save(file, "PNG", compress_level=1)
    return file.getvalue()


def fitted(image: Image.Image, width: int, height: int) -> Image.Image:
    """`image`, cropped around its centre to the aspect ratio of `width` x `height`, and resized."""
    if image.size == (width, height):
        return image
    return ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)


def on_white(image: Image.Image) -> Image.Image:
    """The picture in RGB, on white where it is transparent."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(ground, image).convert("RGB")


def transparency(image: Image.Image) -> Image.Image | None:
    """A mask in mode L, white where `image` is transparent; None if nothing is."""
    return ImageOps.invert(image.getchannel("A")) if image.mode == "RGBA" else None


def mask(image: Image.Image) -> Image.Image:
    """A mask in mode L: white where the picture is transparent, or, if nothing is, where it is white."""
    return transparency(image) or image.convert("L")


def _has_holes(image: Image.Image) -> bool:
    return image.getchannel("A").getextrema()[0] != 255
