"""Keeps tokens out of the log: those of interactions, which stand in addresses, and the bot's own."""

import logging
import re

HIDDEN = "[token]"

_ADDRESS = re.compile(r"((?:/|%2F)(?:webhooks|interactions)(?:/|%2F)\d+(?:/|%2F))[^/\s?'\"<>()\\]+", re.IGNORECASE)
"""The part of an address before a token, and the token."""

_TOKEN = re.compile(r"aW50ZXJhY3Rpb2[\w.=-]+|(?<![\w-])[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}|(?<=Bot )[\w.-]{20,}")
"""A token by its look: of an interaction, or of a bot."""


def redacted(text: str) -> str:
    """A text without tokens."""
    return _TOKEN.sub(HIDDEN, _ADDRESS.sub(rf"\g<1>{HIDDEN}", text))


class RedactingFormatter(logging.Formatter):
    """Writes lines and tracebacks without tokens."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))
