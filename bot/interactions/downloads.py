"""Files that people posted on Discord."""

import asyncio
import re
from io import BytesIO

import aiohttp
from discord.http import Route
from yarl import URL

from bot.errors import Refusal
from generation.images import UPLOAD_BYTES
from generation.sentences import Sentence

AT_ONCE_SECONDS = 2.0
"""Time for a download before the acknowledgement, for which Discord waits 3 s."""

SECONDS = 30.0
"""Time for a download after the acknowledgement."""

TOO_LONG = Sentence("Downloading the picture took too long. Try again.")


HOSTS = re.compile(r"cdn\.discordapp\.com|media\.discordapp\.net|images-ext-\d+\.discordapp\.net")
"""Where Discord keeps attachments."""


async def download(url: str, seconds: float = SECONDS, most: int = UPLOAD_BYTES) -> bytes:
    """The file behind a link of Discord's. Raises `Refusal` where it cannot be downloaded within `seconds`, has more
    than `most` bytes, or is elsewhere."""
    try:
        async with asyncio.timeout(seconds):
            return await _downloaded(URL(url), most)
    except TimeoutError:
        raise Refusal(TOO_LONG) from None
    except (aiohttp.ClientError, OSError, ValueError):
        raise Refusal("The picture can't be downloaded any more. Attach it again.") from None


async def _downloaded(url: URL, most: int) -> bytes:
    """At most `most` bytes, however many are announced. No redirect is followed."""
    official = url.scheme == "https" and HOSTS.fullmatch(url.host or "") is not None
    if not official and url.origin() != URL(Route.BASE).origin():
        raise Refusal("I only read pictures that are on Discord. Attach it to your message.")
    data = BytesIO()
    async with (
        aiohttp.ClientSession(auto_decompress=False, raise_for_status=True) as session,
        session.get(url, allow_redirects=False) as response,
    ):
        if response.status != 200:
            raise Refusal("The picture can't be downloaded any more. Attach it again.")
        async for chunk in response.content.iter_chunked(2**16):
            data.write(chunk)
            if data.tell() > most:
                raise Refusal("The file is larger than {most} MiB. Save the picture smaller.", most=most // 2**20)
    return data.getvalue()
