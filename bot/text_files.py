"""Text files that people write with any editor: UTF-8 or UTF-16, with or without a byte order mark."""

import codecs
import errno
from pathlib import Path

MOST_BYTES = 2**20
"""The longest file: more than any configuration has."""

_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read(path: Path) -> str:
    """The text of a file, with "\\n" between its lines.

    Raises `OSError`, also for a device, a pipe and too long a file, and `UnicodeError` for any other encoding.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(errno.EINVAL, "It is no file but a device or a pipe")
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise OSError(errno.EFBIG, "It is too long")
    text = data.decode(_encoding(data))
    if "\0" in text:
        raise UnicodeError("text has no NUL characters")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encoding(data: bytes) -> str:
    """The encoding by the byte order mark; without one, by which byte of the first character is zero."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return encoding
    if len(data) % 2 == 0 and 0 in data[:2]:
        return "utf-16-be" if data[0] == 0 else "utf-16-le"
    return "utf-8"
