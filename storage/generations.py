"""Requests and their pictures."""

import json
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import uuid4

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
    true,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from generation import controls
from generation.errors import InvalidSetting
from generation.jobs import JobState
from generation.settings import GenerationSettings, Sampler, Schedule
from storage.cells import axes_of_text, axes_to_text, of_text, to_text
from storage.database import Sessions
from storage.gallery import note_copies
from storage.ignored import of_text as ignored_of_text
from storage.ignored import to_text as ignored_to_text
from storage.images import given_by
from storage.look_records import Audience, UsedLook
from storage.needed_files import INPUT_COLUMNS, ROLE_COLUMNS, column_of, note_unneeded
from storage.records import (
    Action,
    Answer,
    Charge,
    Generation,
    Hint,
    Ignored,
    InputFiles,
    Lineage,
    NewRequest,
    NsfwPolicy,
    Origin,
    Page,
    Picture,
    Removal,
    Usage,
)
from storage.tables import (
    FavouriteRow,
    FigureRow,
    ForgottenChargeRow,
    GalleryPostRow,
    GenerationRow,
    PictureRow,
    RemovalRow,
    ReportRow,
)
from storage.used_looks import of_text as looks_of_text
from storage.used_looks import to_text as looks_to_text
from storage.used_looks import without

log = logging.getLogger(__name__)

BUDGET_TIME = timedelta(hours=24)
"""The time that a request counts against budgets."""

LATEST = 1000
"""Requests among which one is looked for that is newer than the clock: more than are made between two looks."""

LEASE = timedelta(minutes=3)
"""The time for which a bot looks after a request, unless it renews that."""

FOLLOWED_ROLES = (*controls.ROLES, "style_image")
"""The roles of pictures that a new one follows, without being drawn over any of them."""

_UNFINISHED = [state.value for state in JobState if state.unfinished]


class AlreadyAsked(Exception):
    """This Discord event has made a request before."""


def _now() -> datetime:
    return datetime.now(UTC)


