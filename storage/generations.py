"""Requests and their pictures."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    Select,
    and_,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from generation.comparison import Axis
from generation.errors import InvalidSetting
from generation.jobs import JobState
from generation.settings import GenerationSettings, Sampler, Schedule
from storage.cells import axes_of_text, axes_to_text, of_text, to_text
from storage.database import Sessions
from storage.records import (
    NO_FILES,
    Action,
    Charge,
    Generation,
    Hint,
    InputFiles,
    Lineage,
    NsfwPolicy,
    Origin,
    Page,
    Picture,
    Usage,
)
from storage.tables import FavouriteRow, FigureRow, ForgottenChargeRow, GenerationRow, PictureRow, RemovalRow

log = logging.getLogger(__name__)

BUDGET_TIME = timedelta(hours=24)
"""The time that a request counts against budgets."""

_UNFINISHED = [state.value for state in JobState if state.unfinished]


class AlreadyAsked(Exception):
    """This Discord event has made a request before."""


def _now() -> datetime:
    return datetime.now(UTC)


class Generations:
    """All requests and their pictures."""

    def __init__(self, sessions: Sessions, now: Callable[[], datetime] = _now) -> None:
        self._sessions = sessions
        self._now = now

    async def add(
        self,
        origin: Origin,
        settings: GenerationSettings,
        lineage: Lineage,
        factor: int = 1,
        inputs: InputFiles = NO_FILES,
        cells: Sequence[GenerationSettings] = (),
        axes: Sequence[Axis] = (),
        charged: int = 0,
    ) -> Generation:
        """Commit a new queued request, which counts as `charged` steps against budgets. Raises `AlreadyAsked` if the
        origin's key is known."""
        row = GenerationRow(
            **asdict(origin),
            **asdict(settings),
            action=lineage.action.value,
            parent_id=lineage.parent,
            parent_picture=lineage.picture,
            state=JobState.QUEUED.value,
            created=self._now(),
            **{_column(role): file for role, file in asdict(inputs).items()},
            factor=factor,
            cells=to_text(settings, cells),
            axes=axes_to_text(axes),
            charged=charged,
            pictures=[],
            figures=[],
        )
        async with self._sessions() as session:
            await session.execute(self._old_charges())
            session.add(row)
            try:
                await session.commit()
            except IntegrityError as reason:
                if await self.knows(origin.key):
                    raise AlreadyAsked(origin.key) from reason
                raise
            return _record(row)

    async def get(self, generation_id: int) -> Generation | None:
        async with self._sessions() as session:
            found = await _readable(session, select(GenerationRow).where(GenerationRow.id == generation_id))
            return found[0] if found else None

    async def knows(self, key: str) -> bool:
        """True if the event with that key has made a request."""
        async with self._sessions() as session:
            return bool(await session.scalar(select(GenerationRow.id).where(GenerationRow.key == key)))

    async def by_message(self, message_id: int) -> Generation | None:
        """The request that a message is the reply to."""
        async with self._sessions() as session:
            found = await _readable(session, select(GenerationRow).where(GenerationRow.message_id == message_id))
            return found[0] if found else None

    async def of_user(
        self, user_id: int, search: str = "", start: int = 0, most: int = 25, *, deleted: bool = False
    ) -> Page:
        """A page of a person's requests whose prompts contain all words of `search`, and deleted ones if asked."""
        mine = [GenerationRow.user_id == user_id]
        if not deleted:
            mine.append(GenerationRow.state != JobState.DELETED.value)
        mine += [GenerationRow.prompt.icontains(word, autoescape=True) for word in search.split()]
        return await self._page(mine, start, most)

    async def favourites_of(self, user_id: int, start: int = 0, most: int = 25) -> Page:
        """A page of a person's favourites, newest first, without deleted ones."""
        liked = select(FavouriteRow.generation_id).filter_by(user_id=user_id)
        return await self._page(
            [GenerationRow.id.in_(liked), GenerationRow.state != JobState.DELETED.value], start, most
        )

    async def recent_prompts(self, user_id: int, typed: str, most: int = 25) -> dict[int, str]:
        """A person's latest prompts that contain `typed`, each once, by the id of the latest request with it."""
        latest = func.max(GenerationRow.id)
        mine = GenerationRow.user_id == user_id, GenerationRow.prompt.icontains(typed, autoescape=True)
        query = select(latest, GenerationRow.prompt).where(*mine).group_by(GenerationRow.prompt)
        async with self._sessions() as session:
            rows = await session.execute(query.order_by(latest.desc()).limit(most))
            return {row[0]: row[1] for row in rows}

    async def locale_of(self, user_id: int) -> str:
        """The language of a person's latest request, as Discord names it; English without one."""
        mine = select(GenerationRow.locale).where(GenerationRow.user_id == user_id)
        async with self._sessions() as session:
            return await session.scalar(mine.order_by(GenerationRow.id.desc()).limit(1)) or "en-US"

    async def unfinished_in(self, guild_id: int, user_id: int) -> list[Generation]:
        """A member's waiting and running requests in one server."""
        mine = GenerationRow.guild_id == guild_id, GenerationRow.user_id == user_id
        async with self._sessions() as session:
            return await _readable(session, select(GenerationRow).where(*mine, GenerationRow.state.in_(_UNFINISHED)))

    async def usage(self, user_id: int, since: datetime) -> Usage:
        """A person's unfinished requests, and all that they asked for since a time; oldest first.

        Requests that were forgotten since are among them. A failed request counts neither as charged nor as asked.
        """
        recent = GenerationRow.created >= since
        unfinished = GenerationRow.state.in_(_UNFINISHED)
        counts = and_(recent, GenerationRow.state != JobState.FAILED.value)
        kept = select(
            GenerationRow.created,
            GenerationRow.charged,
            GenerationRow.guild_id,
            unfinished.label("unfinished"),
            counts.label("counts"),
        ).where(GenerationRow.user_id == user_id, or_(unfinished, recent))
        forgotten = select(
            ForgottenChargeRow.created,
            ForgottenChargeRow.charged,
            ForgottenChargeRow.guild_id,
            literal(False),
            literal(True),
        ).where(ForgottenChargeRow.user_id == user_id, ForgottenChargeRow.created >= since)
        async with self._sessions() as session:
            rows = await session.execute(union_all(kept, forgotten).order_by("created"))
            return Usage(tuple(Charge(*row) for row in rows))

    async def forget_old_charges(self) -> None:
        """Remove the charges of forgotten requests that count against no budget any more."""
        async with self._sessions() as session, session.begin():
            await session.execute(self._old_charges())

    async def interrupted(self) -> list[Generation]:
        """Requests that are unfinished, or whose message does not show the outcome yet, oldest first."""
        due = or_(GenerationRow.state.in_(_UNFINISHED), GenerationRow.delivered.is_(False))
        async with self._sessions() as session:
            return await _readable(session, select(GenerationRow).where(due).order_by(GenerationRow.id))

    async def begin(self, generation_id: int) -> None:
        """Note that it is being drawn."""
        await self._set(generation_id, state=JobState.DRAWING.value)

    async def complete(
        self,
        generation_id: int,
        pictures: Sequence[Picture],
        seconds: float,
        circumstances: str = "",
        upscaler: str = "",
        hint: Hint | None = None,
        figures: Sequence[str] = (),
    ) -> Generation:
        """Record the result. The files have been written before."""
        rows = [PictureRow(generation_id=generation_id, **asdict(picture)) for picture in pictures]
        return await self._change(
            generation_id,
            state=JobState.COMPLETED.value,
            seconds=seconds,
            circumstances=circumstances,
            upscaler=upscaler or None,
            hint_setting=hint and hint.setting,
            hint_usual=hint and hint.usual,
            pictures=rows,
            figures=[FigureRow(generation_id=generation_id, index=at, file=file) for at, file in enumerate(figures)],
        )

    async def add_pictures(self, generation_id: int, pictures: Sequence[Picture], seconds: float) -> Generation:
        """Record some pictures of a comparison, whose files have been written, while others are yet to come."""
        async with self._sessions() as session:
            row = await session.get_one(GenerationRow, generation_id)
            row.pictures += [PictureRow(generation_id=generation_id, **asdict(picture)) for picture in pictures]
            row.seconds = (row.seconds or 0) + seconds
            await session.commit()
            return _record(row)

    async def finish_sheet(self, generation_id: int, circumstances: str, figures: Sequence[str]) -> Generation:
        """Complete a comparison: all its pictures are recorded, and the file of its figure has been written."""
        return await self._change(
            generation_id,
            state=JobState.COMPLETED.value,
            circumstances=circumstances,
            figures=[FigureRow(generation_id=generation_id, index=at, file=file) for at, file in enumerate(figures)],
        )

    async def fail(self, generation_id: int, failure: str) -> Generation:
        """Mark a request failed. It counts against no budget."""
        return await self._change(generation_id, state=JobState.FAILED.value, failure=failure, charged=0)

    async def cancel(self, generation_id: int, charged: int = 0) -> Generation:
        """Mark a request cancelled. It counts as `charged` steps, those that were taken."""
        return await self._change(generation_id, state=JobState.CANCELLED.value, charged=charged)

    async def delivered(self, generation_id: int) -> None:
        """Mark a request delivered: its message shows the outcome. Its token is removed."""
        await self._set(generation_id, delivered=True, token=None)

    async def delete(self, generation_id: int) -> None:
        """Mark a request and its pictures deleted, but keep its settings. Files that no other request needs are noted
        as `Removals`."""
        async with self._sessions() as session:
            row = await session.get_one(GenerationRow, generation_id)
            files = [picture.file for picture in row.pictures] + [getattr(row, name) for name in _INPUT_COLUMNS]
            files += [figure.file for figure in row.figures]
            row.figures = []
            row.state = JobState.DELETED.value
            for picture in row.pictures:
                picture.file = None
            for name in _INPUT_COLUMNS:
                setattr(row, name, None)
            await session.flush()
            await _note_unneeded(session, files)
            await session.commit()

    async def forget_user(self, user_id: int) -> None:
        """Remove a person's requests for good, and other people's favourites of them. Their files and messages are
        noted as `Removals`. The time, server and steps of each are kept while they count against budgets.

        Requests that others derived from them are kept, without their parent.
        """
        mine = select(GenerationRow.id).where(GenerationRow.user_id == user_id).scalar_subquery()
        theirs = PictureRow.generation_id.in_(mine)
        async with self._sessions() as session, session.begin():
            figures = FigureRow.generation_id.in_(mine)
            files = list(await session.scalars(select(PictureRow.file).where(theirs)))
            files += await session.scalars(select(FigureRow.file).where(figures))
            for name in _INPUT_COLUMNS:
                column = getattr(GenerationRow, name)
                files += await session.scalars(select(column).where(GenerationRow.user_id == user_id))
            of_messages = GenerationRow.channel_id, GenerationRow.message_id
            mine_to_see = GenerationRow.user_id == user_id, GenerationRow.private.is_(False)
            messages = (await session.execute(select(*of_messages).where(*mine_to_see))).all()
            await session.execute(delete(PictureRow).where(theirs))
            await session.execute(delete(FigureRow).where(figures))
            await session.execute(delete(FavouriteRow).where(FavouriteRow.generation_id.in_(mine)))
            derived = GenerationRow.parent_id.in_(mine)
            await session.execute(update(GenerationRow).where(derived).values(parent_id=None))
            await self._keep_charges(session, user_id)
            await session.execute(delete(GenerationRow).where(GenerationRow.user_id == user_id))
            await _note_unneeded(session, files)
            session.add_all(RemovalRow(channel_id=channel, message_id=message) for channel, message in messages)

    def _old_charges(self) -> Delete:
        return delete(ForgottenChargeRow).where(ForgottenChargeRow.created < self._now() - BUDGET_TIME)

    async def _keep_charges(self, session: AsyncSession, user_id: int) -> None:
        names = "user_id", "guild_id", "created", "charged"
        counted = select(*(getattr(GenerationRow, name) for name in names)).where(
            GenerationRow.user_id == user_id,
            GenerationRow.created >= self._now() - BUDGET_TIME,
            GenerationRow.state != JobState.FAILED.value,
        )
        await session.execute(insert(ForgottenChargeRow).from_select(names, counted))

    async def _page(self, conditions: Sequence[ColumnElement[bool]], start: int, most: int) -> Page:
        async with self._sessions() as session:
            total = await session.scalar(select(func.count()).select_from(GenerationRow).where(*conditions)) or 0
            query = select(GenerationRow).where(*conditions).order_by(GenerationRow.id.desc())
            return Page(tuple(await _readable(session, query.offset(start).limit(most))), total)

    async def _set(self, generation_id: int, **values: object) -> None:
        async with self._sessions() as session, session.begin():
            await session.execute(update(GenerationRow).where(GenerationRow.id == generation_id).values(**values))

    async def _change(self, generation_id: int, **values: object) -> Generation:
        async with self._sessions() as session:
            row = await session.get_one(GenerationRow, generation_id)
            for name, value in values.items():
                setattr(row, name, value)
            await session.commit()
            return _record(row)


