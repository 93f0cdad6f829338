"""Looks as the rest of the program sees them: pictures and words of a character or a style, kept under a name."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Audience:
    """Who may use a look: its owner alone, everywhere; or the members of a server there, or those with a role."""

    owner_id: int
    """0 for somebody who has been forgotten."""
    guild_id: int | None = None
    role_id: int | None = None

    def includes(self, user_id: int, guild_id: int | None, role_ids: Collection[int]) -> bool:
        """True for a person with these roles who is in a server, or in a direct message where `guild_id` is None."""
        if not self.owner_id:
            return False
        if self.guild_id is None:
            return user_id == self.owner_id
        is_member = self.role_id is None or user_id == self.owner_id or self.role_id in role_ids
        return guild_id == self.guild_id and is_member


@dataclass(frozen=True, slots=True)
class Look:
    """A saved look. `files` are the names of its pictures in `Images`; `lora` is the name of a LoRA of the host."""

    id: int
    name: str
    audience: Audience
    words: str = ""
    lora: str = ""
    files: tuple[str, ...] = ()
    fingerprints: tuple[str, ...] = ()
    """Of each file; see `generation.fingerprints`."""


@dataclass(frozen=True, slots=True)
class UsedLook:
    """A picture of a look that a request draws with. What happens to the look later changes nothing of it.

    Any other picture that somebody has taken back is one of nobody's look.
    """

    role: str
    """The field of `InputFiles` with the picture's file."""
    weight: float
    audience: Audience
