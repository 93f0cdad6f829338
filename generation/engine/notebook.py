"""What was measured on this machine, kept in a file so that no start measures again."""

import json
import logging
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


class Notebook:
    """One section of the file, values of JSON by name. Without a file, it lasts as long as the process."""

    def __init__(self, file: Path | None, section: str) -> None:
        self._file = file
        self._section = section
        self._known: dict[str, Any] = self._sections().get(section, {})

    def get(self, name: str) -> Any:
        """What is known of something; None where nothing is."""
        return self._known.get(name)

    def put(self, name: str, value: Any) -> None:
        """Keep what was found out."""
        self._known[name] = value
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
