"""What a message looks like: a record or an event in, a Components V2 view with its files out. Nothing is sent here."""

from bot.layouts.look import Look
from bot.layouts.messages import ended, file_of_one, letter, of_one, outcome, starting, underway, which

__all__ = ["Look", "ended", "file_of_one", "letter", "of_one", "outcome", "starting", "underway", "which"]
