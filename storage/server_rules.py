"""The rules of servers."""

import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from generation.names import key
from generation.settings import PartialSettings
from storage.database import Sessions
from storage.records import GALLERY_STARS, NsfwPolicy
from storage.rulebook import Kind, Rule, Rulebook, RuleKey, TextKind
from storage.tables import (
    BlockedPictureRow,
    LoraRoleRow,
    ServerAllowedRow,
    ServerRow,
    ServerRuleRow,
    ServerTextRow,
)

FRESH = 1.0
"""Seconds for which a server's rules are kept in memory. Changes made here are seen at once."""


PLACES = (Kind.CHANNEL, Kind.ROLE, Kind.LOOK)
"""The kinds whose names are ids of channels and roles."""


class Listed(StrEnum):
    """The lists of a server that change entry by entry: the names of their columns, and in a rulebook."""

    WORDS = "blocked_words"
    PEOPLE = "blocked_people"


class ServerRules:
    """Each server's rules, by the server's id."""

    def __init__(self, sessions: Sessions, clock: Callable[[], float] = time.monotonic) -> None:
        self._sessions = sessions
        self._clock = clock
        self._books: dict[int, tuple[float, Rulebook]] = {}
        """What was read lately, and until when it holds."""
        self._changes = 0
        """The number of changes made here. What was read during one may be older than it."""

    async def of(self, guild_id: int) -> Rulebook:
        """A server's rules, as they are, or were at most `FRESH` seconds ago if another process changed them."""
        until, book = self._books.get(guild_id, (0.0, Rulebook()))
        if self._clock() >= until:
            changes = self._changes
            book = await self._read(guild_id)
            self._books = {id: each for id, each in self._books.items() if each[0] > self._clock()}
            if changes == self._changes:
                self._books[guild_id] = self._clock() + FRESH, book
        return book

    async def _read(self, guild_id: int) -> Rulebook:
        async with self._sessions() as session:
            server = await session.get(ServerRow, guild_id)
            rules = await session.scalars(select(ServerRuleRow).filter_by(guild_id=guild_id))
            allowed = await session.scalars(select(ServerAllowedRow).filter_by(guild_id=guild_id))
            lora_roles: dict[str, frozenset[int]] = {}
            for lora_role in await session.scalars(select(LoraRoleRow).filter_by(guild_id=guild_id)):
                lora_roles[lora_role.lora] = lora_roles.get(lora_role.lora, frozenset()) | {lora_role.role_id}
            pictures = await session.scalars(select(BlockedPictureRow).filter_by(guild_id=guild_id))
            blocked_pictures = {picture.name: picture.fingerprint for picture in pictures}
            texts: dict[TextKind, dict[str, str]] = {kind: {} for kind in TextKind}
            for each in await session.scalars(
                select(ServerTextRow).filter_by(guild_id=guild_id).order_by(ServerTextRow.name)
            ):
                texts[TextKind(each.kind)][each.name] = each.text
            names: dict[Kind, set[str]] = {}
            for row in allowed:
                names.setdefault(Kind(row.kind), set()).add(row.name)
            book = Rulebook(
                rules={
                    RuleKey(row.scope_id, row.model, row.setting): Rule(
                        row.default, row.minimum, row.maximum, row.locked
                    )
                    for row in rules
                },
                allowed={kind: frozenset(each) for kind, each in names.items()},
                lora_roles=lora_roles,
                blocked_pictures=blocked_pictures,
                styles=texts[TextKind.STYLE],
                word_lists={name: tuple(text.splitlines()) for name, text in texts[TextKind.WORD_LIST].items()},
            )
            if server is None:
                return book
            return replace(
                book,
                paused=server.paused,
                nsfw=NsfwPolicy(server.nsfw),
                blocked_words=tuple(server.blocked_words.splitlines()),
                blocked_people=tuple(server.blocked_people.splitlines()),
                log_channel_id=server.log_channel_id,
                gallery_channel_id=server.gallery_channel_id,
                gallery_stars=server.gallery_stars,
                hints=server.hints,
            )

    async def rule(self, guild_id: int, key: RuleKey, rule: Rule) -> None:
        """Change the rule of one setting. What `rule` leaves open is kept."""
        await self._say(guild_id, {key: rule})

    async def prefer(self, guild_id: int, scope: int, model: str, changes: PartialSettings) -> None:
        """Set defaults of a scope, for a model or for `ANY_MODEL`. What `changes` leaves open is kept."""
        await self._say(
            guild_id,
            {RuleKey(scope, model, name): Rule(default=str(value)) for name, value in changes.given().items()},
        )

    async def decide(
        self,
        guild_id: int,
        *,
        paused: bool | None = None,
        nsfw: NsfwPolicy | None = None,
        blocked_words: tuple[str, ...] | None = None,
        hints: bool | None = None,
    ) -> None:
        """Change the settings of the whole server. None leaves a value as it is."""
        changes: dict[str, Any] = {
            "paused": paused,
            "hints": hints,
            "nsfw": nsfw and nsfw.value,
            "blocked_words": None if blocked_words is None else "\n".join(blocked_words),
        }
        await self._change(guild_id, **{name: value for name, value in changes.items() if value is not None})

    async def listed(self, guild_id: int, listed: Listed) -> tuple[str, ...]:
        """The entries of a list."""
        entries: tuple[str, ...] = getattr(await self.of(guild_id), listed)
        return entries

    async def change_listed(
        self, guild_id: int, listed: Listed, *, add: Collection[str] = (), remove: Collection[str] = ()
    ) -> None:
        """Add entries to a list, and remove others."""
        async with self._changing(guild_id) as session:
            row = await session.get(ServerRow, guild_id) or ServerRow(guild_id=guild_id, **{listed.value: ""})
            kept = [each for each in getattr(row, listed).splitlines() if each not in remove]
            setattr(row, listed, "\n".join(dict.fromkeys((*kept, *add))))
            session.add(row)

    async def log_channel_of(self, guild_id: int) -> int | None:
        """The channel that requests and changes are logged in; None where there is none."""
        return (await self.of(guild_id)).log_channel_id

    async def log_to(self, guild_id: int, channel_id: int | None) -> None:
        """Set the log channel; None turns the log off."""
        await self._change(guild_id, log_channel_id=channel_id)

    async def show_starred(self, guild_id: int, channel_id: int | None, stars: int = GALLERY_STARS) -> None:
        """Set the gallery channel, and how many people star a picture before it is shown there; None turns it off."""
        await self._change(guild_id, gallery_channel_id=channel_id, gallery_stars=stars)

    async def allow(self, guild_id: int, kind: Kind, name: str, allowed: bool) -> None:
        """Add a name to the allowed ones of its kind, or remove it. Once the list is empty, all are allowed."""
        async with self._changing(guild_id) as session:
            row = ServerAllowedRow(guild_id=guild_id, kind=kind.value, name=name)
            if allowed:
                await session.merge(row)
            else:
                await session.execute(delete(ServerAllowedRow).filter_by(guild_id=guild_id, kind=kind.value, name=name))

    async def allow_lora(self, guild_id: int, lora: str, role_id: int, allowed: bool) -> None:
        """Add a role to those that may use a LoRA, or remove it. Once there is none, everybody may."""
        async with self._changing(guild_id) as session:
            if allowed:
                await session.merge(LoraRoleRow(guild_id=guild_id, lora=lora, role_id=role_id))
            else:
                named = {"guild_id": guild_id, "lora": lora, "role_id": role_id}
                await session.execute(delete(LoraRoleRow).filter_by(**named))

    async def block_picture(self, guild_id: int, name: str, fingerprint: str) -> None:
        """Block a picture, in place of another one of the same name."""
        async with self._changing(guild_id) as session:
            await session.merge(BlockedPictureRow(guild_id=guild_id, name=name, fingerprint=fingerprint))

    async def unblock_picture(self, guild_id: int, name: str) -> None:
        async with self._changing(guild_id) as session:
            await session.execute(delete(BlockedPictureRow).filter_by(guild_id=guild_id, name=name))

    async def keep_text(self, guild_id: int, kind: TextKind, name: str, text: str) -> None:
        """Add a style or a word list, or replace the one of the same name, as `names.key` has it."""
        async with self._changing(guild_id) as session:
            await session.merge(ServerTextRow(guild_id=guild_id, kind=kind.value, name=key(name), text=text))

    async def drop_text(self, guild_id: int, kind: TextKind, name: str) -> bool:
        """Remove a style or a word list; False where there is none of that name."""
        async with self._changing(guild_id) as session:
            row = await session.get(ServerTextRow, (guild_id, kind.value, key(name)))
            if row is not None:
                await session.delete(row)
        return row is not None

    async def forget(self, guild_id: int, scope: int | None = None, setting: str | None = None) -> None:
        """Remove all rules of a server, or those of one scope, for all settings or for one. Its styles and word lists
        stay."""
        async with self._changing(guild_id) as session:
            if scope is not None:
                named = {"setting": setting} if setting else {}
                await session.execute(delete(ServerRuleRow).filter_by(guild_id=guild_id, scope_id=scope, **named))
                return
            for table in (ServerRuleRow, ServerAllowedRow, LoraRoleRow, BlockedPictureRow, ServerRow):
                await session.execute(delete(table).filter_by(guild_id=guild_id))

    async def places(self, guild_id: int) -> frozenset[int]:
        """The ids of all channels and roles that a server's rules name."""
        book = await self.of(guild_id)
        named = {int(name) for kind in PLACES for name in book.allowed.get(kind, ())}
        scopes = {key.scope for key in book.rules} - {guild_id}
        channels = {each for each in (book.log_channel_id, book.gallery_channel_id) if each}
        return frozenset(named | scopes | channels)

    async def forget_places(self, guild_id: int, places: Collection[int]) -> None:
        """Remove channels and roles from all rules of a server."""
        names = [str(place) for place in places]
        async with self._changing(guild_id) as session:
            scoped = delete(ServerRuleRow).filter_by(guild_id=guild_id).where(ServerRuleRow.scope_id.in_(places))
            await session.execute(scoped)
            allowed = delete(ServerAllowedRow).filter_by(guild_id=guild_id).where(ServerAllowedRow.name.in_(names))
            await session.execute(allowed.where(ServerAllowedRow.kind.in_([kind.value for kind in PLACES])))
            server = await session.get(ServerRow, guild_id)
            if server is not None and server.log_channel_id in places:
                server.log_channel_id = None
            if server is not None and server.gallery_channel_id in places:
                server.gallery_channel_id = None

    async def _say(self, guild_id: int, rules: dict[RuleKey, Rule]) -> None:
        async with self._changing(guild_id) as session:
            for key, rule in rules.items():
                names = {"guild_id": guild_id, "scope_id": key.scope, "model": key.model, "setting": key.setting}
                row = await session.get(ServerRuleRow, tuple(names.values())) or ServerRuleRow(**names)
                values = {"default": rule.default, "minimum": rule.least, "maximum": rule.most, "locked": rule.locked}
                for name, value in values.items():
                    if value is not None:
                        setattr(row, name, value)
                session.add(row)

    async def _change(self, guild_id: int, **changes: Any) -> None:
        async with self._changing(guild_id) as session:
            row = await session.get(ServerRow, guild_id) or ServerRow(guild_id=guild_id)
            for name, value in changes.items():
                setattr(row, name, value)
            session.add(row)

    @asynccontextmanager
    async def _changing(self, guild_id: int) -> AsyncIterator[AsyncSession]:
        """A transaction that changes a server's rules; what was read before holds no longer."""
        try:
            async with self._sessions.writing() as session:
                yield session
        finally:
            self._changes += 1
            self._books.pop(guild_id, None)
