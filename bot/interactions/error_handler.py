"""The one place where errors of commands, buttons and forms end: each becomes a sentence that only its user sees."""

import logging

import discord
from discord import app_commands

from bot.errors import Refusal, sentence_for
from bot.failure_log import log_failure
from bot.interactions.respond import LOST, AnsweredElsewhere, tell
from generation.errors import UserError
from generation.settings import BROKEN_TEXT

MESSAGE_LENGTH = 2000
"""Discord's limit for the content of a message, in characters."""

OUTDATED = (app_commands.CommandNotFound, app_commands.CommandSignatureMismatch, app_commands.TransformerError)
"""Errors for a command or option of another version of the bot, which somebody's Discord still offers."""

RESTART = Refusal("Your Discord shows an older version of my commands. Restart Discord, then use the command again.")

BROKEN = Refusal(BROKEN_TEXT)
"""The answer to a text that no file and no database can hold."""

log = logging.getLogger(__name__)


def cause_of(error: Exception) -> Exception:
    """What a command raised, without the error that discord.py wraps it in."""
    return error.original if isinstance(error, app_commands.CommandInvokeError) else error


async def answer_error(interaction: discord.Interaction, error: Exception) -> None:
    """Tell the user privately what went wrong, and log errors that are not meant for people.

    A follow-up fills a message that still waits for an answer; links in the sentence get no preview.
    """
    cause = cause_of(error)
    if isinstance(cause, OUTDATED):
        log.info("interaction %s is of another version: %s", interaction.id, cause)
        cause = RESTART
    if isinstance(cause, UnicodeEncodeError):
        cause = BROKEN
    if interaction.client.is_closed():
        log.info("interaction %s is left unanswered, for the bot closes: %s", interaction.id, type(cause).__name__)
        return
    if isinstance(cause, AnsweredElsewhere):
        _note_other_bot(interaction)
        return
    if not isinstance(cause, UserError):
        log_failure(log, cause, "interaction %s failed", interaction.id)
    try:
        if interaction.type is discord.InteractionType.autocomplete:
            await interaction.response.autocomplete([])
        else:
            await tell(interaction, sentence_for(cause)[:MESSAGE_LENGTH])
    except AnsweredElsewhere:
        _note_other_bot(interaction)
    except (discord.HTTPException, *LOST) as unsaid:
        log.warning("interaction %s can no longer be answered: %s", interaction.id, unsaid)


def _note_other_bot(interaction: discord.Interaction) -> None:
    log.warning("interaction %s was answered by somebody else: does a second bot use this token?", interaction.id)
