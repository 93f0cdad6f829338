"""Measured speeds, kept across restarts, for estimates."""

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
