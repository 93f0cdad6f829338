"""The settings in a picture's metadata, as this bot and other tools write them."""

from io import BytesIO

from PIL import Image

from bot.attachments import hidden_text, user_comment
from generation import infotext
from generation.errors import UserError
from generation.found_settings import FoundSettings
from generation.images import DAMAGE, FORMATS, PIXELS
from generation.infotext import NoInfotext
from generation.other_tools import reading
from generation.sentences import Sentence
from generation.settings import GenerationSettings

_UNREADABLE = Sentence("I can't read that file. Use a PNG, JPEG or WebP picture.")


class NoPicture(UserError):
    """The file is no picture, or not in a format that can be read."""


def settings_in(data: bytes) -> GenerationSettings:
    """All settings in a picture's metadata, as `found_in` finds them. Raises `InvalidSetting` for an empty prompt."""
    return found_in(data).complete()


def found_in(data: bytes) -> FoundSettings:
    """The settings in a picture's metadata. The picture itself is not decoded.

    Raises `NoPicture` if the file is no picture, and `NoInfotext` if it has no settings.
    """
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            chunks, size = _chunks(image), image.size
    except DAMAGE:
        raise NoPicture(_UNREADABLE) from None
    return reading.found_in(chunks, size)


def may_hide(data: bytes) -> bool:
    """True where `hidden_in` may find settings that `found_in` doesn't."""
    return data.startswith((b"\x89PNG", b"RIFF"))


def hidden_in(data: bytes) -> FoundSettings:
    """The settings behind a picture's pixels or in them. It is decoded, so call this in a decoder.

    Raises `NoPicture` and `NoInfotext`.
    """
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > PIXELS:
                raise NoInfotext(infotext.UNREAD)
            image.load()
            chunks, size = _chunks(image) | hidden_text.chunks_in(image), image.size
    except DAMAGE:
        raise NoPicture(_UNREADABLE) from None
    return reading.found_in(chunks, size)


def prompt_in(data: bytes) -> str:
    """The prompt in a picture's metadata; empty where there is none."""
    try:
        return found_in(data).prompt
    except UserError:
        return ""


def exif_of(image: Image.Image) -> Image.Exif:
    """EXIF data with the settings of an open picture in UserComment."""
    exif = Image.Exif()
    user_comment.write(exif, str(image.info.get(infotext.CHUNK_NAME, "")))
    return exif


def _chunks(image: Image.Image) -> dict[str, str]:
    """The texts in a picture's metadata by name, that of EXIF's comment as the one of A1111's chunk."""
    chunks = {str(name): text for name, text in image.info.items() if isinstance(text, str)}
    if image.format == "PNG" and "exif" not in image.info:
        return chunks  # Pillow would decode the picture to look behind it
    try:
        return user_comment.texts(image.getexif()) | chunks
    except DAMAGE:
        return chunks
