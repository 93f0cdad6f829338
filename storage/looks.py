"""Saved looks."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from generation import names
from storage.database import Sessions
from storage.look_records import Audience, Look
from storage.needed_files import note_unneeded
from storage.tables import LookPictureRow, LookRow

_NO_GUILD = 0
"""The server of a look that its owner alone may use."""


class Looks:
    """Everybody's looks. A person has one of each name in a server, and one that is theirs alone."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def of_user(self, user_id: int) -> list[Look]:
        """All looks of a person, wherever they are for."""
        return await self._found(LookRow.user_id == user_id)

    async def of_guild(self, guild_id: int) -> list[Look]:
        """All looks for a server or a role of it."""
        return await self._found(LookRow.guild_id == guild_id)

    async def around(self, user_id: int, guild_id: int | None) -> list[Look]:
        """A person's own looks, and those of the server where they are, whoever may use them."""
        here = [LookRow.guild_id == guild_id] if guild_id is not None else []
        return await self._found(or_(LookRow.user_id == user_id, *here))

    async def save(self, look: Look) -> Look:
        """Add a look, or replace its owner's of the same name for the same server. Returns it with its number."""
        guild_id = look.audience.guild_id or _NO_GUILD
        async with self._sessions.writing() as session:
            owned = {"user_id": look.audience.owner_id, "guild_id": guild_id, "key": names.key(look.name)}
            before = await session.scalar(select(LookRow).filter_by(**owned))
            if before is not None:
                await _remove(session, [before])
            row = LookRow(
                **owned, role_id=look.audience.role_id, name=names.normal(look.name), words=look.words, lora=look.lora
            )
            pictures = enumerate(zip(look.files, look.fingerprints, strict=True))
            row.pictures = [
                LookPictureRow(index=index, file=file, fingerprint=each) for index, (file, each) in pictures
            ]
            session.add(row)
            await session.flush()
            return replace(look, id=row.id, name=row.name)

    async def delete(self, look_id: int) -> None:
        """Remove a look. Files that no request needs are noted as `Removals`."""
        async with self._sessions.writing() as session:
            await _remove(session, await session.scalars(select(LookRow).filter_by(id=look_id)))

    async def forget(self, user_id: int) -> None:
        """Remove all looks of a person, as `delete`."""
        async with self._sessions.writing() as session:
            await _remove(session, await session.scalars(select(LookRow).filter_by(user_id=user_id)))

    async def _found(self, condition: ColumnElement[bool]) -> list[Look]:
        async with self._sessions() as session:
            rows = await session.scalars(select(LookRow).where(condition).order_by(LookRow.key, LookRow.id))
            return [_look(row) for row in rows]


async def _remove(session: AsyncSession, rows: Iterable[LookRow]) -> None:
    removed = list(rows)
    files: Sequence[str] = [picture.file for row in removed for picture in row.pictures]
    ids = [row.id for row in removed]
    await session.execute(delete(LookPictureRow).where(LookPictureRow.look_id.in_(ids)))
    await session.execute(delete(LookRow).where(LookRow.id.in_(ids)))
    await note_unneeded(session, files)


def _look(row: LookRow) -> Look:
    audience = Audience(row.user_id, row.guild_id or None, row.role_id)
    files = tuple(each.file for each in row.pictures)
    fingerprints = tuple(each.fingerprint for each in row.pictures)
    return Look(row.id, row.name, audience, row.words, row.lora, files, fingerprints)
