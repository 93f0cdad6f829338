"""Saved looks."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from generation import names
from storage.database import Sessions
from storage.look_records import Audience, Look
from storage.needed_files import note_unneeded
from storage.tables import LookPictureRow, LookRow

Check = Callable[[Sequence[Look], Sequence[Look]], object]
"""Raises what refuses a look beside all looks of its owner and all of its server."""

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

    async def save(self, look: Look, check: Check) -> Look:
        """Add a look, or change its owner's of the same name for the same server: what the new one lacks of that
        is kept. Returns it as it is now, with its number.

        check: Gets all looks of its owner and all of its server, and raises what refuses the new one.
        """
        audience, key = look.audience, names.key(look.name)
        owned = {"user_id": audience.owner_id, "guild_id": audience.guild_id or _NO_GUILD, "key": key}
        async with self._sessions.writing() as session:
            own = await _found(session, LookRow.user_id == audience.owner_id)
            guild = [] if audience.guild_id is None else await _found(session, LookRow.guild_id == audience.guild_id)
            check(own, guild)
            before = await session.scalar(select(LookRow).filter_by(**owned))
            if before is not None:
                look = _over(look, _look(before))
            files = [] if before is None else await _take(session, [before])
            row = LookRow(
                **owned, role_id=audience.role_id, name=names.normal(look.name), words=look.words, lora=look.lora
            )
            pictures = enumerate(zip(look.files, look.fingerprints, strict=True))
            row.pictures = [
                LookPictureRow(index=index, file=file, fingerprint=each) for index, (file, each) in pictures
            ]
            session.add(row)
            await session.flush()
            await note_unneeded(session, files)
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
            return await _found(session, condition)


async def _found(session: AsyncSession, condition: ColumnElement[bool]) -> list[Look]:
    rows = await session.scalars(select(LookRow).where(condition).order_by(LookRow.key, LookRow.id))
    return [_look(row) for row in rows]


async def _remove(session: AsyncSession, rows: Iterable[LookRow]) -> None:
    await note_unneeded(session, await _take(session, rows))


async def _take(session: AsyncSession, rows: Iterable[LookRow]) -> Sequence[str]:
    """Delete looks, and return the files of their pictures."""
    removed = list(rows)
    files = [picture.file for row in removed for picture in row.pictures]
    ids = [row.id for row in removed]
    await session.execute(delete(LookPictureRow).where(LookPictureRow.look_id.in_(ids)))
    await session.execute(delete(LookRow).where(LookRow.id.in_(ids)))
    return files


def _over(new: Look, old: Look) -> Look:
    """A look with the words, the LoRA and the pictures of an old one where it has none."""
    pictured = new if new.files else old
    return replace(
        new,
        words=new.words or old.words,
        lora=new.lora or old.lora,
        files=pictured.files,
        fingerprints=pictured.fingerprints,
    )


def _look(row: LookRow) -> Look:
    audience = Audience(row.user_id, row.guild_id or None, row.role_id)
    files = tuple(each.file for each in row.pictures)
    fingerprints = tuple(each.fingerprint for each in row.pictures)
    return Look(row.id, row.name, audience, row.words, row.lora, files, fingerprints)
