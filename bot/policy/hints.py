"""Hints about settings that are far from what a model likes, words that it doesn't know, and a model that is a toy."""

from collections.abc import Callable
from datetime import datetime

from generation.catalogue import Catalogue, ModelSpec
from generation.settings import GenerationSettings
from storage.generations import Generations
from storage.people import People
from storage.records import TOY_HINT, WORDS_HINT, Generation, Hint, Lineage
from storage.server_rules import ServerRules

MANY_STEPS = 3.0
STRONG_GUIDANCE = 2.5
FAR_SIZE = 2.5
"""How many times the model's own steps, guidance or pixels are worth a hint; as few pixels are, too."""

MOST_STEPS, MOST_GUIDANCE = 100, 20.0
"""Steps and guidance that are worth a hint with any model that likes less."""


class Hints:
    """Gives a hint once a day to people who draw from words, unless they or the server turned hints off.

    With a person's first picture they learn that a model is a toy, where there is no other.
    """

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        generations: Generations,
        people: People,
        rules: ServerRules,
        now: Callable[[], datetime],
    ) -> None:
        self._catalogue = catalogue
        self._generations = generations
        self._people = people
        self._rules = rules
        self._now = now

    async def due(self, generation: Generation, *, knows_few: bool = False) -> Hint | None:
        """The hint for a finished request; None where it gets none. It counts as given. `knows_few`: the model knows
        few words of the prompt."""
        settings, guild = generation.settings, generation.origin.guild_id
        if generation.lineage != Lineage() or generation.inputs.image:
            return None
        if settings.model not in self._catalogue.names:
            return None
        hint = WORDS_HINT if knows_few else unusual(settings, self._catalogue.get(settings.model))
        if hint is None and not await self._is_new_here(generation.origin.user_id):
            return None
        if guild is not None and not (await self._rules.of(guild)).hints:
            return None
        if hint is None:
            return TOY_HINT if (await self._people.personal_settings(generation.origin.user_id)).hints else None
        return hint if await self._people.take_hint(generation.origin.user_id, self._now()) else None

    async def _is_new_here(self, user_id: int) -> bool:
        """True where a person's first picture is one of a toy, and there is no other model."""
        return self._catalogue.has_only_toys and not await self._generations.has_pictures(user_id)


def unusual(settings: GenerationSettings, model: ModelSpec) -> Hint | None:
    """The setting that is far from what the model likes, the one that costs most time first; None where none is."""
    pixels = model.times_as_large(settings)
    if settings.steps >= min(MANY_STEPS * model.steps, max(MOST_STEPS, model.steps + 1)):
        return Hint("steps", str(model.steps))
    if not 1 / FAR_SIZE < pixels < FAR_SIZE:
        usual = model.preferred
        return Hint("size", f"{usual.width}×{usual.height}")
    if settings.guidance_scale >= min(STRONG_GUIDANCE * model.guidance_scale, MOST_GUIDANCE) > model.guidance_scale:
        return Hint("guidance", f"{model.guidance_scale:g}")
    return None
