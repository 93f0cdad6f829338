"""Finds the bot's token in the text that a person saved: alone, or set as a variable in a line of a
.env file."""

import re

VARIABLE = "NOISEFOX_TOKEN"

ASSIGNMENT = re.compile(rf"^[ \t]*(?:export[ \t]+)?(?:{VARIABLE}|DISCORD_TOKEN)[ \t]*=(?P<value>.*)$", re.MULTILINE)
"""A line that sets the variable, as in a .env file."""

_TOKEN = re.compile(r"[\w.+/:-]+", re.ASCII)
_COMMENT = re.compile(r"(?:^|\s)#.*")
_QUOTED = re.compile(r"""(['"])(?P<inside>.*)\1""")


class NoToken(ValueError):
    """The text holds no token; the message says why and what to do, and repeats none of the text."""


def token_in(text: str) -> str:
    """The token in a text. Raises `NoToken`."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    assigned = [match["value"] for line in lines if (match := ASSIGNMENT.match(line))]
    found = [token for value in assigned or lines if (token := _unquoted(value))]
    if not found:
        raise NoToken("is empty. Copy the token from the Bot page of your app.")
    if len(found) > 1:
        raise NoToken("has several lines. Keep only the token.")
    if not _TOKEN.fullmatch(found[0]):
        raise NoToken("holds characters that no token has. Keep only the token, with nothing around it.")
    return found[0]


def _unquoted(value: str) -> str:
    value = _COMMENT.sub("", value).strip()
    quoted = _QUOTED.fullmatch(value)
    return (quoted["inside"] if quoted else value).strip()
