"""/edit"""

import discord
from discord import app_commands
from discord.ext import commands

from bot.cogs import option_types
from bot.interactions.confirmation import Confirmation
from bot.interactions.edit_form import LONGEST_CHANGE
from bot.interactions.given_files import picture_url
from bot.interactions.requester import requester_of
from bot.policy.request_context import ContextLoader
from bot.prompts import random_choices
from bot.requests.picture_request import PictureRequest
from generation.catalogue import Catalogue


class Edit(commands.Cog):
    """A picture that somebody gives, changed by words."""

    def __init__(self, *, confirmation: Confirmation, contexts: ContextLoader, catalogue: Catalogue) -> None:
        self._confirmation = confirmation
        self._contexts = contexts
        self._catalogue = catalogue

    @app_commands.command()
    async def edit(
        self,
        interaction: discord.Interaction,
        image: discord.Attachment,
        change: app_commands.Range[str, 1, LONGEST_CHANGE],
        reference: discord.Attachment | None = None,
        second_reference: discord.Attachment | None = None,
        third_reference: discord.Attachment | None = None,
        strength: option_types.Strength | None = None,
        model: str | None = None,
        private: bool = False,
        spoiler: bool = False,
    ) -> None:
        """Change a picture by words.

        Args:
            image: Picture to change
            change: What to change, such as: make the hat red
            reference: Picture that the words speak of, such as the hat
            second_reference: Another picture to look at
            third_reference: Another picture to look at
            strength: How much to change; only for models that don't follow instructions
            model: Model to edit with
            private: Show the picture only to you
            spoiler: Hide the picture behind a spoiler
        """
        given = [each for each in (image, reference, second_reference, third_reference) if each is not None]
        context = await self._contexts.load(requester_of(interaction))
        drawn, _ = random_choices.chosen(change, context.word_lists)
        request = PictureRequest(
            [drawn],
            None,
            option_types.chosen(model=model, strength=strength, count=1),
            private,
            spoiler,
            tuple(picture_url(each) for each in given),
            edited=True,
        )
        await self._confirmation.take(interaction, context, request)

    @edit.autocomplete("model")
    async def _models(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return option_types.matching_models(self._catalogue, typed)
