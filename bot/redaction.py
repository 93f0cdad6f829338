"""Keeps tokens out of the log: those of interactions, which stand in addresses, and the bot's own."""

import logging
import re
import sys
import threading
import traceback
from types import TracebackType

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


def redact_uncaught() -> None:
    """Write without tokens, from now on, what nobody catches, and what is logged before the log is set up."""
    sys.excepthook = _write_uncaught
    threading.excepthook = _write_uncaught_of_thread
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(RedactingFormatter())


def _write_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(redacted("".join(traceback.format_exception(kind, error, trace))))


def _write_uncaught_of_thread(uncaught: threading.ExceptHookArgs) -> None:
    if uncaught.exc_type is not SystemExit and uncaught.exc_value is not None:
        _write_uncaught(uncaught.exc_type, uncaught.exc_value, uncaught.exc_traceback)
