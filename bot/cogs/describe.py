"""/describe"""

import re
from collections.abc import Sequence

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import Refusal
from bot.interactions.confirmation import Confirmation
from bot.interactions.given_files import picture_url
from bot.interactions.requester import requester_of
from bot.interactions.respond import answer, defer
from bot.policy.request_context import ContextLoader
from bot.prompts import random_choices
from bot.requests.descriptions import Descriptions
from bot.requests.picture_request import PictureRequest
from bot.views import description
from generation.errors import InvalidSetting
from generation.settings import PartialSettings
from storage.drafts import Drafts

DESCRIBED = "described"
"""The field of a draft that holds the prompts."""


class Describe(commands.Cog):
    """Finds prompts for a picture that somebody gives."""

    def __init__(
        self, *, descriptions: Descriptions, confirmation: Confirmation, contexts: ContextLoader, drafts: Drafts
    ) -> None:
        self._descriptions = descriptions
        self._confirmation = confirmation
        self._contexts = contexts
        self._drafts = drafts

    @app_commands.command()
    async def describe(self, interaction: discord.Interaction, image: discord.Attachment) -> None:
        """Get prompts for a picture like yours.

        Args:
            image: Picture to describe
        """
        url = picture_url(image)
        await defer(interaction, thinking=True)
        context = await self._contexts.load(requester_of(interaction))
        prompts = await self._descriptions.of(context, url)
        draft = await self._drafts.add(interaction.user.id, {DESCRIBED: prompts})
        await answer(interaction, description.described(prompts, draft))

    async def draw(self, interaction: discord.Interaction, match: "re.Match[str]", _: Sequence[str]) -> None:
        """Draw one of the prompts. Raises `UserError`."""
        kept = await self._drafts.get(int(match["draft"]), interaction.user.id, DESCRIBED)
        prompts = kept[DESCRIBED] if kept else []
        number = int(match["number"])
        if number >= len(prompts):
            raise Refusal("These prompts are too old. Describe the picture again with /describe.")
        context = await self._contexts.load(requester_of(interaction))
        try:
            drawn, typed = random_choices.chosen(prompts[number], context.word_lists)
        except InvalidSetting:  # a list of words of another place
            drawn, typed = prompts[number], ""
        request = PictureRequest([drawn], None, PartialSettings(), typed=[typed] if typed else [])
        await self._confirmation.take(interaction, context, request)
