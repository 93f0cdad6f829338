"""Measured speeds, kept across restarts, for estimates."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from storage.database import Sessions
from storage.tables import PaceRow


class Paces:
    """Seconds a row takes through a model's network, by worker, model and number of pixels."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def all(self) -> dict[str, dict[tuple[str, int], float]]:
        """What was measured, by worker."""
        paces: dict[str, dict[tuple[str, int], float]] = {}
        async with self._sessions() as session:
            for row in await session.scalars(select(PaceRow)):
                paces.setdefault(row.worker, {})[row.model, row.pixels] = row.seconds
        return paces

    async def keep(self, worker: str, model: str, pixels: int, seconds: float) -> None:
        async with self._sessions.writing() as session:
            await session.merge(PaceRow(worker=worker, model=model, pixels=pixels, seconds=seconds))


def saved(file: Path) -> dict[tuple[str, int], float]:
    """Seconds a row takes with the fastest worker, by model and number of pixels, as a database has them that a bot may
    be using. Empty where it has none or cannot be read."""
    query = f"SELECT model, pixels, MIN(seconds) FROM {PaceRow.__tablename__} GROUP BY model, pixels"
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
            rows = connection.execute(query).fetchall()
    except sqlite3.Error:
        return {}
    return {(model, pixels): seconds for model, pixels, seconds in rows}
