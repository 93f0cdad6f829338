"""The choice of a part of a picture: the picture under a numbered grid, and what to choose it with."""

from typing import Any

import discord
from discord import ui

from bot.locales import say
from bot.views.custom_ids import Choice, RegionStep
from bot.views.message import SPOILER, MessageContent, Part, framed, gallery
from generation import regions
from generation.regions import SIDE

FILE = "region.png"


def choosing(choice: Choice, picture: bytes, page: str = "", *, covered: bool = False) -> MessageContent:
    """The message in which a part is chosen. `picture` is a PNG file of it under its grid, and `page` the address of
    one to paint over it, if there is one; `covered` hides the picture behind a spoiler."""
    file = f"{SPOILER * covered}{FILE}"
    count = len(regions.numbers_of(choice.cells))
    words = say("Choose what to draw anew. {n} of {all} cells are chosen.", n=count, all=SIDE * SIDE)
    begin: ui.Button[Any] = ui.Button(
        label=say("Describe it…"),
        emoji="✏️",
        style=discord.ButtonStyle.primary,
        disabled=not count,
        custom_id=choice.at(RegionStep.WORDS).custom_id,
    )
    clear: ui.Button[Any] = ui.Button(
        label=say("Clear"), disabled=not count, custom_id=choice.at(RegionStep.CLEAR).custom_id
    )
    parts: list[Part] = [
        gallery([file], say("The picture under a grid of {n} cells, numbered by rows", n=SIDE * SIDE)),
        ui.TextDisplay(words),
        ui.ActionRow(_cells(choice)),
        ui.ActionRow(_lines(choice)),
        ui.ActionRow(begin, clear, *_links(page)),
    ]
    return MessageContent(framed(parts), {file: picture})


def _links(page: str) -> list[ui.Button[Any]]:
    return [ui.Button(label=say("Paint"), emoji="🖌️", url=page)] if page else []


def _cells(choice: Choice) -> ui.Select[Any]:
    chosen = set(regions.numbers_of(choice.cells))
    options = [
        discord.SelectOption(label=say("Cell {number}", number=each + 1), value=str(each), default=each in chosen)
        for each in range(SIDE * SIDE)
    ]
    return ui.Select(
        custom_id=choice.at(RegionStep.CELLS).custom_id,
        placeholder=say("Cells…"),
        min_values=0,
        max_values=len(options),
        options=options,
    )


def _lines(choice: Choice) -> ui.Select[Any]:
    rows = [(say("Row {number}", number=each + 1), f"row-{each}") for each in range(SIDE)]
    columns = [(say("Column {number}", number=each + 1), f"column-{each}") for each in range(SIDE)]
    options = [discord.SelectOption(label=label, value=value) for label, value in (*rows, *columns)]
    return ui.Select(
        custom_id=choice.at(RegionStep.LINES).custom_id,
        placeholder=say("Add rows and columns…"),
        min_values=0,
        max_values=len(options),
        options=options,
    )
