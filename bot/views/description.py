"""The prompts that describe a picture, each with a button that draws it."""

import re
from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.locales import say
from bot.views.message import MessageContent, framed
from bot.views.text import SHOWN_PROMPT, shown

DRAW = re.compile(r"noisefox-describe:(?P<draft>[0-9]{1,18}):(?P<number>[0-9])")


def described(prompts: Sequence[str], draft: int) -> MessageContent:
    """The message with the prompts, which are kept as a draft."""
    lines = "\n".join(f"**{number}.** {shown(each, SHOWN_PROMPT)}" for number, each in enumerate(prompts, start=1))
    buttons: list[ui.Button[Any]] = [
        ui.Button(
            label=say("Draw {number}", number=index + 1),
            style=discord.ButtonStyle.primary,
            custom_id=f"noisefox-describe:{draft}:{index}",
        )
        for index in range(len(prompts))
    ]
    title = say("Prompts for a picture like yours")
    return MessageContent(framed([ui.TextDisplay(f"**{title}**\n{lines}"), ui.ActionRow(*buttons)]))
