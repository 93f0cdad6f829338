"""Acknowledgements of an interaction and answers to it. One whose answer is lost on the way ends no press."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from io import BytesIO
from types import MappingProxyType
from typing import TypeVar

import aiohttp
import discord

from bot.views.message import MessageContent, files_of
from generation.errors import NoisefoxError

log = logging.getLogger(__name__)

LOST = (discord.DiscordServerError, aiohttp.ClientError, OSError)
"""Errors after which it is not known whether Discord took an acknowledgement."""

ALREADY = 40060
"""Discord's error code for a second acknowledgement."""

SENT_AGAIN_SECONDS = 1.0
"""Seconds from which on discord.py may have sent an acknowledgement a second time by itself."""

_TAKEN = "acknowledged"
"""The key of an interaction's extras: True where Discord has taken an acknowledgement, though discord.py does not know
that, and False where that is not known."""


_NO_FILES: Mapping[str, bytes] = MappingProxyType({})

_Taken = TypeVar("_Taken")


class AnsweredElsewhere(NoisefoxError):
    """Another process with the same token has acknowledged an interaction."""


async def sent_first(respond: Callable[[], Awaitable[_Taken]]) -> _Taken:
    """Send the first acknowledgement of an interaction. Raises `AnsweredElsewhere` where Discord has one already that
    is not ours, and what discord.py raises."""
    sent = time.monotonic()
    try:
        return await respond()
    except discord.HTTPException as refusal:
        if refusal.code == ALREADY and time.monotonic() - sent < SENT_AGAIN_SECONDS:
            raise AnsweredElsewhere("another process has answered") from None
        raise


def is_acknowledged(interaction: discord.Interaction) -> bool:
    """True where Discord is known to have an acknowledgement: what is said from then on follows it."""
    return interaction.response.is_done() or interaction.extras.get(_TAKEN, False)


async def defer(interaction: discord.Interaction, *, thinking: bool = False) -> None:
    """Acknowledge now and answer later; where that is lost, go on as if Discord had taken it.

    thinking: show privately that an answer comes, instead of changing the message that was pressed.
    """
    await _acknowledge(interaction, lambda: interaction.response.defer(ephemeral=thinking, thinking=thinking))


async def answer(interaction: discord.Interaction, content: MessageContent) -> None:
    """Answer privately; where the answer was deferred, fill it."""
    content.view.stop()
    if is_acknowledged(interaction) or not await _acknowledge(
        interaction,
        lambda: interaction.response.send_message(view=content.view, files=files_of(content), ephemeral=True),
    ):
        await interaction.edit_original_response(view=content.view, attachments=files_of(content))


async def tell(interaction: discord.Interaction, sentence: str, files: Mapping[str, bytes] = _NO_FILES) -> None:
    """Say something privately, with files by name. It fills an answer that was deferred, and follows another; links get
    no preview."""

    def attached() -> list[discord.File]:
        return [discord.File(BytesIO(data), filename=name) for name, data in files.items()]

    if is_acknowledged(interaction) or not await _acknowledge(
        interaction,
        lambda: interaction.response.send_message(sentence, files=attached(), ephemeral=True, suppress_embeds=True),
    ):
        await interaction.followup.send(sentence, files=attached(), ephemeral=True, suppress_embeds=True)


async def change(interaction: discord.Interaction, content: MessageContent) -> None:
    """Answer a press by changing the message that was pressed."""
    content.view.stop()
    await _acknowledge(
        interaction,
        lambda: interaction.response.edit_message(view=content.view, attachments=files_of(content)),
    )


async def open_form(interaction: discord.Interaction, form: discord.ui.Modal) -> None:
    """Answer with a form."""
    await _acknowledge(interaction, lambda: interaction.response.send_modal(form))


async def _acknowledge(interaction: discord.Interaction, respond: Callable[[], Awaitable[object]]) -> bool:
    """Acknowledge, and once more where the connection is cut: Discord takes one of both, and says so.

    False where an acknowledgement of before, of which that was not known, has been taken instead. Raises
    `AnsweredElsewhere`.
    """
    was_sent = _TAKEN in interaction.extras
    for number in range(2):
        try:
            await (respond() if was_sent or number else sent_first(respond))
        except LOST as failure:
            reason = type(failure).__name__
            log.warning("it is not known whether interaction %s is acknowledged: %s", interaction.id, reason)
            interaction.extras[_TAKEN] = False
            if isinstance(failure, discord.HTTPException):  # discord.py has tried that again by itself
                return True
        except discord.HTTPException as refusal:
            if refusal.code != ALREADY:
                raise
            interaction.extras[_TAKEN] = True
            return not was_sent
        else:
            return True
    return True
