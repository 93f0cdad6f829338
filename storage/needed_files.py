"""Which files are still needed: requests and looks may share one, and it is kept as long as one of them needs it."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.records import InputFiles
from storage.tables import GenerationRow, LookPictureRow, PictureRow, RemovalRow


def column_of(role: str) -> str:
    """The column for the file of a role of `InputFiles`."""
    return f"{role}_file"


ROLE_COLUMNS = [column_of(role) for role in InputFiles.ROLES]
INPUT_COLUMNS = [*ROLE_COLUMNS, "source_file"]
"""The columns of a request that name the files that it starts from."""


async def note_unneeded(session: AsyncSession, files: Sequence[str | None]) -> None:
    """Note as removals those files that no request and no look needs any more."""
    unneeded = [file for file in dict.fromkeys(files) if file and not await _is_needed(session, file)]
    session.add_all(RemovalRow(file=file) for file in unneeded)


async def _is_needed(session: AsyncSession, file: str) -> bool:
    starts = or_(*(getattr(GenerationRow, name) == file for name in INPUT_COLUMNS))
    starting = await session.scalar(select(func.count()).select_from(GenerationRow).where(starts))
    shown = await session.scalar(select(func.count()).select_from(PictureRow).where(PictureRow.file == file))
    saved = await session.scalar(select(func.count()).select_from(LookPictureRow).where(LookPictureRow.file == file))
    return bool(starting or shown or saved)
