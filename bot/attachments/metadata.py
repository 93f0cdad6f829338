"""The settings that a picture carries itself, whoever drew it and with whatever tool."""

from io import BytesIO

from PIL import Image, UnidentifiedImageError

from generation import infotext
from generation.errors import UserError
from generation.settings import GenerationSettings

FORMATS = ("PNG", "JPEG", "WEBP")
_EXIF, _USER_COMMENT = 0x8769, 0x9286
"""Tags of the EXIF standard."""


class NoPicture(UserError):
    """The file is none that can be read."""


def settings_in(data: bytes) -> GenerationSettings:
    """The settings in a picture's metadata; the picture itself is not decoded.

    Raises `NoPicture` for a file that is none, and `NoInfotext` for a picture without settings.
    """
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            text = image.info.get(infotext.CHUNK_NAME) or _comment(image)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise NoPicture("I can't read that file. Use a PNG, JPEG or WebP picture.") from None
    return infotext.from_infotext(str(text))


def _comment(image: Image.Image) -> str:
    """EXIF's UserComment, whose first eight bytes name its encoding."""
    comment = image.getexif().get_ifd(_EXIF).get(_USER_COMMENT, b"")
    if not isinstance(comment, bytes):
        return str(comment)
    kind, text = comment[:8], comment[8:]
    return text.decode("utf-16-be" if kind.startswith(b"UNICODE") else "utf-8", errors="replace")