def _column(role: str) -> str:
    """The column for a field of `InputFiles`."""
    return f"{role}_file"


_INPUT_COLUMNS = [_column(field.name) for field in fields(InputFiles)]


async def _note_unneeded(session: AsyncSession, files: Sequence[str | None]) -> None:
    """Note as removals those files that no request needs any more."""
    unneeded = [file for file in dict.fromkeys(files) if file and not await _is_needed(session, file)]
    session.add_all(RemovalRow(file=file) for file in unneeded)


async def _is_needed(session: AsyncSession, file: str) -> bool:
    starts = or_(*(getattr(GenerationRow, name) == file for name in _INPUT_COLUMNS))
    starting = await session.scalar(select(func.count()).select_from(GenerationRow).where(starts))
    shown = await session.scalar(select(func.count()).select_from(PictureRow).where(PictureRow.file == file))
    return bool(starting or shown)


_DAMAGES = ValueError, TypeError, LookupError, AttributeError, InvalidSetting
"""What reading a row raises that another version wrote, or that was damaged."""


async def _readable(session: AsyncSession, query: Select[GenerationRow]) -> list[Generation]:
    """The requests of a query. Rows that cannot be read are reported in the log and left out."""
    try:
        return [_record(row) for row in await session.scalars(query)]
    except _DAMAGES:
        ids = (await session.scalars(query.with_only_columns(GenerationRow.id))).all()
    found = []
    for generation_id in ids:
        try:
            found.append(_record(await session.get_one(GenerationRow, generation_id)))
        except _DAMAGES as damage:
            log.error("request %s cannot be read and is left out: %s", generation_id, damage)
    return found


