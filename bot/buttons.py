"""Buttons that work after any restart: a custom_id carries what to do and with which record, nothing else."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import discord
from discord import ui

from bot.edge import answer_error


class PressKind(StrEnum):
    """What a button does."""

    REROLL = "reroll"
    UPSCALE = "upscale"
    DELETE = "delete"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Press:
    """A button: what it does, to which generation, and to which of its pictures."""

    kind: PressKind
    generation_id: int
    picture: int = 0

    @property
    def custom_id(self) -> str:
        return f"noisefox:{self.kind}:{self.generation_id}:{self.picture}"


_TEMPLATE = re.compile(r"noisefox:(?P<kind>[a-z]+):(?P<generation>\d{1,18}):(?P<picture>\d)")


def pressable(on_press: Callable[[discord.Interaction, Press], Awaitable[None]]) -> type[ui.DynamicItem[Any]]:
    """The item to register with a client so that every button of ours, however old, ends in `on_press`.

    discord.py only logs what such an item raises, so that errors are answered here.
    """

    class Pressable(ui.DynamicItem[ui.Button[Any]], template=_TEMPLATE):
        def __init__(self, item: ui.Button[Any], match: re.Match[str]) -> None:
            super().__init__(item)
            self._match = match

        @classmethod
        async def from_custom_id(cls, _: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
            assert isinstance(item, ui.Button)
            return cls(item, match)

        async def callback(self, interaction: discord.Interaction) -> None:
            match = self._match
            try:
                press = Press(PressKind(match["kind"]), int(match["generation"]), int(match["picture"]))
                await on_press(interaction, press)
            except Exception as error:  # noqa: BLE001 - the error edge of buttons
                await answer_error(interaction, error)

    return Pressable
