"""Word lists of a host: text files, one entry a line. Those of a server are typed, with commas between the entries."""

import re
from errno import ENOTDIR
from pathlib import Path

from generation import names
from generation.prompts.brackets import pairs

LONGEST_LINE = 1000
"""Characters of an entry; longer ones are left out."""

_TOKEN = re.compile(r"\\.|[(){}\[\]<>,]|[^\\(){}\[\]<>,]+|\\", re.DOTALL)


class NotText(ValueError):
    """A word list that is not in UTF-8; its one argument is the path."""


def files_in(folder: Path) -> list[Path]:
    """The text files in a folder and below it. Raises `OSError`."""
    if not folder.is_dir():
        raise NotADirectoryError(ENOTDIR, "there is no such folder")
    return sorted(folder.rglob("*.txt"))


def read(folder: Path) -> dict[str, tuple[str, ...]]:
    """The lists in a folder by name, as `names.key` has it. Raises `OSError`, and `NotText`."""
    return {names.key(name_of(file, folder)): lines(_text(file)) for file in files_in(folder)}


def name_of(file: Path, folder: Path) -> str:
    """The name of a list: that of `animals/wild.txt` is "animals/wild"."""
    return file.relative_to(folder).with_suffix("").as_posix()


def lines(text: str) -> tuple[str, ...]:
    """The entries of a list, without empty lines and those that begin with #."""
    entries = (each.strip() for each in text.splitlines())
    return tuple(each for each in entries if each and not each.startswith("#") and len(each) <= LONGEST_LINE)


def typed(text: str) -> tuple[str, ...]:
    """The entries of a typed list: separated by lines, and by commas outside brackets."""
    return lines("\n".join(entry for line in text.splitlines() for entry in _between_commas(line)))


def _between_commas(line: str) -> list[str]:
    tokens = _TOKEN.findall(line)
    closed = pairs(tokens, {"(": ")", "[": "]", "{": "}", "<": ">"})
    entries, place = [""], 0
    while place < len(tokens):
        end = closed.get(place, place)
        if tokens[place] == ",":
            entries.append("")
        else:
            entries[-1] += "".join(tokens[place : end + 1])
        place = end + 1
    return entries


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeError:
        raise NotText(file) from None
