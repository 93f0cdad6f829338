"""Members whom servers have blocked."""

from sqlalchemy import delete, select

from storage.database import Sessions
from storage.tables import BlockedMemberRow


class BlockedMembers:
    """Blocked members, by the ids of the server and the member."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def all(self) -> set[tuple[int, int]]:
        """The server and the member of each block."""
        async with self._sessions() as session:
            rows = await session.execute(select(BlockedMemberRow.guild_id, BlockedMemberRow.user_id))
            return {(row.guild_id, row.user_id) for row in rows}

    async def add(self, guild_id: int, user_id: int) -> None:
        async with self._sessions.writing() as session:
            await session.merge(BlockedMemberRow(guild_id=guild_id, user_id=user_id))

    async def remove(self, guild_id: int, user_id: int) -> None:
        async with self._sessions.writing() as session:
            await session.execute(delete(BlockedMemberRow).filter_by(guild_id=guild_id, user_id=user_id))
