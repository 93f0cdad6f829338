"""Measured speeds, kept across restarts, for estimates."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from storage.database import Sessions
from storage.tables import PaceRow


class Paces:
    """Seconds a row takes through the UNet, by model and number of pixels."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def all(self) -> dict[tuple[str, int], float]:
        async with self._sessions() as session:
            return {(row.model, row.pixels): row.seconds for row in await session.scalars(select(PaceRow))}

    async def keep(self, model: str, pixels: int, seconds: float) -> None:
        async with self._sessions.writing() as session:
            await session.merge(PaceRow(model=model, pixels=pixels, seconds=seconds))


def saved(file: Path) -> dict[tuple[str, int], float]:
    """Seconds a row takes, by model and number of pixels, as a database has them that a bot may be using. Empty where
    it has none or cannot be read."""
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
            rows = connection.execute(f"SELECT model, pixels, seconds FROM {PaceRow.__tablename__}").fetchall()
    except sqlite3.Error:
        return {}
    return {(model, pixels): seconds for model, pixels, seconds in rows}
