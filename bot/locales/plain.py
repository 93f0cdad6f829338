"""Text from people and from configurations, shown as it was typed: Discord finds nothing in it to format, link or ping.

Discord's own rule is that a backslash makes the following mark plain, unless that is a letter, a digit or a space.
https://discord.com/developers/docs/reference#message-formatting
"""

import re

from generation.sentences import Markup

_MARK = re.compile(
    r"""
    [\\*_~|`\[\]<#]                                 # emphasis, spoilers, code, links, mentions, headings
    | (?: ^ | (?<=\r) ) [^\S\r\n]*+ (?: \d++ )? [>+.)-]   # quotes, lists and small text, where a line begins
    | : (?= \S )                                    # addresses, and emoji by name
    """,
    re.VERBOSE | re.MULTILINE,
)

_PING = re.compile(r"@(?=everyone|here|[!&]?\d)", re.IGNORECASE)

_INVISIBLE = "\u200b"
"""A space without width: the server that reads mentions knows no backslash."""

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that turn the direction of the text around them; letters that run from right to left need none."""


def plain(text: str, most: int | None = None) -> Markup:
    """Text without formatting, links, mentions, emoji codes and turned directions; with `most`, cut after so many
    characters."""
    escaped = _PING.sub(f"@{_INVISIBLE}", _MARK.sub(_escaped, _TURNING.sub("", text)))
    if most is None or len(escaped) <= most:
        return Markup(escaped)
    cut = escaped[:most]
    backslashes = len(cut) - len(cut.rstrip("\\"))
    return Markup(cut[:-1] if backslashes % 2 else cut)


def in_code(text: str) -> Markup:
    """Text for inside a code span, which ends at the next backtick and knows no backslash."""
    return Markup(_TURNING.sub("", text).replace("`", ""))


def _escaped(mark: re.Match[str]) -> str:
    return f"{mark[0][:-1]}\\{mark[0][-1]}"
