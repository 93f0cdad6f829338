"""/queue: what is being drawn and what waits."""

import asyncio
import re
from collections.abc import Sequence

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import Refusal
from bot.followups import answer, check_owner
from bot.layouts import lists
from bot.layouts.look import Look
from bot.sight import is_in_sight
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
        await answer(interaction, await self._look(interaction))

    async def cancel(self, interaction: discord.Interaction, _: "re.Match[str]", values: Sequence[str]) -> None:
        """Cancel the chosen request."""
        generation = await self._generations.get(int(values[0]))
        if generation is None or not generation.state.unfinished:
            raise Refusal("It has ended already.")
        check_owner(generation, interaction.user.id, False)
        await self._studio.cancel(generation)
        look = await self._look(interaction)
        look.view.stop()
        await interaction.response.edit_message(view=look.view)

    async def _look(self, interaction: discord.Interaction) -> Look:
        line, drawing = self._studio.line(), self._studio.drawing
        channels = {each.origin.channel_id: each.origin for each in line[: lists.LINES] if not each.origin.private}
        seen = await asyncio.gather(*(is_in_sight(interaction, origin) for origin in channels.values()))
        open_ones = {channel for channel, is_seen in zip(channels, seen, strict=True) if is_seen}
        in_sight = {each.id for each in line if each.origin.channel_id in open_ones}
        seconds = self._studio.seconds_until([])
        return lists.of_queue(line, interaction.user.id, interaction.guild_id, in_sight, drawing, seconds)
