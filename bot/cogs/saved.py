"""The answer to a command that saves something: what was changed, and nothing else."""

from collections.abc import Iterable

import discord

from bot.interactions.error_handler import MESSAGE_LENGTH
from bot.interactions.respond import tell
from bot.locales import say
from bot.views.text import fitting
from generation.sentences import Sentence

BOTH = Sentence("Give a new value or choose remove, not both.")
"""Said where a command is told both to set and to remove."""


async def say_saved(interaction: discord.Interaction, lines: Iterable[str], where: Iterable[str | None] = ()) -> None:
    """Answer privately with one line for each change; `where` are the channel, role and model that they are for.

    An answer that was deferred is filled.
    """
    head = " · ".join([say("Saved."), *filter(None, where)])
    await tell(interaction, fitting([head, *(f"- {line}" for line in lines)], MESSAGE_LENGTH))
