"""People's default settings."""

from typing import Any

from sqlalchemy import delete, select

from generation.settings import PartialSettings, Sampler
from storage.database import Sessions
from storage.records import Defaults
from storage.tables import UserDefaultsRow

_PREFERRED = [column.key for column in UserDefaultsRow.__table__.columns if not column.primary_key]


class Preferences:
    """Each person's default settings, by model."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def of_user(self, user_id: int) -> Defaults:
        return await self._defaults(UserDefaultsRow, user_id=user_id)

    async def prefer_for_user(self, user_id: int, model: str, changes: PartialSettings) -> None:
        """Add to a person's defaults for one model (or `ANY_MODEL`); what `changes` leaves open is kept."""
        await self._prefer(UserDefaultsRow, changes, user_id=user_id, model=model)

    async def forget_user(self, user_id: int) -> None:
        """Remove a person's defaults, so that the server's apply."""
        async with self._sessions.writing() as session:
            await session.execute(delete(UserDefaultsRow).filter_by(user_id=user_id))

    async def _defaults(self, table: type[Any], **owner: int) -> Defaults:
        async with self._sessions() as session:
            rows = await session.scalars(select(table).filter_by(**owner))
            return Defaults({row.model: _partial(row) for row in rows})

    async def _prefer(self, table: type[Any], changes: PartialSettings, **key: int | str) -> None:
        async with self._sessions.writing() as session:
            row = await session.scalar(select(table).filter_by(**key)) or table(**key)
            for name, value in changes.given().items():
                setattr(row, name, value)
            session.add(row)


def _partial(row: Any) -> PartialSettings:
    values = {name: getattr(row, name) for name in _PREFERRED}
    return PartialSettings(**{**values, "sampler": row.sampler and Sampler(row.sampler)})
