"""Buttons, selects and forms that work after any restart: a custom_id carries what to do and with which record,
nothing else."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

import discord
from discord import ui

from bot.client import Client
from bot.edge import answer_error
from bot.errors import Refusal


class PressKind(StrEnum):
    """What a button, or an entry of a select, does."""

    REROLL = "reroll"
    UPSCALE = "upscale"
    VARY = "vary"
    REMIX = "remix"
    FAVOURITE = "favourite"
    DETAILS = "details"
    ORIGINAL = "original"
    """The picture as it was drawn, as a file."""
    DELETE = "delete"
    CANCEL = "cancel"
    MORE = "more"
    """A select, whose chosen value is the kind of press."""
    PICK = "pick"
    """A select of pictures: shows what can be done with the chosen one."""
    VARY_STRONG = "vary-strong"
    SHAPE_SQUARE = "shape-square"
    SHAPE_WIDE = "shape-wide"
    SHAPE_TALL = "shape-tall"
    ZOOM_LITTLE = "zoom-little"
    ZOOM_FAR = "zoom-far"
    PAN_LEFT = "pan-left"
    PAN_RIGHT = "pan-right"
    PAN_UP = "pan-up"
    PAN_DOWN = "pan-down"
    HIRES = "hires"
    UPSCALE_FAR = "upscale-far"
    UPSCALE_CREATIVE = "upscale-creative"
    REDRAW = "redraw"
    TRY_STEPS = "try-steps"
    TRY_GUIDANCE = "try-guidance"
    TRY_SAMPLERS = "try-samplers"
    EXPLAIN = "explain"
    EXPLAIN_SEED = "explain-seed"
    EXPLAIN_GUIDANCE = "explain-guidance"
    EXPLAIN_STEPS = "explain-steps"
    DRAW = "draw"
    """Draws what was explained, as a request of its own."""
    CELL = "cell"
    """A select of a comparison's cells: draws the chosen one as a request of its own."""
    GIF = "gif"
    """Shows an animation to those whose client plays no WebP."""
    NEXT_SEED = "next-seed"
    """Of a figure: the same with the seed after it."""
    USE = "use"
    """As a form: a new request with the settings of a picture."""


@dataclass(frozen=True, slots=True)
class Press:
    """What was pressed: what it does, to which generation, and to which of its pictures."""

    kind: PressKind
    generation_id: int
    picture: int = 0

    @property
    def custom_id(self) -> str:
        return f"noisefox:{self.kind}:{self.generation_id}:{self.picture}"

    @classmethod
    def read(cls, custom_id: str) -> Self | None:
        """The press of a custom_id; None where it is not one of these."""
        match = TEMPLATE.fullmatch(custom_id)
        return None if match is None else cls.of(match)

    @classmethod
    def of(cls, match: "re.Match[str]") -> Self | None:
        """The press of a matched custom_id; None where its kind is not known (any more)."""
        if match["kind"] not in list(PressKind):
            return None
        return cls(PressKind(match["kind"]), int(match["generation"]), int(match["picture"]))


TEMPLATE = re.compile(r"noisefox:(?P<kind>[a-z-]+):(?P<generation>\d{1,18}):(?P<picture>\d)")

Pressed = Callable[[discord.Interaction, Press], Awaitable[None]]
Matched = Callable[[discord.Interaction, "re.Match[str]", Sequence[str]], Awaitable[None]]


def pressable(on_press: Pressed) -> type[ui.DynamicItem[Any]]:
    """The item to register with a client so that every button and select of a picture, however old, ends in
    `on_press`."""

    async def pressed(interaction: discord.Interaction, match: "re.Match[str]", values: Sequence[str]) -> None:
        press = Press.of(match)
        if press is not None and press.kind is PressKind.MORE:
            press = Press.read(f"noisefox:{values[0]}:{press.generation_id}:{press.picture}")
        elif press is not None and press.kind in (PressKind.PICK, PressKind.CELL):
            press = replace(press, picture=int(values[0]))
        if press is None:
            raise Refusal("This button does nothing any more. Ask for a new picture with /imagine.")
        await on_press(interaction, press)

    return lasting(TEMPLATE, pressed)


def lasting(template: re.Pattern[str], on_match: Matched) -> type[ui.DynamicItem[Any]]:
    """The item to register with a client so that whatever has a custom_id of a template ends in `on_match`, with what
    was chosen if it is a select.

    discord.py only logs what such an item raises, so that errors are answered here.
    """

    class Lasting(ui.DynamicItem[ui.Item[Any]], template=template):
        def __init__(self, item: ui.Item[Any], match: re.Match[str]) -> None:
            super().__init__(item)
            self._match = match

        @classmethod
        async def from_custom_id(cls, _: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
            return cls(item, match)

        async def callback(self, interaction: discord.Interaction) -> None:
            assert isinstance(interaction.client, Client)
            try:
                interaction.client.admit(interaction)
                data: Any = interaction.data or {}
                await on_match(interaction, self._match, data.get("values", ()))
            except Exception as error:  # noqa: BLE001 - the error edge of buttons
                await answer_error(interaction, error)

    return Lasting
