"""Keeps secrets out of the log: tokens of interactions, which stand in addresses, the bot's own, keys of the Hugging
Face hub, and passwords in addresses."""

import logging
import re
import sys
import threading
import traceback
from types import TracebackType

HIDDEN = "[token]"

_ADDRESS = re.compile(r"((?:/|%2F)(?:webhooks|interactions)(?:/|%2F)\d+(?:/|%2F))[^/\s?'\"<>()\\]+", re.IGNORECASE)
"""The part of an address before a token, and the token."""

_START = r"(?:(?<![\w-])|(?<=%[0-9A-Fa-f]{2}))"
"""The start of a word, or what follows a character that is percent-encoded."""

_TOKEN = re.compile(
    rf"aW50ZXJhY3Rpb2[\w.=-]+|{_START}[\w-]{{23,28}}(?:\.|%2[Ee])[\w-]{{6,7}}(?:\.|%2[Ee])[\w-]{{27,}}"
    rf"|(?<=Bot )[\w.-]{{20,}}|{_START}hf_\w{{16,}}"
)
"""A secret by its look: the token of an interaction or of a bot, or a key of the hub."""

_PASSWORD = re.compile(r"(?<=://)([^/\s:@'\"]*:)[^/\s@'\"]+(?=@)")
"""The name and the password in an address, as that of a proxy has them."""


def redacted(text: str) -> str:
    """A text without tokens and passwords."""
    return _TOKEN.sub(HIDDEN, _PASSWORD.sub(rf"\g<1>{HIDDEN}", _ADDRESS.sub(rf"\g<1>{HIDDEN}", text)))


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
