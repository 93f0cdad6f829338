"""From what a person asks to a request that is saved and queued: defaults laid over one another, limits kept."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot import flags
from bot.studio import Studio
from generation import upscaling
from generation.catalogue import Catalogue, ModelSpec
from generation.errors import LimitExceeded, UserError
from generation.settings import SIZE, GenerationSettings, Limits, PartialSettings, random_seed
from storage.generations import Generations
from storage.preferences import Preferences
from storage.records import Action, Generation, Lineage, Origin


class Refusal(UserError):
    """A request that cannot be taken as it is."""


@dataclass(frozen=True, slots=True)
class Asker:
    """A person, and the server they ask in (None in a direct message)."""

    user_id: int
    guild_id: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A request that has passed every check and is not saved yet."""

    settings: GenerationSettings
    lineage: Lineage
    factor: int = 1


class Intake:
    """Judges requests and takes them in. What it refuses it refuses with a `UserError`, before anything is saved."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        host_limits: Limits,
        generations: Generations,
        preferences: Preferences,
        studio: Studio,
        new_seed: Callable[[], int] = random_seed,
    ) -> None:
        self._catalogue = catalogue
        self._host_limits = host_limits
        self._generations = generations
        self._preferences = preferences
        self._studio = studio
        self._new_seed = new_seed
        self._accepting = asyncio.Lock()
        """Between counting a person's requests and adding one, nobody else adds any."""

    async def imagine(self, asker: Asker, text: str, seed: int | None, chosen: PartialSettings) -> Plan:
        """A picture from words. `text` may hold flags; an option of the command outweighs its flag."""
        typed = flags.read(text)
        model = self._catalogue.get(chosen.model) if chosen.model else self._catalogue.default
        limits = await self.limits(asker.guild_id)
        defaults = limits.lower(await self._preferred(asker, model))
        if typed.aspect:
            width, height = flags.fitted(
                typed.aspect, defaults.width or model.width, defaults.height or model.height, limits.side or SIZE.high
            )
            defaults = replace(defaults, width=width, height=height)
        if typed.chosen.variation_strength and typed.chosen.variation_seed is None:
            defaults = replace(defaults, variation_seed=self._new_seed())
        wanted = seed if seed is not None else typed.seed
        settings = (
            chosen.over(typed.chosen).over(defaults).of(typed.prompt, self._new_seed() if wanted is None else wanted)
        )
        await self._check(asker, settings)
        return Plan(settings, Lineage())

    async def reroll(self, asker: Asker, generation: Generation) -> Plan:
        """The same settings with another seed."""
        self._catalogue.get(generation.settings.model)
        settings = replace(generation.settings, seed=self._new_seed())
        await self._check(asker, settings)
        return Plan(settings, Lineage(Action.REROLL, generation.id))

    async def upscale(self, asker: Asker, generation: Generation, index: int) -> Plan:
        """One picture of a generation, enlarged."""
        if generation.state.unfinished:
            raise Refusal("It is still being drawn. Try again when it is finished.")
        picture = next((each for each in generation.pictures if each.index == index and each.file), None)
        if picture is None:
            raise Refusal("That picture is not here any more. Re-roll to draw another.")
        settings = generation.settings.of_picture(index)
        limits = await self._check(asker, settings)
        side = max(picture.width, picture.height) * upscaling.FACTOR
        if limits.side is not None and side > limits.side:
            raise LimitExceeded(f"It would be {side} pixels wide or high, and {limits.side} is the most here.")
        lineage = Lineage(Action.UPSCALE, generation.id, index)
        return Plan(settings, lineage, generation.factor * upscaling.FACTOR)

    async def accept(self, plan: Plan, origin: Origin) -> Generation:
        """Save the request, then queue it.

        Raises `AlreadyAsked` where the same event has asked before, and `LimitExceeded` where the person has asked
        for too much since the plan was made.
        """
        limits = await self.limits(origin.guild_id)
        async with self._accepting:
            limits.check_waiting(await self._generations.unfinished_of(origin.user_id))
            generation = await self._generations.add(origin, plan.settings, plan.lineage, plan.factor)
        await self._studio.submit(generation)
        return generation

    async def limits(self, guild_id: int | None) -> Limits:
        """What holds in a server: the tightest of the host's and the server's own."""
        if guild_id is None:
            return self._host_limits
        return self._host_limits.tightened_by(await self._preferences.limits_of(guild_id))

    async def _preferred(self, asker: Asker, model: ModelSpec) -> PartialSettings:
        """The model's own defaults, under the server's, under the person's."""
        own = (await self._preferences.of_user(asker.user_id)).for_model(model.name)
        if asker.guild_id is None:
            return own.over(model.preferred)
        servers = (await self._preferences.of_server(asker.guild_id)).for_model(model.name)
        return own.over(servers).over(model.preferred)

    async def _check(self, asker: Asker, settings: GenerationSettings) -> Limits:
        limits = await self.limits(asker.guild_id)
        limits.check(settings)
        limits.check_waiting(await self._generations.unfinished_of(asker.user_id))
        return limits
