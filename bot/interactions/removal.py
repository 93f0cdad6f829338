"""Says why a message cannot be removed, so that its pictures are kept with it, or that both go later."""

import contextlib
from collections.abc import Iterator

import aiohttp
import discord

from bot.errors import Refusal

_ARCHIVED = 50083
"""Discord's error code for a thread that is archived."""


@contextlib.contextmanager
def explained_removal() -> Iterator[None]:
    """Raise `Refusal` where Discord refuses to remove a message, or does not say whether it did."""
    try:
        yield
    except (discord.DiscordServerError, aiohttp.ClientError, OSError) as unknown:
        raise Refusal("Discord doesn't answer right now. The picture is deleted as soon as it does.") from unknown
    except discord.HTTPException as refusal:
        if refusal.code == _ARCHIVED:
            raise Refusal(
                "This thread is archived. Write something in it to reopen it, then delete again."
            ) from refusal
        raise Refusal("Discord didn't delete the message, so the picture is kept. Try again later.") from refusal
