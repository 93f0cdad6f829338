"""Searches everything that a test writes for tokens: log lines at every level, errors, and the output of programs."""

import logging

from bot.redaction import RedactingFormatter
from generation.errors import NoisefoxError
from playground.state.tokens import BOT_TOKEN

SIGNS = ("aW50ZXJhY3Rpb2", BOT_TOKEN.rpartition(".")[2])
"""How the token of an interaction, which is that of its webhook too, begins; and what is secret in the bot's."""

OURS = ("bot", "generation", "storage", "asyncio")
"""Loggers whose lines and tracebacks may hold no token at all. What others log is hidden by the program's formatter."""

_PLAIN = logging.Formatter()
OF_THE_PROGRAM = RedactingFormatter()


def place_of_token(text: str) -> str | None:
    """What stands before a token in a text; None where there is none."""
    places = [place for sign in SIGNS if (place := text.find(sign)) >= 0]
    return text[max(0, min(places) - 200) : min(places)] if places else None


class Searched(logging.Handler):
    """Notes who writes a token into a line of the log, or into the text of an error, whether or not that is logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        place = place_of_token(_PLAIN.format(record))
        if place is None:
            return
        if record.name.partition(".")[0] in OURS or place_of_token(OF_THE_PROGRAM.format(record)) is not None:
            self.found.append(f"{record.name}, {record.pathname}:{record.lineno}, after {place!r}")

    def taken(self) -> list[str]:
        """What was found since the last time."""
        found, self.found = self.found, []
        return found

    def watch_errors(self) -> None:
        """Search the text of every error of ours from now on."""
        made = NoisefoxError.__init__

        def make(error: NoisefoxError, *values: object) -> None:
            made(error, *values)
            if place_of_token(str(error)) is not None:
                self.found.append(f"the text of {type(error).__name__}")

        setattr(NoisefoxError, "__init__", make)  # noqa: B010 - typeshed knows another signature
