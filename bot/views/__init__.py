"""What a message looks like: a record or an event in, a Components V2 view with its files out. Nothing is sent here."""

from bot.views.message import MessageContent
from bot.views.request import ended, file_of_one, letter, of_one, outcome, starting, underway, which

__all__ = ["MessageContent", "ended", "file_of_one", "letter", "of_one", "outcome", "starting", "underway", "which"]
