"""Files that are not what their names say: pointers, web pages, pickles, archives, and what is cut short."""

from pathlib import Path

BYTES = 512
"""How many bytes of a file's start tell what it is."""

_GGUF = b"GGUF"
_ZIP = b"PK\x03\x04"
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_PAGES = (b"<!doctype", b"<html", b"<?xml", b"<head")


def check(file: Path, start: bytes, size: int) -> None:
    """Raise `ValueError` with a sentence where a file that begins with `start` is not what its suffix says."""
    if said := _said(start.lstrip(b"\xef\xbb\xbf \t\r\n").lower(), start, size, file.suffix):
        raise ValueError(f"{file.name} {said}")
    if size < 9:
        raise ValueError(unknown(file))


def check_length(file: Path, size: int, wanted: int) -> None:
    """Raise `ValueError` where a file of `size` bytes should have `wanted`."""
    if size < wanted:
        raise ValueError(f"{file.name} is cut short: {size:,} of {wanted:,} bytes are there. Download it again.")


def incomplete(file: Path) -> str:
    return f"{file.name} is cut short or damaged. Download it again."


def unknown(file: Path) -> str:
    return f"{file.name} is not a {file.suffix} file, or it is damaged. Download it again."


def _said(text: bytes, start: bytes, size: int, suffix: str) -> str:
    if not size:
        return "is empty. Download it again."
    if suffix != ".gguf" and start[8:9] == b"{":
        return ""
    if text.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the file itself. Run `git lfs pull` in its folder, or download it again."
    if text.startswith(_PAGES):
        return "is a web page: the download was refused, or needs a login. Download it again."
    if text.startswith((b'{"error', b'{"message', b"invalid username", b"access to model", b"entry not found")):
        return "is an error message of the site it came from. Download it again."
    if start.startswith(_ZIP) and b"data.pkl" not in start:
        return "is a zip archive. Unpack it, and name the file inside."
    if start.startswith((_ZIP, *_PICKLES)):
        return "is a pickle under another name: loading it can run any code. Get the model as .safetensors."
    if start.startswith(_GGUF) and suffix != ".gguf":
        return "is a GGUF file. Rename it to end in .gguf."
    if suffix == ".gguf" and not start.startswith(_GGUF):
        return "is a .safetensors file. Rename it to end in .safetensors." if start[8:9] == b"{" else _NO_GGUF
    return ""


_NO_GGUF = "is not a .gguf file, or it is damaged. Download it again."
