"""Who asks, and where."""

from dataclasses import dataclass

SERVER = "this server"
"""The source of what holds in a whole server."""


@dataclass(frozen=True, slots=True)
class Requester:
    """A person in a place: a server (None in a direct message) and a channel of it, with the person's roles there."""

    user_id: int
    guild_id: int | None
    channel_ids: tuple[int, ...] = ()
    """The channel; of a thread, itself and then its channel."""
    role_ids: tuple[int, ...] = ()
    """The highest first."""
    age_restricted: bool = False

    @property
    def ranks(self) -> tuple[tuple[int, ...], ...]:
        """Where rules for this person are looked for, the weightiest first; the roles weigh the same."""
        if self.guild_id is None:
            return ()
        return (*((channel,) for channel in self.channel_ids), self.role_ids, (self.guild_id,))

    @property
    def scopes(self) -> tuple[int, ...]:
        """The same one by one, the highest role first."""
        return tuple(scope for rank in self.ranks for scope in rank)

    def mention(self, scope: int) -> str:
        """A scope as Discord shows it."""
        if scope in self.channel_ids:
            return f"<#{scope}>"
        return f"<@&{scope}>" if scope in self.role_ids else SERVER
