"""Records and events turned into messages: Components V2 views with their files. Nothing is sent from here."""

from bot.views.message import MessageContent
from bot.views.request import (
    cancelling,
    direct_message_versions,
    ended,
    ended_versions,
    file_of_one,
    of_one,
    outcomes,
    starting,
    underway,
    undone,
    which,
)

__all__ = [
    "MessageContent",
    "cancelling",
    "direct_message_versions",
    "ended",
    "ended_versions",
    "file_of_one",
    "of_one",
    "outcomes",
    "starting",
    "underway",
    "undone",
    "which",
]