class Generations:
    """All requests and their pictures."""

    def __init__(self, sessions: Sessions, now: Callable[[], datetime] = _now, owner: str = "") -> None:
        self._sessions = sessions
        self._now = now
        self._owner = owner or uuid4().hex
        """The name of this bot among those that share the database."""
        self._reported: set[int] = set()
        """Requests that cannot be read, by number."""

    async def add(self, requests: Sequence[NewRequest]) -> list[Generation]:
        """Commit new queued requests, all or none. Raises `AlreadyAsked` if the key of one is known."""
        if not requests:
            return []
        rows = [self._row(request) for request in requests]
        async with self._sessions.writing() as session:
            await session.execute(self._old_charges())
            session.add_all(rows)
            try:
                await session.flush()
            except IntegrityError as reason:
                for request in requests:
                    if await self.knows(request.origin.key):
                        raise AlreadyAsked(request.origin.key) from reason
                raise
            return [_record(row) for row in rows]

    async def add_side_by_side(self, groups: Sequence[Sequence[NewRequest]]) -> list[list[Generation] | None]:
        """Commit groups of new queued requests at once, each all or none; None for a group whose key is known."""
        try:
            saved = iter(await self.add([request for group in groups for request in group]))
        except AlreadyAsked:
            return [await self._add_if_new(group) for group in groups]
        return [list(islice(saved, len(group))) for group in groups]

    async def _add_if_new(self, group: Sequence[NewRequest]) -> list[Generation] | None:
        try:
            return await self.add(group)
        except AlreadyAsked:
            return None

    async def answered(self, generation: Generation, message_id: int) -> Generation:
        """Record the message that answers a request, and no other one any more."""
        before = GenerationRow.message_id == message_id, GenerationRow.id != generation.id
        mine = GenerationRow.id == generation.id
        async with self._sessions.writing() as session:
            await session.execute(update(GenerationRow).where(*before).values(message_id=0))
            await session.execute(update(GenerationRow).where(mine).values(message_id=message_id))
        return replace(generation, origin=replace(generation.origin, message_id=message_id))

    async def prepared(self, generation_id: int, request: NewRequest) -> Generation:
        """Record what was planned of a request whose `pending` work is done. But for its cover, its origin stays.

        Files that it needed for that alone are noted as `Removals`.
        """
        async with self._sessions.writing() as session:
            row = await session.get_one(GenerationRow, generation_id)
            if not JobState(row.state).unfinished:
                return _record(row)
            before = _input_files(row)
            for name, value in _planned(request).items():
                setattr(row, name, value)
            await session.flush()
            await note_unneeded(session, before)
            return _record(row)

    async def withdraw(self, generation_ids: Iterable[int]) -> None:
        """Remove requests that were never acknowledged, all or none; those that are gone already are left out."""
        theirs = select(GenerationRow).where(GenerationRow.id.in_(list(generation_ids)))
        async with self._sessions.writing() as session:
            rows = list(await session.scalars(theirs))
            for row in rows:
                await session.delete(row)
            await session.flush()
            await note_unneeded(session, [file for row in rows for file in _input_files(row)])

    async def get(self, generation_id: int) -> Generation | None:
        async with self._sessions() as session:
            found = await self._readable(session, select(GenerationRow).where(GenerationRow.id == generation_id))
            return found[0] if found else None

    async def parent_of(self, generation: Generation) -> Generation | None:
        """The request that another one was derived from; None where there is none."""
        parent = generation.lineage.parent
        return None if parent is None else await self.get(parent)

    async def knows(self, key: str) -> bool:
        """True if the event with that key has made a request."""
        async with self._sessions() as session:
            return bool(await session.scalar(select(GenerationRow.id).where(GenerationRow.key == key)))

    async def is_due(self, key: str) -> bool:
        """True where the request of an event has not ended, or its ending is yet to be shown."""
        async with self._sessions() as session:
            return bool(await session.scalar(select(GenerationRow.id).where(GenerationRow.key == key, _interrupted())))

    async def by_message(self, message_id: int) -> Generation | None:
        """The request that a message is the reply to."""
        async with self._sessions() as session:
            found = await self._readable(session, select(GenerationRow).where(GenerationRow.message_id == message_id))
            return found[0] if found else None

    async def of_user(
        self,
        user_id: int,
        search: str = "",
        start: int = 0,
        most: int = 25,
        *,
        without: Collection[JobState] = (JobState.DELETED,),
    ) -> Page:
        """A page of a person's requests whose prompts contain all words of `search`, but for those in some states."""
        hidden = [state.value for state in without]
        mine = [GenerationRow.user_id == user_id, GenerationRow.state.not_in(hidden)]
        mine += [GenerationRow.prompt.icontains(word, autoescape=True) for word in search.split()]
        return await self._page(mine, start, most)

    async def has_pictures(self, user_id: int) -> bool:
        """True once a request of a person was finished, even where it was deleted since."""
        finished = GenerationRow.state == JobState.COMPLETED.value, GenerationRow.state == JobState.DELETED.value
        query = select(GenerationRow.id).where(GenerationRow.user_id == user_id, or_(*finished)).limit(1)
        async with self._sessions() as session:
            return await session.scalar(query) is not None

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
            return await self._readable(
                session, select(GenerationRow).where(*mine, GenerationRow.state.in_(_UNFINISHED))
            )

    async def usages(self, user_ids: Iterable[int], since: datetime) -> dict[int, Usage]:
        """Each person's unfinished requests, and all that they asked for since a time; oldest first.

        Requests that were forgotten since are among them. A failed request counts neither as charged nor as asked.
        """
        people = list(user_ids)
        recent = GenerationRow.created >= since
        unfinished = GenerationRow.state.in_(_UNFINISHED)
        counts = and_(recent, GenerationRow.state != JobState.FAILED.value)
        kept = select(
            GenerationRow.user_id,
            GenerationRow.created,
            GenerationRow.charged,
            GenerationRow.guild_id,
            unfinished.label("unfinished"),
            counts.label("counts"),
        ).where(GenerationRow.user_id.in_(people), or_(unfinished, recent))
        forgotten = select(
            ForgottenChargeRow.user_id,
            ForgottenChargeRow.created,
            ForgottenChargeRow.charged,
            ForgottenChargeRow.guild_id,
            literal(False),
            literal(True),
        ).where(ForgottenChargeRow.user_id.in_(people), ForgottenChargeRow.created >= since)
        charges: dict[int, list[Charge]] = {person: [] for person in people}
        async with self._sessions() as session:
            for row in await session.execute(union_all(kept, forgotten).order_by("created")):
                charges[row[0]].append(Charge(*row[1:]))
        return {person: Usage(tuple(theirs)) for person, theirs in charges.items()}

    async def forget_old_charges(self) -> None:
        """Remove the charges of forgotten requests that count against no budget any more."""
        async with self._sessions.writing() as session:
            await session.execute(self._old_charges())

    async def unfinished(self) -> list[Generation]:
        """Requests that wait or are being drawn, oldest first."""
        theirs = GenerationRow.state.in_(_UNFINISHED)
        async with self._sessions() as session:
            return await self._readable(session, select(GenerationRow).where(theirs).order_by(GenerationRow.id))

    async def lease(self, *, alone: bool, held: Callable[[int], bool] = lambda _: False) -> list[Generation]:
        """Take the interrupted requests that nobody looks after, for `LEASE`; all those of this bot, oldest first, but
        for those that are `held`, by number: only the others are read.

        A bot that is `alone` with the database takes those of other bots too. Requests of a time that is yet to come,
        from before the clock was set back, count as made now.
        """
        now = self._now()
        free = or_(
            GenerationRow.lease_owner.is_(None),
            GenerationRow.lease_owner == self._owner,
            GenerationRow.leased_until < now,
        )
        theirs = _interrupted() if alone else and_(_interrupted(), free)
        values = {"lease_owner": self._owner, "leased_until": now + LEASE}
        mine = _interrupted(), GenerationRow.lease_owner == self._owner
        async with self._sessions.writing() as session:
            await _correct_times(session, self._now())  # once no other one is being saved
            await session.execute(update(GenerationRow).where(theirs).values(**values))
            ids = await session.scalars(select(GenerationRow.id).where(*mine))
            idle = GenerationRow.id.in_([each for each in ids if not held(each)])
            return await self._readable(session, select(GenerationRow).where(idle).order_by(GenerationRow.id))

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
        ignored: Sequence[Ignored] = (),
        faces_found: int | None = None,
    ) -> Generation:
        """Record the result. The files have been written before."""
        rows = [PictureRow(generation_id=generation_id, **asdict(picture)) for picture in pictures]
        noted = {"ignored": ignored_to_text(ignored)} if ignored else {}
        return await self._end(
            generation_id,
            JobState.COMPLETED,
            seconds=seconds,
            circumstances=circumstances,
            upscaler=upscaler or None,
            hint_setting=hint and hint.setting,
            hint_usual=hint and hint.usual,
            faces_found=faces_found,
            pictures=rows,
            figures=[FigureRow(generation_id=generation_id, index=at, file=file) for at, file in enumerate(figures)],
            **noted,
        )

    async def add_pictures(
        self,
        generation_id: int,
        pictures: Sequence[Picture],
        seconds: float,
        ignored: Sequence[Ignored] = (),
        faces_found: int | None = None,
    ) -> Generation:
        """Record some pictures of a comparison, whose files have been written, while others are yet to come."""
        async with self._sessions.writing() as session:
            row = await session.get_one(GenerationRow, generation_id)
            if not JobState(row.state).unfinished:
                return _record(row)
            row.pictures += [PictureRow(generation_id=generation_id, **asdict(picture)) for picture in pictures]
            row.seconds = (row.seconds or 0) + seconds
            row.ignored = ignored_to_text(ignored) or row.ignored
            if faces_found is not None:
                row.faces_found = (row.faces_found or 0) + faces_found
            return _record(row)

    async def finish_sheet(self, generation_id: int, circumstances: str, figures: Sequence[str]) -> Generation:
        """Complete a comparison: all its pictures are recorded, and the file of its figure has been written."""
        return await self._end(
            generation_id,
            JobState.COMPLETED,
            circumstances=circumstances,
            figures=[FigureRow(generation_id=generation_id, index=at, file=file) for at, file in enumerate(figures)],
        )

    async def fail(self, generation_id: int, failure: str) -> Generation:
        """Mark a request failed. It counts against no budget."""
        return await self._end(generation_id, JobState.FAILED, failure=failure, charged=0)

    async def cancel(self, generation_id: int, charged: int = 0) -> Generation:
        """Mark a request cancelled. It counts as `charged` steps, those that were taken."""
        return await self._end(generation_id, JobState.CANCELLED, charged=charged)

    async def delivered(self, generation_id: int) -> None:
        """Mark a request delivered: its message shows the outcome. Its token is removed."""
        await self._set(generation_id, delivered=True, token=None)

    async def delete(self, generation_id: int) -> list[Removal]:
        """Mark a request and its pictures deleted, but keep its settings. Files that no other request needs are noted
        as `Removals`, and its copy in a gallery, which is returned; its message is no longer among these."""
        async with self._sessions.writing() as session:
            row = await session.get_one(GenerationRow, generation_id)
            files = [picture.file for picture in row.pictures] + _input_files(row)
            files += [figure.file for figure in row.figures]
            row.figures = []
            row.state = JobState.DELETED.value
            for picture in row.pictures:
                picture.file = None
            for name in (*INPUT_COLUMNS, "looks"):
                setattr(row, name, None)
            await session.execute(delete(RemovalRow).where(RemovalRow.message_id == row.message_id))
            await session.flush()
            await note_unneeded(session, files)
            return await note_copies(session, GalleryPostRow.generation_id == generation_id)

    async def forget_user(self, user_id: int) -> None:
        """Remove a person's requests for good, and other people's favourites and reports of them. Their files and
        messages, also those in galleries, are noted as `Removals`. The time, server and steps of each are kept while
        they count against budgets.

        Requests that others derived from them are kept, without their parent; those that others drew with the person's
        looks, control pictures and pictures of a style are kept without these.
        """
        mine = select(GenerationRow.id).where(GenerationRow.user_id == user_id).scalar_subquery()
        theirs = PictureRow.generation_id.in_(mine)
        async with self._sessions.writing() as session:
            figures = FigureRow.generation_id.in_(mine)
            files = list(await session.scalars(select(PictureRow.file).where(theirs)))
            files += await session.scalars(select(FigureRow.file).where(figures))
            for name in INPUT_COLUMNS:
                column = getattr(GenerationRow, name)
                files += await session.scalars(select(column).where(GenerationRow.user_id == user_id))
            of_messages = GenerationRow.channel_id, GenerationRow.message_id
            mine_to_see = (
                GenerationRow.user_id == user_id,
                GenerationRow.private.is_(False),
                GenerationRow.message_id != 0,
            )
            messages = (await session.execute(select(*of_messages).where(*mine_to_see))).all()
            await note_copies(session, GalleryPostRow.generation_id.in_(mine))
            await session.execute(delete(PictureRow).where(theirs))
            await session.execute(delete(FigureRow).where(figures))
            await session.execute(delete(FavouriteRow).where(FavouriteRow.generation_id.in_(mine)))
            await session.execute(delete(ReportRow).where(ReportRow.generation_id.in_(mine)))
            derived = GenerationRow.parent_id.in_(mine)
            await session.execute(update(GenerationRow).where(derived).values(parent_id=None))
            await self._keep_charges(session, user_id)
            files += await _take_looks_back(session, user_id)
            files += await _take_pictures_back(session, user_id)
            await session.execute(delete(GenerationRow).where(GenerationRow.user_id == user_id))
            await note_unneeded(session, files)
            session.add_all(RemovalRow(channel_id=channel, message_id=message) for channel, message in messages)

    def _row(self, request: NewRequest) -> GenerationRow:
        return GenerationRow(
            **asdict(request.origin) | _planned(request),
            state=JobState.QUEUED.value,
            created=self._now(),
            lease_owner=self._owner,
            leased_until=self._now() + LEASE,
            pictures=[],
            figures=[],
        )

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
            return Page(tuple(await self._readable(session, query.offset(start).limit(most))), total)

    async def _readable(self, session: AsyncSession, query: Select[GenerationRow]) -> list[Generation]:
        """The requests of a query. Rows that cannot be read are left out, and reported in the log once."""
        try:
            return [_record(row) for row in await session.scalars(query)]
        except _DAMAGES:
            ids = (await session.scalars(query.with_only_columns(GenerationRow.id))).all()
        found = []
        for generation_id in ids:
            try:
                found.append(_record(await session.get_one(GenerationRow, generation_id)))
            except _DAMAGES as damage:
                if generation_id not in self._reported:
                    log.error("request %s cannot be read and is left out: %s", generation_id, damage)
                self._reported.add(generation_id)
        return found

    async def _set(self, generation_id: int, **values: object) -> None:
        async with self._sessions.writing() as session:
            await session.execute(update(GenerationRow).where(GenerationRow.id == generation_id).values(**values))

    async def _end(self, generation_id: int, state: JobState, **values: object) -> Generation:
        """End an unfinished request; one that has ended already stays as it is. An upscale gives up its source."""
        async with self._sessions.writing() as session:
            row = await session.get_one(GenerationRow, generation_id)
            if not JobState(row.state).unfinished:
                return _record(row)
            source, row.source_file, row.pending, row.state = row.source_file, None, None, state.value
            for name, value in values.items():
                setattr(row, name, value)
            await session.flush()
            await note_unneeded(session, [source])
            return _record(row)


