"""/queue: what is being drawn and what waits."""

import re
from collections.abc import Sequence

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import Refusal
from bot.followups import answer, check_owner
from bot.layouts import lists
from bot.layouts.look import Look
from bot.studio import Studio
from storage.generations import Generations


class Queue(commands.Cog):
    """The line, as one may see it; and the way out of it for one's own requests."""

    def __init__(self, *, studio: Studio, generations: Generations) -> None:
        self._studio = studio
        self._generations = generations

    @app_commands.command()
    async def queue(self, interaction: discord.Interaction) -> None:
        """Show what is being drawn and what waits, and cancel what is yours."""
        await answer(interaction, self._look(interaction))

    async def cancel(self, interaction: discord.Interaction, _: "re.Match[str]", values: Sequence[str]) -> None:
        """Cancel the chosen request."""
        generation = await self._generations.get(int(values[0]))
        if generation is None or not generation.state.unfinished:
            raise Refusal("It has ended already.")
        check_owner(generation, interaction.user.id, False)
        await self._studio.cancel(generation)
        look = self._look(interaction)
        look.view.stop()
        await interaction.response.edit_message(view=look.view)

    def _look(self, interaction: discord.Interaction) -> Look:
        line, drawing = self._studio.line(), self._studio.drawing
        return lists.of_queue(line, interaction.user.id, interaction.guild_id, drawing, self._studio.seconds_until([]))
