"""How a failure is logged: what is out of the bot's hands in one line, anything else with its traceback."""

import logging

import aiohttp
import discord

from storage.database import StorageError

OUTSIDE = (StorageError, OSError, TimeoutError, aiohttp.ClientError, discord.NotFound, discord.DiscordServerError)
"""Errors of the database, the disk, the network or Discord, which the bot lives with."""


def log_failure(log: logging.Logger, error: BaseException, words: str, *values: object) -> None:
    """Log what failed, and why; `words` has places for the values, as in `logging`."""
    if isinstance(error, OUTSIDE):
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        log.warning(f"{words}: %s", *values, reason)
    else:
        log.error(words, *values, exc_info=error)
