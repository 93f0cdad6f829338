"""What servers and people prefer and allow."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, select

from generation.settings import Limits, PartialSettings, Sampler
from storage.database import Sessions
from storage.records import Defaults
from storage.tables import ServerDefaultsRow, ServerLimitsRow, UserDefaultsRow

_PREFERRED = [column.key for column in ServerDefaultsRow.__table__.columns if not column.primary_key]


class Preferences:
    """Defaults of servers and of people, and the limits of servers."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def of_server(self, guild_id: int) -> Defaults:
        return await self._defaults(ServerDefaultsRow, guild_id=guild_id)

    async def of_user(self, user_id: int) -> Defaults:
        return await self._defaults(UserDefaultsRow, user_id=user_id)

    async def prefer_for_server(self, guild_id: int, model: str, changes: PartialSettings) -> None:
        """Add to a server's defaults for one model (or `ANY_MODEL`); what `changes` leaves open stays."""
        await self._prefer(ServerDefaultsRow, changes, guild_id=guild_id, model=model)

    async def prefer_for_user(self, user_id: int, model: str, changes: PartialSettings) -> None:
        """Add to a person's defaults for one model (or `ANY_MODEL`); what `changes` leaves open stays."""
        await self._prefer(UserDefaultsRow, changes, user_id=user_id, model=model)

    async def forget_server(self, guild_id: int) -> None:
        """Back to the host's values: defaults and limits."""
        async with self._sessions() as session, session.begin():
            await session.execute(delete(ServerDefaultsRow).filter_by(guild_id=guild_id))
            await session.execute(delete(ServerLimitsRow).filter_by(guild_id=guild_id))

    async def forget_user(self, user_id: int) -> None:
        """Back to the server's values."""
        async with self._sessions() as session, session.begin():
            await session.execute(delete(UserDefaultsRow).filter_by(user_id=user_id))

    async def limits_of(self, guild_id: int) -> Limits:
        async with self._sessions() as session:
            row = await session.get(ServerLimitsRow, guild_id)
        return Limits(row.steps, row.side, row.count, row.waiting) if row else Limits()

    async def limit(self, guild_id: int, changes: Limits) -> None:
        """Set a server's limits; what `changes` leaves open stays."""
        given = {name: value for name, value in asdict(changes).items() if value is not None}
        async with self._sessions() as session, session.begin():
            row = await session.get(ServerLimitsRow, guild_id) or ServerLimitsRow(guild_id=guild_id)
            for name, value in given.items():
                setattr(row, name, value)
            session.add(row)

    async def _defaults(self, table: type[Any], **owner: int) -> Defaults:
        async with self._sessions() as session:
            rows = await session.scalars(select(table).filter_by(**owner))
            return Defaults({row.model: _partial(row) for row in rows})

    async def _prefer(self, table: type[Any], changes: PartialSettings, **key: int | str) -> None:
        async with self._sessions() as session, session.begin():
            row = await session.scalar(select(table).filter_by(**key)) or table(**key)
            for name, value in changes.given().items():
                setattr(row, name, value)
            session.add(row)


def _partial(row: Any) -> PartialSettings:
    values = {name: getattr(row, name) for name in _PREFERRED}
    return PartialSettings(**{**values, "sampler": row.sampler and Sampler(row.sampler)})
