"""Vary region: choosing cells of a picture and saying what to draw there. The choice is kept in the custom ids."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import discord
from discord import ui

from bot.attachments.finished import FinishedFiles
from bot.errors import Refusal
from bot.interactions import remix_modal
from bot.interactions.begin_request import begin
from bot.interactions.dynamic_items import NO_LONGER
from bot.interactions.requester import requester_of
from bot.interactions.respond import answer, defer, open_form
from bot.interactions.sight import Sight
from bot.interactions.visibility import Visibility
from bot.locales import say
from bot.policy.request_context import ContextLoader
from bot.requests.derived_plans import GONE
from bot.requests.edits import Edits
from bot.requests.pending import Region
from bot.requests.submission import Submission
from bot.views import region
from bot.views.custom_ids import Choice, RegionStep
from generation import regions
from generation.vision import Vision
from storage.records import Generation

_PART = "part"

LONGEST_PART = 100
"""Characters of the name of a part."""

Paint = Callable[[discord.Interaction, Generation, int], Awaitable[str]]
"""Gives the address of a page on which the person of an interaction paints over a picture."""

_LINES = {
    **{f"row-{each}": regions.row(each) for each in range(regions.SIDE)},
    **{f"column-{each}": regions.column(each) for each in range(regions.SIDE)},
}


class RegionChoice:
    """Lets whoever presses choose a part of a picture, privately, and draws it anew."""

    def __init__(
        self,
        *,
        contexts: ContextLoader,
        edits: Edits,
        submission: Submission,
        finished_files: FinishedFiles,
        sight: Sight,
        visibility: Visibility,
        vision: Vision,
        paint: Paint | None = None,
    ) -> None:
        self._contexts = contexts
        self._edits = edits
        self._submission = submission
        self._finished_files = finished_files
        self._sight = sight
        self._visibility = visibility
        self._vision = vision
        self._paint = paint

    async def open(self, interaction: discord.Interaction, generation: Generation, picture: int) -> None:
        """Ask for the name of a part where a model finds it, or show the picture under its grid, privately. Raises
        `UserError`."""
        choice = Choice(generation.id, picture)
        if self._vision.models.segmenter:
            await open_form(interaction, self._form(choice.at(RegionStep.NAME), generation))
        else:
            await self._show_grid(interaction, generation, choice)

    async def press(self, interaction: discord.Interaction, match: "re.Match[str]", values: Sequence[str]) -> None:
        """Go on with a choice. Raises `UserError`."""
        choice = Choice.of(match)
        generation = await self._sight.pressed(interaction, choice.generation_id)
        match choice.step:
            case RegionStep.WORDS:
                await open_form(interaction, self._form(choice, generation))
                return
            case RegionStep.CLEAR:
                cells = 0
            case RegionStep.CELLS | RegionStep.NAME:
                cells = regions.cells_of(int(each) for each in values if each.isdecimal())
            case RegionStep.LINES:
                cells = choice.cells
                for each in values:
                    cells |= _LINES.get(each, 0)
        await defer(interaction)
        await self._show(interaction, generation, replace(choice, cells=cells))

    async def submit(self, interaction: discord.Interaction, match: "re.Match[str]", values: dict[str, Any]) -> None:
        """Draw the chosen part as a submitted form says. Raises `UserError`."""
        choice = Choice.of(match)
        generation = await self._sight.pressed(interaction, choice.generation_id)
        context = await self._contexts.load(requester_of(interaction))
        part, words = (" ".join(each.split()) for each in (str(values.get(_PART, "")), remix_modal.prompt_in(values)))
        if choice.step is RegionStep.NAME and not part:
            await self._show_grid(interaction, generation, choice)
            return
        plan = self._edits.region(context, generation, choice.picture, Region(choice.cells, part), words)
        origin = generation.origin
        await begin(interaction, self._submission, [plan], private=origin.private, spoiler=origin.spoiler)

    async def _show_grid(self, interaction: discord.Interaction, generation: Generation, choice: Choice) -> None:
        await defer(interaction, thinking=True)
        await self._show(interaction, generation, choice)

    async def _show(self, interaction: discord.Interaction, generation: Generation, choice: Choice) -> None:
        generation = await self._visibility.of(interaction, generation)
        picture = await self._finished_files.one(generation, choice.picture)
        if picture is None:
            raise Refusal(GONE)
        grid = await asyncio.to_thread(regions.shown, picture.data, choice.cells)
        page = await self._paint(interaction, generation, choice.picture) if self._paint else ""
        covered = any(generation.covers(each) for each in generation.pictures if each.index == choice.picture)
        await answer(interaction, region.choosing(choice, grid, page, covered=covered))

    def _form(self, choice: Choice, generation: Generation) -> ui.Modal:
        by_name = choice.step is RegionStep.NAME
        if not choice.cells and not by_name:
            raise Refusal(NO_LONGER)
        prompt = generation.settings.of_picture(choice.picture).prompt
        modal = ui.Modal(title=say("Vary region"), custom_id=choice.custom_id, timeout=None)
        if by_name:
            part: ui.TextInput[Any] = ui.TextInput(
                custom_id=_PART, placeholder=say("the hat"), max_length=LONGEST_PART, required=False
            )
            hint = say("Name it in English, or leave this empty to choose it by hand.")
            modal.add_item(ui.Label(text=say("What should be drawn anew?"), description=hint, component=part))
        for field in remix_modal.prompt_fields(prompt, say("Describe the whole picture as it should be.")):
            modal.add_item(field)
        modal.stop()
        return modal
