"""/blend"""

import discord
from discord import app_commands
from discord.ext import commands

from bot.cogs import option_types
from bot.interactions.confirmation import Confirmation
from bot.interactions.given_files import picture_url
from bot.interactions.requester import requester_of
from bot.policy.request_context import ContextLoader
from bot.prompts import random_choices
from bot.prompts.presets import Presets
from bot.requests.picture_request import PictureRequest
from generation.catalogue import Catalogue


class Blend(commands.Cog):
    """One picture from several."""

    def __init__(
        self,
        *,
        confirmation: Confirmation,
        contexts: ContextLoader,
        presets: Presets,
        catalogue: Catalogue,
    ) -> None:
        self._confirmation = confirmation
        self._contexts = contexts
        self._presets = presets
        self._catalogue = catalogue

    @app_commands.command()
    async def blend(
        self,
        interaction: discord.Interaction,
        first: discord.Attachment,
        second: discord.Attachment,
        third: discord.Attachment | None = None,
        fourth: discord.Attachment | None = None,
        prompt: option_types.Prompt | None = None,
        model: str | None = None,
        strength: option_types.Strength | None = None,
        private: bool = False,
        spoiler: bool = False,
    ) -> None:
        """Blend two to four pictures into a new one.

        Args:
            first: First picture; it sets the shape of the result
            second: Second picture
            third: Third picture (optional)
            fourth: Fourth picture (optional)
            prompt: Your prompt; leave empty to use the prompts of the pictures
            model: Model to draw with
            strength: How much of the mixed picture to redraw; only for models without an IP-Adapter
            private: Show the picture only to you
            spoiler: Hide the picture behind a spoiler
        """
        given = [each for each in (first, second, third, fourth) if each is not None]
        context = await self._contexts.load(requester_of(interaction))
        text = await self._presets.in_style(interaction.user.id, prompt or "", context.rulebook.styles)
        drawn, typed = random_choices.chosen(text, context.word_lists)
        request = PictureRequest(
            [drawn],
            None,
            option_types.chosen(model=model, strength=strength),
            private,
            spoiler,
            tuple(picture_url(each) for each in given),
            blended=True,
            typed=[typed] if typed else [],
        )
        await self._confirmation.take(interaction, context, request)

    @blend.autocomplete("model")
    async def _models(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return option_types.matching_models(self._catalogue, typed)
