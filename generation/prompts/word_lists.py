"""Word lists of a host: text files, one entry a line."""

from errno import ENOTDIR
from pathlib import Path

from generation import names

LONGEST_LINE = 1000
"""Characters of an entry; longer ones are left out."""


def files_in(folder: Path) -> list[Path]:
    """The text files in a folder and below it. Raises `OSError`."""
    if not folder.is_dir():
        raise NotADirectoryError(ENOTDIR, "there is no such folder")
    return sorted(folder.rglob("*.txt"))


def read(folder: Path) -> dict[str, tuple[str, ...]]:
    """The lists in a folder by name, as `names.key` has it; that of `animals/wild.txt` is "animals/wild". Raises
    `OSError`, and `UnicodeError` for a file that is not in UTF-8."""
    return {
        names.key(file.relative_to(folder).with_suffix("").as_posix()): lines(file.read_text("utf-8-sig"))
        for file in files_in(folder)
    }


def lines(text: str) -> tuple[str, ...]:
    """The entries of a list, without empty lines and those that begin with #."""
    entries = (each.strip() for each in text.splitlines())
    return tuple(each for each in entries if each and not each.startswith("#") and len(each) <= LONGEST_LINE)
