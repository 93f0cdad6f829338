"""/history, /favourites and /show: earlier pictures."""

import re
from collections.abc import Sequence

import discord
from discord import app_commands
from discord.ext import commands

from bot import views
from bot.attachments.finished import FinishedFiles
from bot.errors import Refusal
from bot.interactions.dynamic_items import NO_LONGER, chosen_number
from bot.interactions.respond import answer, defer
from bot.interactions.sight import Sight
from bot.interactions.visibility import Visibility
from bot.locales import say
from bot.views import pages
from bot.views.message import MessageContent
from bot.views.pages import Place
from generation.catalogue import Catalogue
from generation.jobs import JobState
from generation.sentences import Sentence
from storage.generations import Generations
from storage.records import Generation

FAVOURITES = "favourites"
HIDDEN = {"history": (JobState.DELETED, JobState.CANCELLED), "everything": (JobState.DELETED,)}
"""What each list of somebody's requests leaves out."""
TITLES = {
    "history": Sentence("Your pictures"),
    "everything": Sentence("Your pictures and cancelled requests"),
    FAVOURITES: Sentence("⭐ Your favourites"),
}

Search = app_commands.Range[str, 1, pages.SEARCH]
Number = app_commands.Range[int, 1, 2**53 - 1]


class History(commands.Cog):
    """Lists of pictures, page by page. The buttons that turn a page carry its number."""

    def __init__(
        self,
        *,
        generations: Generations,
        sight: Sight,
        finished_files: FinishedFiles,
        visibility: Visibility,
        catalogue: Catalogue,
    ) -> None:
        self._generations = generations
        self._sight = sight
        self._finished_files = finished_files
        self._visibility = visibility
        self._catalogue = catalogue

    @app_commands.command()
    async def history(self, interaction: discord.Interaction, search: Search = "", cancelled: bool = False) -> None:
        """Show your pictures, including private ones.

        Args:
            search: Words to look for in the prompt
            cancelled: Also show what you cancelled
        """
        await self._list(interaction, Place("everything" if cancelled else "history", 0, search.strip()))

    @app_commands.command()
    async def favourites(self, interaction: discord.Interaction) -> None:
        """Show your favourite pictures."""
        await self._list(interaction, Place(FAVOURITES, 0))

    @app_commands.command()
    async def show(self, interaction: discord.Interaction, number: Number) -> None:
        """Show a picture again.

        Args:
            number: Number of the picture, from /history or Details
        """
        await self._show(interaction, await self._visible(interaction, number))

    async def turn(self, interaction: discord.Interaction, match: "re.Match[str]", _: Sequence[str]) -> None:
        """Turn a page. Raises `Refusal` for a list that there is not."""
        if match["kind"] not in TITLES:
            raise Refusal(NO_LONGER)
        await defer(interaction)
        await answer(
            interaction, await self._page(interaction, Place(match["kind"], int(match["page"]), match["search"]))
        )

    async def chosen(self, interaction: discord.Interaction, _: "re.Match[str]", values: Sequence[str]) -> None:
        """Show what was chosen from a list."""
        await self._show(interaction, await self._visible(interaction, chosen_number(values)))

    async def _list(self, interaction: discord.Interaction, place: Place) -> None:
        """Acknowledge, then read the pictures of a page and show it."""
        await defer(interaction, thinking=True)
        await answer(interaction, await self._page(interaction, place))

    async def _page(self, interaction: discord.Interaction, place: Place) -> MessageContent:
        user_id = interaction.user.id
        if place.kind == FAVOURITES:
            page = await self._generations.favourites_of(user_id, place.start, pages.PAGE)
        else:
            hidden = HIDDEN[place.kind]
            page = await self._generations.of_user(user_id, place.search, place.start, pages.PAGE, without=hidden)
        small = {each.id: await self._thumbnail(interaction, each) for each in page.generations}
        return pages.of_pictures(
            place, say(TITLES[place.kind]), page, {name: data for name, data in small.items() if data}
        )

    async def _thumbnail(self, interaction: discord.Interaction, generation: Generation) -> bytes | None:
        try:
            return await self._finished_files.thumbnail(await self._visibility.of(interaction, generation))
        except Refusal:
            return None

    async def _visible(self, interaction: discord.Interaction, number: int) -> Generation:
        """A request that a person may see: their own, a favourite, or one of a channel that they can look into."""
        generation = await self._generations.get(number)
        if generation is None or not await self._sight.may_see(interaction, generation):
            raise Refusal("There's no picture with that number that you can see.")
        if generation.state is JobState.DELETED:
            raise Refusal("This picture was deleted.")
        return await self._visibility.of(interaction, generation)

    async def _show(self, interaction: discord.Interaction, generation: Generation) -> None:
        await defer(interaction, thinking=True)
        parent = await self._generations.parent_of(generation)
        if generation.state.unfinished:
            raise Refusal("This picture is still being drawn. See /queue.")
        pictures = await self._finished_files.of(generation, interaction.filesize_limit)
        await answer(
            interaction,
            views.ended(generation, pictures, parent, self._catalogue.abilities_of(generation.settings.model)),
        )
