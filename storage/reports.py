"""Who has reported which picture to the moderators of its server."""

from sqlalchemy import select

from storage.database import Sessions
from storage.tables import ReportRow


class Reports:
    """Reports that have reached the moderators, by person and request."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def knows(self, user_id: int, generation_id: int) -> bool:
        """True where a person has reported a picture before."""
        async with self._sessions() as session:
            return await session.get(ReportRow, (user_id, generation_id)) is not None

    async def add(self, user_id: int, generation_id: int) -> None:
        async with self._sessions.writing() as session:
            await session.merge(ReportRow(user_id=user_id, generation_id=generation_id))

    async def of_user(self, user_id: int) -> list[int]:
        """The ids of the requests that a person has reported."""
        mine = select(ReportRow.generation_id).filter_by(user_id=user_id).order_by(ReportRow.generation_id)
        async with self._sessions() as session:
            return list(await session.scalars(mine))
