"""Whom the host serves no more."""

from dataclasses import dataclass

from discord import app_commands

from bot.errors import Refusal


class BannedError(Refusal, app_commands.CheckFailure):
    """A refusal from a check: discord.py passes on nothing else from there."""


@dataclass(frozen=True, slots=True)
class Bans:
    """Members and servers, by id."""

    members: frozenset[int] = frozenset()
    servers: frozenset[int] = frozenset()

    def check(self, user_id: int, guild_id: int | None) -> None:
        """Raise `BannedError` for whoever is banned, or is on a server that is."""
        if user_id in self.members or guild_id in self.servers:
            raise BannedError("The host of this bot has blocked you or this server.")
