"""The permissions that the bot needs: one list for the invitation and for checks."""

from collections.abc import Sequence

import discord

from generation.sentences import Sentence

_LABELS = {
    "view_channel": Sentence("View Channel"),
    "send_messages": Sentence("Send Messages"),
    "send_messages_in_threads": Sentence("Send Messages in Threads"),
    "attach_files": Sentence("Attach Files"),
    "read_message_history": Sentence("Read Message History"),
}
"""By discord.py's names, as Discord shows them."""

NEEDED = discord.Permissions(**dict.fromkeys(_LABELS, True))


def speaking(channel: object, *, files: bool = False, reply: bool = False) -> list[str]:
    """The permissions needed to post in a channel; with `files`, and as a `reply` to another message."""
    words = "send_messages_in_threads" if isinstance(channel, discord.Thread) else "send_messages"
    return ["view_channel", words, *["attach_files"] * files, *["read_message_history"] * reply]


def missing(held: discord.Permissions, needed: Sequence[str]) -> list[Sentence]:
    """The permissions of `needed` that are not held, as Discord shows them."""
    return [_LABELS[name] for name in needed if not getattr(held, name)]
