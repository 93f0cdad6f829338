"""Members and servers that the host has banned."""

from dataclasses import dataclass

from discord import app_commands

from bot.errors import Refusal


class BannedError(Refusal, app_commands.CheckFailure):
    """A refusal that is a `CheckFailure` too, for discord.py passes nothing else on from a check."""


@dataclass(frozen=True, slots=True)
class Bans:
    """Banned members and servers, by id."""

    members: frozenset[int] = frozenset()
    servers: frozenset[int] = frozenset()

    def check(self, user_id: int, guild_id: int | None) -> None:
        """Raise `BannedError` for a banned member, and on a banned server."""
        if user_id in self.members or guild_id in self.servers:
            raise BannedError("The host of this bot has blocked you or this server.")