async def _correct_times(session: AsyncSession, now: datetime) -> None:
    """Let what seems to come from the future be of now, or it would count against budgets until a day after that."""
    latest = select(GenerationRow.id).order_by(GenerationRow.id.desc()).limit(LATEST)
    rows: dict[type[GenerationRow] | type[ForgottenChargeRow], ColumnElement[bool]] = {
        GenerationRow: GenerationRow.id.in_(latest),
        ForgottenChargeRow: true(),
    }
    for row, is_late in rows.items():
        is_to_come = and_(row.created > now, row.created < datetime.max.replace(tzinfo=UTC))  # no damaged one
        if await session.scalar(select(row.id).where(is_late, is_to_come).limit(1)):
            log.warning("the clock was set back: what was asked after %s counts as asked now", now)
            await session.execute(update(row).where(is_to_come).values(created=now))


def _input_files(row: GenerationRow) -> list[str | None]:
    """The files that a request starts from."""
    return [getattr(row, name) for name in INPUT_COLUMNS]


async def _take_looks_back(session: AsyncSession, owner_id: int) -> list[str]:
    """Have other people's requests name no picture of this person's looks; returns their files."""
    taken = []
    named = f'%"owner_id": {owner_id},%'
    drawn_with = GenerationRow.looks.like(named), GenerationRow.user_id != owner_id
    for row in await session.scalars(select(GenerationRow).where(*drawn_with)):
        looks = looks_of_text(row.looks)
        for look in looks:
            if look.audience.owner_id == owner_id:
                taken.append(getattr(row, column_of(look.role)))
                setattr(row, column_of(look.role), None)
        row.looks = looks_to_text(without(looks, owner_id))
    return taken


