"""What was ignored of a request, as JSON."""

import json
from collections.abc import Sequence

from storage.records import Ignored, IgnoredPart


def to_text(ignored: Sequence[Ignored]) -> str | None:
    """JSON that `of_text` reads; None where nothing was ignored."""
    return json.dumps([[each.part, each.words] for each in ignored], ensure_ascii=False) if ignored else None


def of_text(text: str | None) -> tuple[Ignored, ...]:
    """What `to_text` wrote."""
    return tuple(Ignored(IgnoredPart(part), words) for part, words in json.loads(text or "[]"))
