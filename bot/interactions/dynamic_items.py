"""Buttons and selects that work after any restart: the custom id names the action and the record, and nothing else."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Self

import discord
from discord import ui

from bot.errors import Refusal
from bot.interactions.client import Client
from bot.views.custom_ids import TEMPLATE, Press, PressKind
from generation.sentences import Sentence

Pressed = Callable[[discord.Interaction, Press], Awaitable[None]]
NO_LONGER = Sentence("This button no longer works. Draw a new picture with /imagine.")

_NUMBER = re.compile("[0-9]{1,18}")

Matched = Callable[[discord.Interaction, "re.Match[str]", Sequence[str]], Awaitable[None]]


def picture_buttons(on_press: Pressed) -> type[ui.DynamicItem[Any]]:
    """An item that hands every button and select of a picture, however old, to `on_press`."""

    async def pressed(interaction: discord.Interaction, match: "re.Match[str]", values: Sequence[str]) -> None:
        press = Press.of(match)
        if press is not None and press.kind is PressKind.MORE:
            press = Press.read(f"noisefox:{chosen(values)}:{press.generation_id}:{press.picture}")
        elif press is not None and press.kind in (PressKind.PICK, PressKind.CELL):
            press = replace(press, picture=chosen_number(values))
        if press is None:
            raise Refusal(NO_LONGER)
        await on_press(interaction, press)

    return persistent(TEMPLATE, pressed)


def chosen(values: Sequence[str]) -> str:
    """The value that was chosen in a select. Raises `Refusal` where there is none."""
    if not values:
        raise Refusal(NO_LONGER)
    return values[0]


def chosen_number(values: Sequence[str]) -> int:
    """The number that was chosen in a select. Raises `Refusal` for what is no number."""
    if not _NUMBER.fullmatch(value := chosen(values)):
        raise Refusal(NO_LONGER)
    return int(value)


def persistent(template: re.Pattern[str], on_match: Matched) -> type[ui.DynamicItem[Any]]:
    """An item that hands everything with a custom id of a template to `on_match`, with the values that were selected.

    discord.py only logs what such an item raises, so errors are answered here.
    """

    class Persistent(ui.DynamicItem[ui.Item[Any]], template=template):
        def __init__(self, item: ui.Item[Any], match: re.Match[str]) -> None:
            super().__init__(item)
            self._match = match

        @classmethod
        async def from_custom_id(cls, _: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
            return cls(item, match)

        async def callback(self, interaction: discord.Interaction) -> None:
            assert isinstance(interaction.client, Client)
            try:
                await interaction.client.admit(interaction)
                data: Any = interaction.data or {}
                await on_match(interaction, self._match, data.get("values", ()))
            except Exception as error:  # noqa: BLE001 - the error edge of buttons
                await interaction.client.fail(interaction, error)

    return Persistent
