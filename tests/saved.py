"""A request in the database, without a person who asks for it."""

from typing import Any

from generation.settings import GenerationSettings
from storage.generations import Generations
from storage.records import Generation, Lineage, NewRequest, Origin


async def saved(
    generations: Generations, origin: Origin, settings: GenerationSettings, lineage: Lineage, **more: Any
) -> Generation:
    """A new request; `more` are fields of `NewRequest`."""
    [generation] = await generations.add([NewRequest(origin, settings, lineage, **more)])
    return generation
