"""From a lesson or a hint to a comparison: the setting it is about, on a prompt that is there."""

import re
from collections.abc import Sequence
from dataclasses import fields

import discord

from bot.consent import Consent, Order
from bot.errors import Refusal
from bot.layouts.invited import LAST
from generation.comparison import Parameter
from generation.settings import GenerationSettings, PartialSettings
from storage.generations import Generations
from storage.records import Generation


class Trying:
    """Orders comparisons for whoever presses."""

    def __init__(self, *, consent: Consent, generations: Generations) -> None:
        self._consent = consent
        self._generations = generations

    async def press(self, interaction: discord.Interaction, match: "re.Match[str]", _: Sequence[str]) -> None:
        """Compare. What comes from a lesson is for its reader alone. Raises `UserError`."""
        if match["parameter"] not in list(Parameter):
            raise Refusal("This button does nothing any more. Ask for a new picture with /imagine.")
        number = int(match["generation"])
        generation = await (self._generations.get(number) if number else self._last_of(interaction.user.id))
        if generation is None:
            raise Refusal("There is no picture to try it on yet. Draw one with /imagine first.")
        settings = generation.settings.of_picture(0)
        order = Order(
            [settings.prompt],
            settings.seed,
            _all_of(settings),
            private=generation.origin.private or number == LAST,
            spoiler=generation.origin.spoiler,
            compared={Parameter(match["parameter"]): match["values"] or ""},
        )
        await self._consent.take(interaction, order)

    async def _last_of(self, user_id: int) -> Generation | None:
        page = await self._generations.of_user(user_id, most=1)
        return page.generations[0] if page.generations else None


def _all_of(settings: GenerationSettings) -> PartialSettings:
    """Every setting that a command can name."""
    return PartialSettings(**{each.name: getattr(settings, each.name) for each in fields(PartialSettings)})
