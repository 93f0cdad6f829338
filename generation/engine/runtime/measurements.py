"""Measurements of this machine, kept in a JSON file for the next start."""

import json
import logging
import os
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


MORE = 1.25
"""How many times more memory must be free before something that did not fit is tried again."""


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class Measurements:
    """One section of the file: JSON values by name. Without a file, it lasts as long as the process.

    A value that resulted from too little memory is kept with the free bytes, and expires once many more are free.
    """

    def __init__(self, file: Path | None, section: str) -> None:
        self._file = file
        self._section = section
        self._known: dict[str, Any] = self._sections().get(section, {})

    def get(self, name: str, free: int = 0) -> Any:
        """The value of `name` while `free` bytes of memory are free; None if unknown or expired."""
        match self._known.get(name):
            case {"found": found, "free": int()}:
                return None if self.is_outgrown(name, free) else found
            case found:
                return found

    def is_outgrown(self, name: str, free: int) -> bool:
        """True for a value that resulted from too little memory, now that `free` bytes are free."""
        match self._known.get(name):
            case {"found": _, "free": int(then)}:
                return free > MORE * then
        return False

    def put(self, name: str, value: Any, free: int | None = None) -> None:
        """Store a value: for good, or, where it resulted from too little memory, with the bytes that were `free`."""
        self._known[name] = value if free is None else {"found": value, "free": free}
        if self._file is None:
            return
        try:
            text = json.dumps(self._sections() | {self._section: self._known}, indent=2)
            with open(self._file, "w", opener=_open_private) as file:
                file.write(text)
        except OSError as reason:
            log.info("cannot write %s, so the next start measures again: %s", self._file, reason.strerror)

    def _sections(self) -> dict[str, dict[str, Any]]:
        """All sections of the file; none where it is missing or damaged."""
        try:
            sections = json.loads(self._file.read_text()) if self._file else {}
        except (OSError, ValueError):
            return {}
        whole = isinstance(sections, dict) and all(isinstance(each, dict) for each in sections.values())
        return sections if whole else {}
