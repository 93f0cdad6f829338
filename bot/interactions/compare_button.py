"""The button of lessons and hints that compares values of a setting on a prompt that is there."""

import re
from collections.abc import Sequence
from dataclasses import fields

import discord

from bot.errors import Refusal
from bot.interactions.confirmation import Confirmation
from bot.interactions.requester import requester_of
from bot.interactions.sight import Sight
from bot.policy.request_context import ContextLoader
from bot.requests.picture_request import PictureRequest
from bot.views.custom_ids import LAST_REQUEST
from generation.comparison import Parameter
from generation.settings import GenerationSettings, PartialSettings
from storage.generations import Generations
from storage.records import Generation


class CompareButton:
    """Begins comparisons for whoever presses."""

    def __init__(
        self, *, confirmation: Confirmation, contexts: ContextLoader, generations: Generations, sight: Sight
    ) -> None:
        self._contexts = contexts
        self._confirmation = confirmation
        self._generations = generations
        self._sight = sight

    async def press(self, interaction: discord.Interaction, match: "re.Match[str]", _: Sequence[str]) -> None:
        """Begin the comparison; one from a lesson is private. Raises `UserError`."""
        if match["parameter"] not in list(Parameter):
            raise Refusal("This button no longer works. Draw a new picture with /imagine.")
        number = int(match["generation"])
        generation = await (self._sight.pressed(interaction, number) if number else self._last_of(interaction.user.id))
        settings = generation.settings.of_picture(0)
        picture_request = PictureRequest(
            [settings.prompt],
            settings.seed,
            _all_of(settings),
            private=generation.origin.private or number == LAST_REQUEST,
            spoiler=generation.origin.spoiler,
            compared={Parameter(match["parameter"]): match["values"] or ""},
        )
        context = await self._contexts.load(requester_of(interaction))
        await self._confirmation.take(interaction, context, picture_request)

    async def _last_of(self, user_id: int) -> Generation:
        page = await self._generations.of_user(user_id, most=1)
        if not page.generations:
            raise Refusal("You have no picture to try this with yet. Draw one with /imagine first.")
        return page.generations[0]


def _all_of(settings: GenerationSettings) -> PartialSettings:
    """Every setting that a command can name."""
    return PartialSettings(**{each.name: getattr(settings, each.name) for each in fields(PartialSettings)})
