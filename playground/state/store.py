"""Where the world is kept between two starts: JSON documents in SQLite, attachments as files."""

import json
import sqlite3
from pathlib import Path
from typing import Literal

from playground.errors import Json

Kind = Literal["message", "attachment", "interaction", "dm", "commands", "secret"]


class Store:
    """Documents by kind and id. A write reaches the operating system before `put` returns; it is not fsynced."""

    def __init__(self, folder: Path) -> None:
        self._files = folder / "attachments"
        self._files.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(folder / "world.sqlite", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS documents "
            "(kind TEXT, id INTEGER, body TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID"
        )

    def put(self, kind: Kind, id: int, document: Json) -> None:
        """Writes a document over any earlier one of the same kind and id."""
        self._database.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (kind, id, json.dumps(document)))

    def delete(self, kind: Kind, id: int) -> None:
        """Forgets a document; unknown ids are ignored."""
        self._database.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, id))

    def all(self, kind: Kind) -> dict[int, Json]:
        """All documents of a kind by id, in the order of their ids."""
        rows = self._database.execute("SELECT id, body FROM documents WHERE kind = ? ORDER BY id", (kind,))
        return {id: json.loads(body) for id, body in rows}

    def newest_id(self) -> int:
        """The largest id in the store, 0 when it is empty."""
        (newest,) = self._database.execute("SELECT coalesce(max(id), 0) FROM documents").fetchone()
        return int(newest)

    def write_file(self, attachment_id: int, data: bytes) -> None:
        """Keeps the bytes of an attachment."""
        (self._files / str(attachment_id)).write_bytes(data)

    def read_file(self, attachment_id: int) -> bytes:
        """The bytes of an attachment; FileNotFoundError when there are none."""
        return (self._files / str(attachment_id)).read_bytes()

    def close(self) -> None:
        """Closes the database; the folder may then be opened by another Store."""
        self._database.close()
