"""Which looks a person may use where they are. One that they may not use is to them as if it didn't exist."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.errors import Refusal
from bot.policy.requester import Requester
from generation import names
from generation.sentences import Sentence
from storage.look_records import Audience, Look, UsedLook
from storage.looks import Looks
from storage.rulebook import Kind, Rulebook

UNKNOWN = Sentence("There's no look “{name}” that you can use here. See /look list.")

SHOWN = 40
"""Characters of a name that is not known which are repeated."""


@dataclass(frozen=True, slots=True)
class ChosenLook:
    """A look that a request names, with its weight where one was given."""

    look: Look
    weight: float | None = None


class LookBook:
    """Finds looks. A person's own one outweighs the server's of the same name, and that one the older comes first."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks

    async def usable(self, requester: Requester) -> list[Look]:
        """The looks that a person may use, by name."""
        around = await self._looks.around(requester.user_id, requester.guild_id)
        return [each for each in around if includes(each.audience, requester)]

    async def chosen(self, requester: Requester, named: Sequence[tuple[str, float | None]]) -> tuple[ChosenLook, ...]:
        """The looks that a person names. Raises `Refusal` for one that they may not use, or that doesn't exist."""
        usable = await self.usable(requester) if named else []
        return tuple(ChosenLook(find(usable, requester.user_id, name), weight) for name, weight in named)


def find(usable: Iterable[Look], user_id: int, name: str) -> Look:
    """The look of a name among those that a person may use. Raises `Refusal`."""
    alike = [each for each in usable if names.key(each.name) == names.key(name)]
    if not alike:
        raise Refusal(UNKNOWN.with_values(name=name[:SHOWN]))
    return min(alike, key=lambda each: (each.audience.owner_id != user_id, each.audience.guild_id is not None, each.id))


def includes(audience: Audience, requester: Requester) -> bool:
    """True where a person may use a look of that audience."""
    return audience.includes(requester.user_id, requester.guild_id, requester.role_ids)


def check_used(looks: Iterable[UsedLook], requester: Requester) -> None:
    """Raise `Refusal` where a person may not use all looks that a picture was drawn with, whatever has become of
    them since."""
    if not all(includes(each.audience, requester) for each in looks):
        raise Refusal("This picture was drawn with a look or a picture that you can't use. Start anew with /imagine.")


def may_save(book: Rulebook, requester: Requester) -> bool:
    """True where a server's rules let a person save looks."""
    roles = book.allowed.get(Kind.LOOK)
    return roles is None or bool(roles & {str(each) for each in (*requester.role_ids, requester.guild_id)})
