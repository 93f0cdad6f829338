"""Submitted forms, told apart by their custom ids."""

from typing import Any

import discord

from bot.cogs.context_menus import STARTED, ContextMenus
from bot.errors import Refusal
from bot.interactions.picture_actions import PictureActions
from bot.interactions.region_choice import RegionChoice
from bot.views.custom_ids import REGION, Press


class ModalSubmissions:
    """Hands each form to the code that opened it."""

    def __init__(
        self, picture_actions: PictureActions, region_choice: RegionChoice, context_menus: ContextMenus
    ) -> None:
        self._picture_actions = picture_actions
        self._region_choice = region_choice
        self._context_menus = context_menus

    async def submit(self, interaction: discord.Interaction, custom_id: str, values: dict[str, Any]) -> None:
        """Handle a submitted form. Raises `UserError`."""
        if press := Press.read(custom_id):
            await self._picture_actions.submit(interaction, press, values)
        elif match := REGION.fullmatch(custom_id):
            await self._region_choice.submit(interaction, match, values)
        elif match := STARTED.fullmatch(custom_id):
            await self._context_menus.submit(interaction, int(match["draft"]), values)
        else:
            raise Refusal("This form no longer works. Open it again.")
