"""The person who asks, and the place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

SERVER = "this server"
"""The source of rules for a whole server."""


@dataclass(frozen=True, slots=True)
class Requester:
    """A person in a place: a server (None in a direct message) and a channel of it, with the person's roles there."""

    user_id: int
    guild_id: int | None
    channel_ids: tuple[int, ...] = ()
    """The channel, or the thread and then its channel."""
    role_ids: tuple[int, ...] = ()
    """The highest role first."""
    age_restricted: bool = False

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Self:
        """The person of a JSON object with the fields."""
        values: dict[str, Any] = {n: tuple(each) if isinstance(each, list) else each for n, each in document.items()}
        return cls(**values)

    @property
    def ranks(self) -> tuple[tuple[int, ...], ...]:
        """The scopes of rules for this person, the weightiest first. All roles weigh the same."""
        if self.guild_id is None:
            return ()
        return (*((channel,) for channel in self.channel_ids), self.role_ids, (self.guild_id,))

    @property
    def scopes(self) -> tuple[int, ...]:
        """All scopes in a row, the weightiest first."""
        return tuple(scope for rank in self.ranks for scope in rank)

    def mention(self, scope: int) -> str:
        """A scope as Discord shows it."""
        if scope in self.channel_ids:
            return f"<#{scope}>"
        return f"<@&{scope}>" if scope in self.role_ids else SERVER
