"""/queue: running and waiting requests."""

import asyncio
import re
from collections.abc import Sequence

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import Refusal
from bot.interactions.dynamic_items import chosen_number
from bot.interactions.picture_actions import check_owner
from bot.interactions.respond import answer, change
from bot.interactions.visibility import is_visible
from bot.jobs.dispatcher import Dispatcher
from bot.views import pages
from bot.views.message import MessageContent
from storage.generations import Generations


class Queue(commands.Cog):
    """Shows the queue as far as a person may see it, and cancels their own requests."""

    def __init__(self, *, dispatcher: Dispatcher, generations: Generations) -> None:
        self._dispatcher = dispatcher
        self._generations = generations

    @app_commands.command()
    async def queue(self, interaction: discord.Interaction) -> None:
        """Show the queue and cancel your own requests."""
        await answer(interaction, await self._content(interaction))

    async def cancel(self, interaction: discord.Interaction, _: "re.Match[str]", values: Sequence[str]) -> None:
        """Cancel the chosen request."""
        generation = await self._generations.get(chosen_number(values))
        if generation is None or not generation.state.unfinished:
            raise Refusal("This request has already ended.")
        check_owner(generation, interaction.user.id, False)
        await self._dispatcher.cancel(generation)
        await change(interaction, await self._content(interaction))

    async def _content(self, interaction: discord.Interaction) -> MessageContent:
        saved = await self._generations.unfinished()
        line, drawing = self._dispatcher.line(), self._dispatcher.drawing
        idle = (each for each in saved if not self._dispatcher.holds(each.id) or self._dispatcher.is_unkept(each.id))
        line += idle
        channels = {each.origin.channel_id: each.origin for each in line[: pages.LINES] if not each.origin.private}
        seen = await asyncio.gather(*(is_visible(interaction, origin) for origin in channels.values()))
        open_ones = {channel for channel, is_seen in zip(channels, seen, strict=True) if is_seen}
        in_sight = {each.id for each in line if each.origin.channel_id in open_ones}
        ends, last = self._dispatcher.ends()
        workers = self._dispatcher.at_work()
        return pages.of_queue(line, interaction.user.id, interaction.guild_id, in_sight, drawing, ends, last, workers)
