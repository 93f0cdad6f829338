"""The settings in a picture's metadata, as this bot and other tools write them."""

from io import BytesIO

from PIL import Image

from generation import infotext
from generation.errors import UserError
from generation.images import DAMAGE, FORMATS
from generation.settings import GenerationSettings

_EXIF, _USER_COMMENT = 0x8769, 0x9286
"""Tags of the EXIF standard: the Exif directory, and UserComment in it."""

_MOST_BYTES = 4 * (infotext.LONGEST + 1)
"""Bytes of a comment that are read; a longer one is too long in any encoding."""


class NoPicture(UserError):
    """The file is no picture, or not in a format that can be read."""


def settings_in(data: bytes) -> GenerationSettings:
    """The settings in a picture's metadata. The picture itself is not decoded.

    Raises `NoPicture` if the file is no picture, and `NoInfotext` if it has no settings.
    """
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            text = image.info.get(infotext.CHUNK_NAME) or _comment(image)
    except DAMAGE:
        raise NoPicture("I can't read that file. Use a PNG, JPEG or WebP picture.") from None
    return infotext.from_infotext(str(text))


def prompt_in(data: bytes) -> str:
    """The prompt in a picture's metadata; empty where there is none."""
    try:
        return settings_in(data).prompt
    except UserError:
        return ""


def exif_of(image: Image.Image) -> Image.Exif:
    """EXIF data with the settings of an open picture in UserComment."""
    exif = Image.Exif()
    text = str(image.info.get(infotext.CHUNK_NAME, ""))
    exif.get_ifd(_EXIF)[_USER_COMMENT] = b"UNICODE\0" + text.encode("utf-16-be")
    return exif


def _comment(image: Image.Image) -> str:
    """EXIF's UserComment, whose first eight bytes name its encoding."""
    if image.format == "PNG" and "exif" not in image.info:
        return ""  # Pillow would decode the picture to look behind it
    comment = image.getexif().get_ifd(_EXIF).get(_USER_COMMENT, b"")
    if not isinstance(comment, bytes):
        return str(comment)
    kind, text = comment[:8], comment[8 : 8 + _MOST_BYTES]
    return text.decode("utf-16-be" if kind.startswith(b"UNICODE") else "utf-8", errors="replace")
