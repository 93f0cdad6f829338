"""Members whom a server's managers have blocked there: remembered in memory, for every interaction asks."""

from typing import Self

from storage import blocked_members


class BlockedMembers:
    """Pairs of a server and a member, saved before they count."""

    def __init__(self, stored: blocked_members.BlockedMembers, known: set[tuple[int, int]]) -> None:
        self._stored = stored
        self._known = known

    @classmethod
    async def loaded(cls, stored: blocked_members.BlockedMembers) -> Self:
        return cls(stored, await stored.all())

    def __contains__(self, pair: object) -> bool:
        return pair in self._known

    def of(self, guild_id: int) -> list[int]:
        """The ids of a server's blocked members."""
        return sorted(user_id for guild, user_id in self._known if guild == guild_id)

    async def block(self, guild_id: int, user_id: int) -> None:
        """Block a member. Raises `StorageError`."""
        await self._stored.add(guild_id, user_id)
        self._known.add((guild_id, user_id))

    async def unblock(self, guild_id: int, user_id: int) -> None:
        """Let a member in again. Raises `StorageError`."""
        await self._stored.remove(guild_id, user_id)
        self._known.discard((guild_id, user_id))
