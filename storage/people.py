"""Personal settings, styles and favourites."""

from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from generation import names
from storage.database import Sessions
from storage.records import PersonalSettings, Style
from storage.tables import DraftRow, FavouriteRow, PersonalSettingsRow, ReportRow, StyleRow, UserDefaultsRow

BETWEEN_HINTS = timedelta(days=1)
"""The shortest time between two hints to a person."""

_OWN = (FavouriteRow, StyleRow, PersonalSettingsRow, DraftRow, UserDefaultsRow, ReportRow)


class People:
    """Personal settings, styles and favourites, by the person's id. Styles are found in any form of Unicode."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def personal_settings(self, user_id: int) -> PersonalSettings:
        async with self._sessions() as session:
            row = await session.get(PersonalSettingsRow, user_id)
        return _personal_settings(row)

    async def change_personal_settings(
        self,
        user_id: int,
        *,
        suffix: str | None = None,
        tell_when_done: bool | None = None,
        reply_when_done: bool | None = None,
        hints: bool | None = None,
        model: str | None = None,
        gallery: bool | None = None,
    ) -> PersonalSettings:
        """Change personal settings. None leaves a value as it is."""
        changes = {
            "suffix": suffix,
            "tell_when_done": tell_when_done,
            "reply_when_done": reply_when_done,
            "hints": hints,
            "model": model,
            "gallery": gallery,
        }
        given: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
        async with self._sessions.writing() as session:
            row = await session.get(PersonalSettingsRow, user_id)
            changed = replace(_personal_settings(row), **given)
            await session.merge(PersonalSettingsRow(user_id=user_id, **asdict(changed)))
        return changed

    async def take_hint(self, user_id: int, now: datetime) -> bool:
        """True if a person may see a hint now, which is then recorded as shown."""
        async with self._sessions.writing() as session:
            row = await session.get(PersonalSettingsRow, user_id) or PersonalSettingsRow(user_id=user_id, hints=True)
            if not row.hints or (row.last_hint and now - row.last_hint < BETWEEN_HINTS):
                return False
            row.last_hint = now
            session.add(row)
        return True

    async def styles(self, user_id: int) -> list[Style]:
        """A person's presets, by name."""
        async with self._sessions() as session:
            rows = await session.scalars(select(StyleRow).filter_by(user_id=user_id).order_by(StyleRow.name))
            return [Style(row.name, row.text) for row in rows]

    async def style(self, user_id: int, name: str) -> Style | None:
        async with self._sessions() as session:
            row = await session.get(StyleRow, (user_id, names.normal(name)))
        return Style(row.name, row.text) if row else None

    async def keep_style(self, user_id: int, style: Style) -> None:
        """Add a preset, or replace the one of the same name."""
        async with self._sessions.writing() as session:
            await session.merge(StyleRow(user_id=user_id, name=names.normal(style.name), text=style.text))

    async def drop_style(self, user_id: int, name: str) -> bool:
        """Remove a preset; False where there is none of that name."""
        async with self._sessions.writing() as session:
            row = await session.get(StyleRow, (user_id, names.normal(name)))
            if row is not None:
                await session.delete(row)
        return row is not None

    async def toggle_favourite(self, user_id: int, generation_id: int) -> bool:
        """Add a request to a person's favourites, or remove it. True if it is a favourite now."""
        async with self._sessions.writing() as session:
            row = await session.get(FavouriteRow, (user_id, generation_id))
            if row is not None:
                await session.delete(row)
                return False
            session.add(FavouriteRow(user_id=user_id, generation_id=generation_id, created=datetime.now(UTC)))
            return True

    async def set_favourite(self, user_id: int, generation_id: int, favourite: bool) -> None:
        """Add a request to a person's favourites, or remove it, whatever it was before."""
        async with self._sessions.writing() as session:
            row = await session.get(FavouriteRow, (user_id, generation_id))
            if row is None and favourite:
                session.add(FavouriteRow(user_id=user_id, generation_id=generation_id, created=datetime.now(UTC)))
            elif row is not None and not favourite:
                await session.delete(row)

    async def favourites(self, user_id: int) -> list[int]:
        """The ids of a person's favourites, the latest first."""
        mine = select(FavouriteRow.generation_id).filter_by(user_id=user_id)
        async with self._sessions() as session:
            return list(await session.scalars(mine.order_by(FavouriteRow.created.desc())))

    async def forget(self, user_id: int) -> None:
        """Remove everything that a person has stored here."""
        async with self._sessions.writing() as session:
            for table in _OWN:
                await session.execute(delete(table).filter_by(user_id=user_id))


def _personal_settings(row: PersonalSettingsRow | None) -> PersonalSettings:
    if row is None:
        return PersonalSettings()
    return PersonalSettings(**{each.name: getattr(row, each.name) for each in fields(PersonalSettings)})
