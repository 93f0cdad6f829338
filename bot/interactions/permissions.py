"""What the bot must be allowed on a server: the one list, by which it is invited and which it checks."""

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
"""By Discord's names: to see and answer where it is asked, with pictures, and to reply to the message that somebody
reacted to."""

NEEDED = discord.Permissions(**dict.fromkeys(_LABELS, True))


def speaking(channel: object, *, files: bool = False, reply: bool = False) -> list[str]:
    """What it takes to post in a channel: words, and where asked for, files and an answer to another message."""
    words = "send_messages_in_threads" if isinstance(channel, discord.Thread) else "send_messages"
    return ["view_channel", words, *["attach_files"] * files, *["read_message_history"] * reply]


def missing(held: discord.Permissions, needed: Sequence[str]) -> list[Sentence]:
    """Those of `needed` that are not held, as Discord shows them."""
    return [_LABELS[name] for name in needed if not getattr(held, name)]
