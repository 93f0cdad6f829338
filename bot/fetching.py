"""Files that people posted on Discord, fetched while Discord waits for an answer."""

import asyncio

import discord

from bot.errors import Refusal

SECONDS = 2.0
"""How long a file may take to come: Discord waits 3 s for an answer."""


async def fetched(client: discord.Client, url: str) -> bytes:
    """The file behind a link. Raises `Refusal` where it does not come, in time or at all."""
    try:
        async with asyncio.timeout(SECONDS):
            return await client.http.get_from_cdn(url)
    except TimeoutError:
        raise Refusal("The picture takes too long to come. Try again.") from None
    except discord.HTTPException:
        raise Refusal("The picture cannot be fetched any more.") from None
