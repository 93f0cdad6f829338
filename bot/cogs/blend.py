"""/blend"""

import asyncio

import discord
from discord import app_commands
from discord.ext import commands

from bot.cogs import option_types
from bot.interactions.begin_request import begin
from bot.interactions.downloads import download
from bot.interactions.requester import requester_of
from bot.policy.request_context import ContextLoader
from bot.prompts.presets import Presets
from bot.requests import blending
from bot.requests.inputs import PictureReader
from bot.requests.plan import Plan
from bot.requests.planner import Planner
from bot.requests.submission import Submission
from generation.catalogue import Catalogue


class Blend(commands.Cog):
    """One picture from several."""

    def __init__(
        self,
        *,
        contexts: ContextLoader,
        planner: Planner,
        submission: Submission,
        presets: Presets,
        catalogue: Catalogue,
        pictures: PictureReader,
    ) -> None:
        self._contexts = contexts
        self._planner = planner
        self._submission = submission
        self._presets = presets
        self._catalogue = catalogue
        self._pictures = pictures

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
        urls = [option_types.picture_url(each) for each in given]
        chosen = option_types.chosen(model=model, strength=strength)
        context = await self._contexts.load(requester_of(interaction))
        text = await self._presets.in_style(interaction.user.id, prompt or "")

        async def blended() -> list[Plan]:
            files = await asyncio.gather(*(download(interaction.client, url) for url in urls))
            pictures, words = await self._pictures.read(files), await asyncio.to_thread(blending.words_of, files)
            now = await self._contexts.load(requester_of(interaction))
            return [self._planner.blend(now, pictures, blending.with_words(text, words), chosen)]

        plan = self._planner.imagine(context, blending.with_words(text), None, chosen, with_picture=True)
        await begin(interaction, self._submission, [plan], private=private, spoiler=spoiler, complete=blended)

    @blend.autocomplete("model")
    async def _models(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return option_types.matching_models(self._catalogue, typed)