def _record(row: GenerationRow) -> Generation:
    settings = _settings(row)
    return Generation(
        id=row.id,
        origin=Origin(**_columns(row, Origin) | {"guard": NsfwPolicy(row.guard)}),
        lineage=Lineage(Action(row.action), row.parent_id, row.parent_picture),
        settings=settings,
        state=JobState(row.state),
        created=row.created,
        inputs=InputFiles(*(getattr(row, name) for name in _INPUT_COLUMNS)),
        cells=of_text(settings, row.cells),
        axes=axes_of_text(row.axes),
        charged=row.charged,
        factor=row.factor,
        upscaler=row.upscaler,
        failure=row.failure,
        seconds=row.seconds,
        circumstances=row.circumstances,
        delivered=row.delivered,
        hint=Hint(row.hint_setting, row.hint_usual or "") if row.hint_setting else None,
        pictures=tuple(
            Picture(each.index, each.seed, each.width, each.height, each.file, each.flagged) for each in row.pictures
        ),
        figures=tuple(each.file for each in row.figures),
    )


def _settings(row: GenerationRow) -> GenerationSettings:
    names = {"sampler": Sampler(row.sampler), "schedule": Schedule(row.schedule)}
    return GenerationSettings(**_columns(row, GenerationSettings) | names)


def _columns(row: GenerationRow, record: type[Origin | GenerationSettings]) -> dict[str, Any]:
    """The columns that have the names of a record's fields."""
    return {field.name: getattr(row, field.name) for field in fields(record)}
