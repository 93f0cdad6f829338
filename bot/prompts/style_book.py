"""All styles that a person may use: their own, the server's, and those that ship."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from generation import names
from generation.sentences import Sentence
from storage.people import People
from storage.records import Style

_FILE = Path(__file__).with_name("shipped_styles.toml")


class Origin(Enum):
    """Whose style it is; its value says so where that is not the person's own."""

    OWN = Sentence("{name}: {text}")
    SERVER = Sentence("{name} (this server): {text}")
    SHIPPED = Sentence("{name} (for everybody): {text}")


@dataclass(frozen=True, slots=True)
class OfferedStyle:
    """A style, and whose it is."""

    style: Style
    origin: Origin


@cache
def shipped() -> Mapping[str, str]:
    """The styles that ship, by name."""
    return tomllib.loads(_FILE.read_text("utf-8"))


class StyleBook:
    """Finds styles. A person's own one outweighs the server's of the same name, and that the one that ships."""

    def __init__(self, people: People) -> None:
        self._people = people

    async def offered(self, user_id: int, of_server: Mapping[str, str]) -> list[OfferedStyle]:
        """Every style once, in this order."""
        own = [OfferedStyle(each, Origin.OWN) for each in await self._people.styles(user_id)]
        shared = [OfferedStyle(Style(*each), Origin.SERVER) for each in of_server.items()]
        all_ = [*own, *shared, *(OfferedStyle(Style(*each), Origin.SHIPPED) for each in shipped().items())]
        first = {names.key(each.style.name): each for each in reversed(all_)}
        return [each for each in all_ if first[names.key(each.style.name)] is each or each.origin is Origin.OWN]

    async def named(self, user_id: int, name: str, of_server: Mapping[str, str]) -> Style | None:
        """The style of a name; the server's and those that ship in any case."""
        if own := await self._people.style(user_id, name):
            return own
        offered = await self.offered(user_id, of_server)
        return next((each.style for each in offered if names.key(each.style.name) == names.key(name)), None)
