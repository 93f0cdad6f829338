"""Picture formats that are not read, known by content type, by name, or by the head of the file."""

from pathlib import PurePosixPath

READ_TYPES = frozenset(
    {"png", "x-png", "apng", "vnd.mozilla.apng", "jpeg", "jpg", "pjpeg", "webp", "avif", "heic", "heif"}
)
"""Subtypes of `image/` that are read; HEIC only where the host has installed its extra."""

_ENDINGS = {".gif": "GIF", ".bmp": "BMP", ".tif": "TIFF", ".tiff": "TIFF", ".svg": "SVG", ".ico": "ICO"}
_TYPES = {"x-ms-bmp": "BMP", "svg+xml": "SVG", "x-icon": "ICO", "vnd.microsoft.icon": "ICO"}
_HEADS = {b"GIF87a": "GIF", b"GIF89a": "GIF", b"BM": "BMP", b"II*\0": "TIFF", b"MM\0*": "TIFF"}

_LONGEST = 12
"""Characters of a format's name that are shown."""


def unread(content_type: str | None, name: str) -> str:
    """The name of a format that is not read, by a content type, or where that says nothing by a file's name; empty for
    all others."""
    kind, _, subtype = (content_type or "").partition(";")[0].strip().lower().partition("/")
    if kind != "image":
        return _ENDINGS.get(PurePosixPath(name).suffix.lower(), "")
    return "" if subtype in READ_TYPES else _TYPES.get(subtype, subtype.upper()[:_LONGEST])


def unread_head(data: bytes) -> str:
    """The name of a format that is not read, by how the file begins; empty for all others."""
    return next((name for head, name in _HEADS.items() if data.startswith(head)), "")
