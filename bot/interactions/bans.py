"""Members and servers that the host has banned, and members whom a server has blocked."""

from collections.abc import Container
from dataclasses import dataclass

from discord import app_commands

from bot.errors import Refusal


class BannedError(Refusal, app_commands.CheckFailure):
    """A refusal that is a `CheckFailure` too, for discord.py passes nothing else on from a check."""


@dataclass(frozen=True, slots=True)
class Bans:
    """Banned members and servers, by id. Every interaction and reaction is checked here first; it asks no database."""

    members: frozenset[int] = frozenset()
    servers: frozenset[int] = frozenset()
    blocked: Container[tuple[int, int]] = frozenset()
    """A server and a member whom it has blocked."""

    def check(self, user_id: int, guild_id: int | None) -> None:
        """Raise `BannedError` for a banned member, on a banned server, and for a member whom the server has blocked."""
        if user_id in self.members or guild_id in self.servers:
            raise BannedError("The host of this bot has blocked you or this server.")
        if guild_id is not None and (guild_id, user_id) in self.blocked:
            raise BannedError("The managers of this server have blocked you here. Ask them if that's a mistake.")
