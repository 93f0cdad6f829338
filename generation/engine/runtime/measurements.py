"""What was measured on this machine, kept in a file so that no start measures again."""

import json
import logging
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


MORE = 1.25
"""How many times as much memory must be free, until what did not fit is tried again."""


class Measurements:
    """One section of the file, values of JSON by name. Without a file, it lasts as long as the process.

    What was found only since memory was short is kept with the bytes that were free then, and holds until there are
    many more.
    """

    def __init__(self, file: Path | None, section: str) -> None:
        self._file = file
        self._section = section
        self._known: dict[str, Any] = self._sections().get(section, {})

    def get(self, name: str, free: int = 0) -> Any:
        """What is known of something, where so many bytes of memory are `free`; None where nothing is."""
        match self._known.get(name):
            case {"found": found, "free": int()}:
                return None if self.is_outgrown(name, free) else found
            case found:
                return found

    def is_outgrown(self, name: str, free: int) -> bool:
        """True of what memory was too short for then, and may have a place for now that so many bytes are `free`."""
        match self._known.get(name):
            case {"found": _, "free": int(then)}:
                return free > MORE * then
        return False

    def put(self, name: str, value: Any, free: int | None = None) -> None:
        """Keep what was found out: for good, or, where it was for want of memory, with the bytes that were `free`."""
        self._known[name] = value if free is None else {"found": value, "free": free}
        if self._file is None:
            return
        try:
            self._file.write_text(json.dumps(self._sections() | {self._section: self._known}, indent=2))
        except OSError as reason:
            log.info("%s cannot be written, so the next start measures again: %s", self._file, reason.strerror)

    def _sections(self) -> dict[str, dict[str, Any]]:
        """All there are; none where the file is not there, or was spoilt."""
        try:
            sections = json.loads(self._file.read_text()) if self._file else {}
        except (OSError, ValueError):
            return {}
        whole = isinstance(sections, dict) and all(isinstance(each, dict) for each in sections.values())
        return sections if whole else {}
