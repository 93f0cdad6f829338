"""Files of weights: what is wrong with one that cannot be read."""

import json
import struct
from pathlib import Path

BYTES = 512
"""How many bytes of a file's start tell what it is."""

_PAGES = (b"<!doctype", b"<html")


def fault_of(file: Path) -> str:
    """A sentence about what is wrong with a .safetensors file; empty where its head is sound and no byte is missing."""
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            start = stream.read(BYTES)
            stream.seek(0)
            if start.startswith(b"version https://git-lfs"):
                return f"{file.name} is a Git LFS pointer, not the file itself. Run `git lfs pull` in its folder."
            if start.lstrip().lower().startswith(_PAGES):
                return f"{file.name} is a web page: the download was refused, or needs a login. Download it again."
            (length,) = struct.unpack("<Q", stream.read(8))
            head = json.loads(stream.read(min(length, size)))
            wanted = 8 + length + max((each["data_offsets"][1] for each in head.values() if "dtype" in each), default=0)
    except OSError as reason:
        return f"{file.name} cannot be read: {reason.strerror}."
    except (ValueError, struct.error, KeyError, TypeError, AttributeError):
        return f"{file.name} is not a {file.suffix} file, or it is damaged. Download it again."
    if size < wanted:
        return f"{file.name} is cut short: {size:,} of {wanted:,} bytes are there. Download it again."
    return ""
