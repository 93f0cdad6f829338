"""Requests that wait for the person to confirm them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Delete, delete, select

from storage.database import Sessions
from storage.tables import DraftRow

LIFE = timedelta(days=1)
"""The time that a draft is kept."""


def _now() -> datetime:
    return datetime.now(UTC)


class Drafts:
    """Drafts by id."""

    def __init__(self, sessions: Sessions, now: Callable[[], datetime] = _now) -> None:
        self._sessions = sessions
        self._now = now

    async def add(self, user_id: int, request: dict[str, Any]) -> int:
        """Keep a request, as a JSON object, and return its id. Drafts older than `LIFE` are removed."""
        row = DraftRow(user_id=user_id, created=self._now(), request=json.dumps(request))
        async with self._sessions.writing() as session:
            await session.execute(self._old())
            session.add(row)
        return row.id

    async def forget_old(self) -> None:
        """Remove drafts older than `LIFE`."""
        async with self._sessions.writing() as session:
            await session.execute(self._old())

    def _old(self) -> Delete:
        """What removes drafts older than `LIFE`."""
        return delete(DraftRow).where(DraftRow.created < self._now() - LIFE)

    async def of_user(self, user_id: int) -> list[dict[str, Any]]:
        """A person's drafts, oldest first."""
        mine = select(DraftRow.request).filter_by(user_id=user_id).order_by(DraftRow.id)
        async with self._sessions() as session:
            return [json.loads(request) for request in await session.scalars(mine)]

    async def get(self, draft_id: int, user_id: int, kind: str) -> dict[str, Any] | None:
        """A person's draft that has a field `kind`; None where there is none."""
        async with self._sessions() as session:
            row = await session.get(DraftRow, draft_id)
        document = json.loads(row.request) if row and row.user_id == user_id else {}
        return document if kind in document else None

    async def remove(self, draft_id: int) -> None:
        """Remove a draft."""
        async with self._sessions.writing() as session:
            await session.execute(delete(DraftRow).filter_by(id=draft_id))
