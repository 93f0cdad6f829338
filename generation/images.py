"""Input pictures: read safely, and fitted to the size of the request."""

import struct
import zlib
from io import BytesIO

from PIL import Image, ImageCms, ImageOps

from generation import image_formats
from generation.errors import UserError
from generation.settings import SIZE

UPLOAD_BYTES = 8 * 2**20
"""The largest file that a person may attach."""

PIXELS = 25_000_000
"""The largest picture that a person may give, unpacked. A small file can unpack to far more."""

OWN_PIXELS = 50_000_000
"""The largest picture of the bot's own, unpacked."""

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF")

HEIF = "HEIF"
"""The format that is read where the extra `heic` is installed."""

DAMAGE = (
    OSError, ValueError, SyntaxError, TypeError, LookupError, ArithmeticError, AttributeError, EOFError, MemoryError,
    RuntimeError, struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip
"""What Pillow raises for a damaged file, by format and place."""

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF's orientations, and what turns each upright."""

_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""Brands at the head of a HEIC file."""


class UnusableImage(UserError):
    """A file that cannot be used as an input picture; the sentence says what can."""


class UnreadFormat(UnusableImage):
    """A picture in a format that is not read."""

    def __init__(self, name: str) -> None:
        super().__init__("I can't read {format}. Use PNG, JPEG, WebP or AVIF.", format=name)


def read(data: bytes, *, limited: bool = True, most: int = 0) -> Image.Image:
    """Read a picture file: rotated as its EXIF says, in RGB, or in RGBA if parts are transparent. `most` is the side
    in pixels that is needed; a JPEG is decoded no larger than that takes.

    Raises `UnusableImage` for anything but a still PNG, JPEG, WebP or AVIF, or HEIC where the extra `heic` is
    installed, and for files that are too large. The size is checked before decoding. `limited` is False for the bot's
    own files.
    """
    if limited and len(data) > UPLOAD_BYTES:
        raise UnusableImage("The file is larger than {most} MiB. Save the picture smaller.", most=UPLOAD_BYTES // 2**20)
    is_heic = data[4:8] == b"ftyp" and data[8:12] in _HEIC and b"avif" not in data[12:64]
    if is_heic and not _reads_heic():
        raise UnusableImage("I can't read HEIC pictures. Save it as PNG or JPEG.")
    try:
        with Image.open(BytesIO(data), formats=(HEIF,) if is_heic else FORMATS) as opened:
            pixels = PIXELS if limited else OWN_PIXELS
            if opened.width * opened.height > pixels:
                raise UnusableImage(
                    "The picture has more than {most} million pixels. Save it smaller.", most=pixels // 10**6
                )
            if _moves(opened):
                raise UnusableImage("Animated pictures don't work. Use a still PNG, JPEG or WebP file.")
            if most:
                opened.draft(None, (most, most))
            image = _upright(_in_srgb(opened), _orientation(opened))
    except DAMAGE as reason:
        if unread := image_formats.unread_head(data):
            raise UnreadFormat(unread) from None
        raise UnusableImage("I can't read that picture. Use a PNG, JPEG or WebP file that isn't damaged.") from reason
    return image if image.mode == "RGB" or _has_holes(image) else image.convert("RGB")


def _reads_heic() -> bool:
    """True where Pillow has, or is now given, its plug-in for HEIC."""
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def _moves(opened: Image.Image) -> bool:
    """True for an animation; false for the frames of a camera's JPEG or HEIC, of which the main one is read, and for a
    PNG with a still picture before it."""
    if opened.format in ("MPO", HEIF) or getattr(opened, "default_image", False):
        return False
    return bool(getattr(opened, "is_animated", False))


def _in_srgb(opened: Image.Image) -> Image.Image:
    """The pixels in RGB or RGBA, from 16 bits to 8, and from the picture's own colours to sRGB."""
    profile = opened.info.get("icc_profile")
    image: Image.Image = opened
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")
        image.info.pop("transparency", None)
    transparent = image.has_transparency_data
    if transparent or image.mode not in ("L", "RGB", "CMYK"):
        image = image.convert("RGBA" if transparent else "RGB")
    alpha = image.getchannel("A") if transparent else None
    colours = _converted(image.convert("RGB") if transparent else image, profile) if profile else image.convert("RGB")
    if alpha is not None:
        colours.putalpha(alpha)
    return colours


def _converted(image: Image.Image, profile: bytes) -> Image.Image:
    """The colours of a profile in sRGB; as they are where the profile is damaged or for another kind of picture."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        turned = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image.convert("RGB")
    return turned or image.convert("RGB")


def _orientation(opened: Image.Image) -> object:
    """EXIF's orientation; none where EXIF cannot be read."""
    try:
        return opened.getexif().get(_ORIENTATION)
    except DAMAGE:
        return None


def _upright(image: Image.Image, orientation: object) -> Image.Image:
    turn = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def tidied(data: bytes) -> tuple[bytes, tuple[int, int]]:
    """Re-encode a picture as a PNG without metadata (such as its location), shrunk to the largest size of a request.
    Returns the PNG, and its width and height. Raises `UnusableImage`."""
    image = shrunk(data)
    return as_png(image), image.size


def shrunk(data: bytes) -> Image.Image:
    """A given picture, shrunk to the largest size of a request. Raises `UnusableImage`."""
    image = read(data, most=SIZE.high)
    image.thumbnail((SIZE.high, SIZE.high), Image.Resampling.LANCZOS)
    return image


def size_of(png: bytes) -> tuple[int, int]:
    """The width and height of one of the bot's own pictures, from its header."""
    with Image.open(BytesIO(png)) as opened:
        return opened.size


def is_invisible(png: bytes) -> bool:
    """True for one of the bot's own pictures that is transparent everywhere."""
    with Image.open(BytesIO(png)) as opened:
        return opened.mode == "RGBA" and opened.getchannel("A").getbbox() is None


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
