"""Requests that wait for the person to confirm them."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from storage.database import Sessions
from storage.tables import DraftRow

LIFE = timedelta(days=1)
"""The time that a draft is kept."""


def _now() -> datetime:
    return datetime.now(UTC)


class Drafts:
    """Drafts by id; each is taken once."""

    def __init__(self, sessions: Sessions, now: Callable[[], datetime] = _now) -> None:
        self._sessions = sessions
        self._now = now

    async def add(self, user_id: int, request: dict[str, Any]) -> int:
        """Keep a request, as a JSON object, and return its id. Drafts older than `LIFE` are removed."""
        row = DraftRow(user_id=user_id, created=self._now(), request=json.dumps(request))
        async with self._sessions() as session, session.begin():
            await session.execute(delete(DraftRow).where(DraftRow.created < self._now() - LIFE))
            session.add(row)
        return row.id

    async def of_user(self, user_id: int) -> list[dict[str, Any]]:
        """A person's drafts, oldest first."""
        mine = select(DraftRow.request).filter_by(user_id=user_id).order_by(DraftRow.id)
        async with self._sessions() as session:
            return [json.loads(request) for request in await session.scalars(mine)]

    @asynccontextmanager
    async def taken(self, draft_id: int, user_id: int, kind: str) -> AsyncIterator[dict[str, Any] | None]:
        """Take a person's draft that has a field `kind`, or None where there is none. It is put back if the body
        raises."""
        row = await self._take(draft_id, user_id, kind)
        try:
            yield json.loads(row.request) if row else None
        except Exception:
            if row:
                await self._put_back(row)
            raise

    async def _take(self, draft_id: int, user_id: int, kind: str) -> DraftRow | None:
        async with self._sessions() as session, session.begin():
            row = await session.get(DraftRow, draft_id)
            if row is None or row.user_id != user_id or kind not in json.loads(row.request):
                return None
            await session.delete(row)
        return row

    async def _put_back(self, row: DraftRow) -> None:
        async with self._sessions() as session, session.begin():
            session.add(DraftRow(id=row.id, user_id=row.user_id, created=row.created, request=row.request))
