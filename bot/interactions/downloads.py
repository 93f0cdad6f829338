"""Files that people posted on Discord."""

import asyncio

import aiohttp
import discord

from bot.errors import Refusal

AT_ONCE_SECONDS = 2.0
"""Time for a download before the acknowledgement, for which Discord waits 3 s."""

SECONDS = 30.0
"""Time for a download after the acknowledgement."""


async def download(client: discord.Client, url: str, seconds: float = SECONDS) -> bytes:
    """The file behind a link. Raises `Refusal` where it cannot be downloaded within `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            return await client.http.get_from_cdn(url)
    except TimeoutError:
        raise Refusal("Downloading the picture took too long. Try again.") from None
    except (discord.HTTPException, aiohttp.ClientError, OSError):
        raise Refusal("The picture can't be downloaded any more. Attach it again.") from None
