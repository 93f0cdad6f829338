"""Texts in the lowest bits of a picture's alpha channel, where NovelAI and A1111's "stealth pnginfo" keep settings.

The bits run down the columns: a mark of 15 letters, the length of the text in bits (4 bytes), and the text in UTF-8.
"""

import json
import zlib

from PIL import Image

from generation import infotext
from generation.other_tools import reading

_PLAIN, _PACKED = b"stealth_pnginfo", b"stealth_pngcomp"
_HEAD = len(_PLAIN) + 4
"""Bytes of the mark and the length."""

_GZIP = 31
"""zlib's number for data with gzip's head."""

_DIGITS = bytes(48 + value % 2 for value in range(256))
"""The lowest bit of each byte, as a digit."""


def chunks_in(image: Image.Image) -> dict[str, str]:
    """The hidden text by the names of PNG's chunks, of which NovelAI hides several together; empty where there is none,
    or a damaged one."""
    if image.mode not in ("RGBA", "LA"):
        return {}
    alpha = image.getchannel("A")
    head = _bytes(alpha, _HEAD)
    mark, length = head[:-4], int.from_bytes(head[-4:]) // 8
    if mark not in (_PLAIN, _PACKED) or length > 4 * reading.LONGEST:
        return {}
    data = _bytes(alpha, _HEAD + length)[_HEAD:]
    try:
        text = zlib.decompressobj(_GZIP).decompress(data, 4 * reading.LONGEST) if mark == _PACKED else data
    except zlib.error:
        return {}
    return _chunks(text.decode(errors="replace"))


def _chunks(text: str) -> dict[str, str]:
    try:
        chunks = json.loads(text)
    except ValueError:
        chunks = None
    if not isinstance(chunks, dict):
        return {infotext.CHUNK_NAME: text}
    together = {str(name): each if isinstance(each, str) else json.dumps(each) for name, each in chunks.items()}
    return together if "Comment" in chunks else {infotext.CHUNK_NAME: text}


def _bytes(alpha: Image.Image, number: int) -> bytes:
    """The first bytes, of as many columns as hold them; fewer where the picture ends."""
    columns = min(alpha.width, -(-8 * number // alpha.height))
    bits = alpha.crop((0, 0, columns, alpha.height)).transpose(Image.Transpose.TRANSPOSE).tobytes()
    digits = bits[: min(8 * number, len(bits) // 8 * 8)].translate(_DIGITS)
    return int(digits, 2).to_bytes(len(digits) // 8) if digits else b""
