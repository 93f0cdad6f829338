"""/seed"""

import re

import discord
from discord import app_commands
from discord.ext import commands

from bot.cogs import option_types
from bot.errors import Refusal
from bot.interactions.confirmation import Confirmation
from bot.interactions.requester import requester_of
from bot.policy.request_context import ContextLoader
from bot.prompts import flags
from bot.requests import seed_cells
from bot.requests.picture_request import PictureRequest
from generation.catalogue import Catalogue
from generation.settings import PartialSettings

Size = app_commands.Range[str, 5, 9]

_SIZE = re.compile(r"\d{2,4}[x×]\d{2,4}", re.IGNORECASE)


class Seed(commands.Cog):
    """The noise of a seed, and pictures made of it."""

    def __init__(self, *, contexts: ContextLoader, confirmation: Confirmation, catalogue: Catalogue) -> None:
        self._contexts = contexts
        self._confirmation = confirmation
        self._catalogue = catalogue

    @app_commands.command()
    async def seed(
        self,
        interaction: discord.Interaction,
        number: option_types.Seed,
        size: Size | None = None,
        prompt: option_types.Prompt = seed_cells.PROMPTS[0],
        other: option_types.Prompt = seed_cells.PROMPTS[1],
        model: str | None = None,
        private: bool = False,
    ) -> None:
        """Show the noise of a seed at two sizes, and the pictures that two prompts make of it.

        Args:
            number: Seed to show
            size: Size such as 512x768; leave empty for the model's own
            prompt: First prompt
            other: Second prompt
            model: Model to draw with
            private: Show the picture only to you
        """
        chosen = PartialSettings(model=model)
        words, spoiler = [], False
        for each in (prompt, other):
            typed = flags.read(each)
            words.append(typed.prompt)
            chosen = chosen.over(typed.chosen)
            private, spoiler = private or typed.private, spoiler or typed.spoiler
        context = await self._contexts.load(requester_of(interaction))
        asked = PictureRequest(words, number, _sized(size).over(chosen), private=private, spoiler=spoiler, of_seed=True)
        await self._confirmation.take(interaction, context, asked)

    @seed.autocomplete("model")
    async def _models(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return option_types.matching_models(self._catalogue, typed)


def _sized(size: str | None) -> PartialSettings:
    if size is None:
        return PartialSettings()
    if not _SIZE.fullmatch(size):
        raise Refusal("Write a size as width x height in pixels, such as 512x768.")
    width, height = map(int, re.split("[x×]", size.lower()))
    return PartialSettings(width=width, height=height)
