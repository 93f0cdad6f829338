"""Forms that come back: their custom_id alone says whose they are."""

from typing import Any

import discord

from bot.buttons import Press
from bot.errors import Refusal
from bot.followups import Followups
from bot.menus import STARTED, Menus


class Forms:
    """Hands each form to what opened it."""

    def __init__(self, followups: Followups, menus: Menus) -> None:
        self._followups = followups
        self._menus = menus

    async def submit(self, interaction: discord.Interaction, custom_id: str, values: dict[str, Any]) -> None:
        """Take a form. Raises `UserError`."""
        if press := Press.read(custom_id):
            await self._followups.submit(interaction, press, values)
        elif match := STARTED.fullmatch(custom_id):
            await self._menus.submit(interaction, int(match["draft"]), values)
        else:
            raise Refusal("I do not know this form any more. Open it anew.")