async def _take_pictures_back(session: AsyncSession, giver_id: int) -> list[str]:
    """Have other people's requests name no picture that this person gave to follow, or for its style, as with looks;
    returns their files."""
    taken = []
    for role in FOLLOWED_ROLES:
        column = getattr(GenerationRow, column_of(role))
        given = column.startswith(given_by(giver_id)), GenerationRow.user_id != giver_id
        for row in await session.scalars(select(GenerationRow).where(*given)):
            taken.append(getattr(row, column_of(role)))
            setattr(row, column_of(role), None)
            gone = UsedLook(role, 1.0, Audience(0))
            row.looks = looks_to_text((*looks_of_text(row.looks), gone))
    return taken


def _interrupted() -> ColumnElement[bool]:
    return or_(GenerationRow.state.in_(_UNFINISHED), GenerationRow.delivered.is_(False))


def _planned(request: NewRequest) -> dict[str, Any]:
    """The columns that a plan decides."""
    return {
        **asdict(request.settings),
        "controls": controls.to_text(request.settings.controls),
        "spoiler": request.origin.spoiler,
        "guard": request.origin.guard.value,
        "action": request.lineage.action.value,
        "parent_id": request.lineage.parent,
        "parent_picture": request.lineage.picture,
        **{column_of(role): getattr(request.inputs, role) for role in InputFiles.ROLES},
        "looks": looks_to_text(request.inputs.looks),
        "source_file": request.source,
        "factor": request.factor,
        "cells": to_text(request.settings, request.cells),
        "axes": axes_to_text(request.axes),
        "charged": request.charged,
        "pending": json.dumps(request.pending) if request.pending else None,
        "ignored": ignored_to_text(request.ignored),
        "typed_prompt": request.typed,
    }


