"""The looks that a request draws with, as JSON in its row."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace

from storage.look_records import Audience, UsedLook


def to_text(looks: Sequence[UsedLook]) -> str | None:
    """JSON that `of_text` reads; None where there are none."""
    return json.dumps([asdict(each) for each in looks]) if looks else None


def of_text(text: str | None) -> tuple[UsedLook, ...]:
    """What `to_text` wrote."""
    found = json.loads(text or "[]")
    return tuple(UsedLook(each["role"], each["weight"], Audience(**each["audience"])) for each in found)


def without(looks: Sequence[UsedLook], owner_id: int) -> tuple[UsedLook, ...]:
    """The looks with nothing about one owner: nobody may use theirs any more."""
    return tuple(replace(each, audience=Audience(0)) if each.audience.owner_id == owner_id else each for each in looks)
