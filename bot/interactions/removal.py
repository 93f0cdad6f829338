"""Says why a message cannot be removed, so that its pictures are kept with it."""

import contextlib
from collections.abc import Iterator

import discord

from bot.errors import Refusal

_ARCHIVED = 50083
"""Discord's error code for a thread that is archived."""


@contextlib.contextmanager
def explained_removal() -> Iterator[None]:
    """Raise `Refusal` where Discord refuses to remove a message."""
    try:
        yield
    except discord.HTTPException as refusal:
        if refusal.code == _ARCHIVED:
            raise Refusal(
                "This thread is archived. Write something in it to reopen it, then delete again."
            ) from refusal
        raise Refusal("Discord didn't delete the message, so the picture is kept. Try again later.") from refusal
