"""From what a person asks to a request that is saved and queued: defaults laid over one another, limits kept."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot import flags
from bot.asker import Asker
from bot.errors import Refusal
from bot.house import House
from bot.logbook import Logbook
from bot.studio import Studio
from generation import upscaling
from generation.catalogue import Catalogue
from generation.errors import LimitExceeded
from generation.settings import SIZE, GenerationSettings, Limits, PartialSettings, random_seed
from storage.generations import Generations
from storage.records import Action, Generation, Lineage, Origin


@dataclass(frozen=True, slots=True)
class Plan:
    """A request that has passed every check and is not saved yet."""

    asker: Asker
    settings: GenerationSettings
    lineage: Lineage
    limits: Limits
    """What its asker is held to."""
    factor: int = 1

    @property
    def draws(self) -> bool:
        """False for what costs no steps."""
        return self.lineage.action is not Action.UPSCALE


class Intake:
    """Judges requests and takes them in. What it refuses it refuses with a `UserError`, before anything is saved."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        house: House,
        generations: Generations,
        studio: Studio,
        logbook: Logbook,
        new_seed: Callable[[], int] = random_seed,
    ) -> None:
        self._catalogue = catalogue
        self._house = house
        self._generations = generations
        self._studio = studio
        self._logbook = logbook
        self._new_seed = new_seed
        self._accepting = asyncio.Lock()
        """Between counting a person's requests and adding one, nobody else adds any."""

    async def imagine(self, asker: Asker, text: str, seed: int | None, chosen: PartialSettings) -> Plan:
        """A picture from words. `text` may hold flags; an option of the command outweighs its flag."""
        typed = flags.read(text)
        model = self._catalogue.get(chosen.model) if chosen.model else self._catalogue.default
        standing = await self._house.standing(asker, model)
        defaults = standing.defaults
        if typed.aspect:
            width, height = flags.fitted(
                typed.aspect,
                defaults.width or model.width,
                defaults.height or model.height,
                standing.limits.side or SIZE.high,
            )
            defaults = replace(defaults, width=width, height=height)
        if typed.chosen.variation_strength and typed.chosen.variation_seed is None:
            defaults = replace(defaults, variation_seed=self._new_seed())
        wanted = seed if seed is not None else typed.seed
        settings = (
            chosen.over(typed.chosen).over(defaults).of(typed.prompt, self._new_seed() if wanted is None else wanted)
        )
        return await self._plan(asker, settings, Lineage())

    async def reroll(self, asker: Asker, generation: Generation) -> Plan:
        """The same settings with another seed."""
        settings = replace(generation.settings, seed=self._new_seed())
        return await self._plan(asker, settings, Lineage(Action.REROLL, generation.id))

    async def upscale(self, asker: Asker, generation: Generation, index: int) -> Plan:
        """One picture of a generation, enlarged."""
        if generation.state.unfinished:
            raise Refusal("It is still being drawn. Try again when it is finished.")
        picture = next((each for each in generation.pictures if each.index == index and each.file), None)
        if picture is None:
            raise Refusal("That picture is not here any more. Re-roll to draw another.")
        factor = generation.factor * upscaling.FACTOR
        lineage = Lineage(Action.UPSCALE, generation.id, index)
        plan = await self._plan(asker, generation.settings.of_picture(index), lineage, factor)
        side = max(picture.width, picture.height) * upscaling.FACTOR
        if plan.limits.side is not None and side > plan.limits.side:
            raise LimitExceeded(f"It would be {side} pixels wide or high, and {plan.limits.side} is the most here.")
        return plan

    async def accept(self, plan: Plan, origin: Origin) -> Generation:
        """Save the request, then queue it.

        Raises `AlreadyAsked` where the same event has asked before, and `LimitExceeded` where the person has asked
        for too much since the plan was made.
        """
        async with self._accepting:
            await self._house.check_spending(plan.asker, plan.settings, plan.limits, draws=plan.draws)
            generation = await self._generations.add(origin, plan.settings, plan.lineage, plan.factor)
        await self._studio.submit(generation)
        self._logbook.asked(generation)
        return generation

    async def _plan(self, asker: Asker, settings: GenerationSettings, lineage: Lineage, factor: int = 1) -> Plan:
        """Raises `UserError` where the house rules are against it."""
        model = self._catalogue.get(settings.model)
        standing = await self._house.check(asker, settings, model, draws=lineage.action is not Action.UPSCALE)
        return Plan(asker, settings, lineage, standing.limits, factor)
