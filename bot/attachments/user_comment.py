"""EXIF's UserComment and other texts in EXIF, in which JPEG and WebP files have their settings."""

from PIL import Image

from generation import infotext
from generation.other_tools import reading

_EXIF, _USER_COMMENT = 0x8769, 0x9286
"""Tags of the EXIF standard: the Exif directory, and UserComment in it."""

_MAKE, _MODEL = 0x010F, 0x0110
"""Tags in which ComfyUI writes `workflow:` and `prompt:`, each with its JSON."""

_KINDS = (b"UNICODE\0", b"ASCII\0\0\0", b"JIS\0\0\0\0\0", b"\0" * 8)
"""What the first eight bytes of a comment say about its encoding."""

_MOST_BYTES = 4 * reading.LONGEST
"""Bytes of a text that are read; a longer one is too long in any encoding."""


def write(exif: Image.Exif, text: str) -> None:
    """Write UserComment."""
    exif.get_ifd(_EXIF)[_USER_COMMENT] = b"UNICODE\0" + text.encode("utf-16-be")


def texts(exif: Image.Exif) -> dict[str, str]:
    """UserComment as A1111's chunk, and the chunks of ComfyUI."""
    found = {}
    for tag in (_MAKE, _MODEL):
        name, colon, text = str(exif.get(tag, "")).partition(":")
        if colon and name in ("prompt", "workflow"):
            found[name] = text
    comment = exif.get_ifd(_EXIF).get(_USER_COMMENT, b"")
    return found | {infotext.CHUNK_NAME: decoded(comment) if isinstance(comment, bytes) else str(comment)}


def decoded(comment: bytes) -> str:
    """The text of a comment. The standard names the encoding, but not the order of the bytes of UTF-16; tools write
    either, or UTF-8."""
    kind = next((each for each in _KINDS if comment.startswith(each)), b"")
    text = comment[len(kind) : len(kind) + _MOST_BYTES]
    return text.decode(_encoding(text), errors="replace").rstrip("\0")


def _encoding(text: bytes) -> str:
    if text.startswith((b"\xfe\xff", b"\xff\xfe")):
        return "utf-16"
    if b"\0" not in text.rstrip(b"\0"):
        return "utf-8-sig"
    return "utf-16-le" if text[1::2].count(0) > text[::2].count(0) else "utf-16-be"
