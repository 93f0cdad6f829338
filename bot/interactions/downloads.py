"""Files that people posted on Discord."""

import asyncio

import aiohttp
import discord

from bot.errors import Refusal

AT_ONCE_SECONDS = 2.0
"""How long a file may take to come while Discord waits for an answer, which it does for 3 s."""

SECONDS = 30.0
"""How long it may take once that was acknowledged."""


async def fetched(client: discord.Client, url: str, seconds: float = SECONDS) -> bytes:
    """The file behind a link. Raises `Refusal` where it does not come, within `seconds` or at all."""
    try:
        async with asyncio.timeout(seconds):
            return await client.http.get_from_cdn(url)
    except TimeoutError:
        raise Refusal("Downloading the picture took too long. Try again.") from None
    except (discord.HTTPException, aiohttp.ClientError, OSError):
        raise Refusal("The picture can't be downloaded any more. Attach it again.") from None
