"""/history, /favourites and /show: pictures of earlier."""

import re
from collections.abc import Sequence
from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot import layouts
from bot.asking import is_age_restricted
from bot.errors import Refusal
from bot.followups import FORGOTTEN, answer
from bot.layouts import lists
from bot.layouts.lists import Place
from bot.layouts.look import Look, files_of
from bot.locales import say
from bot.prints import Prints
from generation.jobs import JobState
from generation.sentences import Sentence
from storage.generations import Generations
from storage.people import People
from storage.records import Generation, NsfwPolicy

TITLES = {"history": Sentence("Your pictures"), "favourites": Sentence("⭐ Your favourites")}

Search = app_commands.Range[str, 1, lists.SEARCH]
Number = app_commands.Range[int, 1, 2**53 - 1]


class History(commands.Cog):
    """Lists of pictures by pages; where a page is kept is in the buttons that turn it."""

    def __init__(self, *, generations: Generations, people: People, prints: Prints) -> None:
        self._generations = generations
        self._people = people
        self._prints = prints

    @app_commands.command()
    async def history(self, interaction: discord.Interaction, search: Search = "") -> None:
        """Show what you asked for, private pictures too.

        Args:
            search: Words of the prompt
        """
        await answer(interaction, await self._page(interaction.user.id, Place("history", 0, search.strip())))

    @app_commands.command()
    async def favourites(self, interaction: discord.Interaction) -> None:
        """Show the pictures you gave a star."""
        await answer(interaction, await self._page(interaction.user.id, Place("favourites", 0)))

    @app_commands.command()
    async def show(self, interaction: discord.Interaction, number: Number) -> None:
        """Show a picture again.

        Args:
            number: As /history and Details name it
        """
        await self._show(interaction, await self._visible(interaction, number))

    async def turn(self, interaction: discord.Interaction, match: "re.Match[str]", _: Sequence[str]) -> None:
        """Turn a page."""
        look = await self._page(interaction.user.id, Place(match["kind"], int(match["page"]), match["search"]))
        look.view.stop()
        await interaction.response.edit_message(view=look.view, attachments=files_of(look))

    async def chosen(self, interaction: discord.Interaction, _: "re.Match[str]", values: Sequence[str]) -> None:
        """Show what was chosen from a list."""
        await self._show(interaction, await self._visible(interaction, int(values[0])))

    async def _page(self, user_id: int, place: Place) -> Look:
        if place.kind == "favourites":
            page = await self._generations.favourites_of(user_id, place.start, lists.PAGE)
        else:
            page = await self._generations.of_user(user_id, place.search, place.start, lists.PAGE)
        small = {each.id: await self._prints.thumbnail(each) for each in page.generations}
        return lists.of_pictures(
            place, say(TITLES[place.kind]), page, {name: data for name, data in small.items() if data}
        )

    async def _visible(self, interaction: discord.Interaction, number: int) -> Generation:
        """A request that a person may see: their own, a favourite, or one of a channel that they can look into."""
        generation = await self._generations.get(number)
        if generation is None or not await self._may_see(interaction, generation):
            raise Refusal(FORGOTTEN)
        if generation.state is JobState.DELETED:
            raise Refusal("This picture was deleted.")
        return generation

    async def _may_see(self, interaction: discord.Interaction, generation: Generation) -> bool:
        if generation.origin.user_id == interaction.user.id or _is_in_sight(interaction, generation):
            return True
        return generation.id in await self._people.favourites(interaction.user.id)

    async def _show(self, interaction: discord.Interaction, generation: Generation) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        parent_id = generation.lineage.parent
        parent = None if parent_id is None else await self._generations.get(parent_id)
        if generation.state.unfinished:
            raise Refusal("It is still being drawn. See /queue.")
        generation = _as_seen_in(interaction.channel, generation)
        pictures = await self._prints.of(generation, interaction.filesize_limit)
        look = layouts.ended(generation, pictures, parent)
        look.view.stop()
        await interaction.edit_original_response(view=look.view, attachments=files_of(look))


def _as_seen_in(channel: object, generation: Generation) -> Generation:
    """In an age-restricted channel its owner sees what is withheld elsewhere."""
    if not is_age_restricted(channel):
        return generation
    return replace(generation, origin=replace(generation.origin, guard=NsfwPolicy.OFF))


def _is_in_sight(interaction: discord.Interaction, generation: Generation) -> bool:
    origin = generation.origin
    if (
        origin.private
        or origin.guild_id is None
        or interaction.guild is None
        or interaction.guild.id != origin.guild_id
    ):
        return False
    channel = interaction.guild.get_channel_or_thread(origin.channel_id)
    member = interaction.user
    return channel is not None and isinstance(member, discord.Member) and channel.permissions_for(member).view_channel
