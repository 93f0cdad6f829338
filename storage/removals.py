"""Files and messages that are yet to be removed. They are noted in the transaction that deletes their rows, or
before that."""

from sqlalchemy import ColumnElement, delete, select, text

from storage.database import Sessions
from storage.records import Removal
from storage.tables import RemovalRow


class Removals:
    """The list of files and messages to remove."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def files(self) -> list[Removal]:
        return await self._due(RemovalRow.file.is_not(None))

    async def messages(self) -> list[Removal]:
        return await self._due(RemovalRow.message_id.is_not(None))

    async def note(self, channel_id: int, message_id: int) -> Removal:
        """Put a message on the list; `Generations.delete` takes it off with the request that it shows."""
        async with self._sessions.writing() as session:
            row = RemovalRow(channel_id=channel_id, message_id=message_id)
            session.add(row)
            await session.flush()
            return Removal(row.id, channel_id=channel_id, message_id=message_id)

    async def done(self, removal: Removal) -> None:
        """Take a removal off the list, once it is done."""
        async with self._sessions.writing() as session:
            await session.execute(delete(RemovalRow).filter_by(id=removal.id))

    async def scrub(self) -> None:
        """Empty the write-ahead log, so that deleted text is nowhere in the database files."""
        async with self._sessions() as session:
            await session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))

    async def _due(self, kind: ColumnElement[bool]) -> list[Removal]:
        async with self._sessions() as session:
            rows = await session.scalars(select(RemovalRow).where(kind).order_by(RemovalRow.id))
            return [Removal(row.id, row.file or "", row.channel_id or 0, row.message_id or 0) for row in rows]