_DAMAGES = ValueError, TypeError, LookupError, AttributeError, InvalidSetting
"""What reading a row raises that another version wrote, or that was damaged."""


def _record(row: GenerationRow) -> Generation:
    settings = _settings(row)
    return Generation(
        id=row.id,
        origin=Origin(**_columns(row, Origin) | {"guard": NsfwPolicy(row.guard), "answer": Answer(row.answer)}),
        lineage=Lineage(Action(row.action), row.parent_id, row.parent_picture),
        settings=settings,
        state=JobState(row.state),
        created=row.created,
        inputs=replace(InputFiles(*(getattr(row, name) for name in ROLE_COLUMNS)), looks=looks_of_text(row.looks)),
        cells=of_text(settings, row.cells),
        axes=axes_of_text(row.axes),
        charged=row.charged,
        source=row.source_file,
        pending=json.loads(row.pending) if row.pending else None,
        factor=row.factor,
        upscaler=row.upscaler,
        failure=row.failure,
        seconds=row.seconds,
        circumstances=row.circumstances,
        delivered=row.delivered,
        faces_found=row.faces_found,
        hint=Hint(row.hint_setting, row.hint_usual or "") if row.hint_setting else None,
        ignored=ignored_of_text(row.ignored),
        typed=row.typed_prompt,
        pictures=tuple(
            Picture(each.index, each.seed, each.width, each.height, each.file, each.flagged) for each in row.pictures
        ),
        figures=tuple(each.file for each in row.figures),
    )


def _settings(row: GenerationRow) -> GenerationSettings:
    read = {
        "sampler": Sampler(row.sampler),
        "schedule": Schedule(row.schedule),
        "controls": controls.of_text(row.controls),
    }
    return GenerationSettings(**_columns(row, GenerationSettings) | read)


def _columns(row: GenerationRow, record: type[Origin | GenerationSettings]) -> dict[str, Any]:
    """The columns that have the names of a record's fields."""
    return {field.name: getattr(row, field.name) for field in fields(record)}
