"""The settings in the metadata of pictures that people posted, read before the acknowledgement."""

import asyncio

from bot.attachments import metadata
from bot.errors import Refusal
from bot.interactions.downloads import AT_ONCE_SECONDS, TOO_LONG, download
from bot.interactions.message_pictures import METADATA_FILE_BYTES, PostedPicture
from generation.settings import GenerationSettings

AT_ONCE = 3
"""Files that are in memory at the same time; each may have 25 MiB."""


class PostedSettings:
    """Downloads few pictures at a time; who would wait for too long is refused."""

    def __init__(self, seconds: float = AT_ONCE_SECONDS) -> None:
        self._seconds = seconds
        self._places = asyncio.Semaphore(AT_ONCE)

    async def of(self, picture: PostedPicture) -> GenerationSettings:
        """The settings of a picture. Raises `UserError` where it has none, or cannot be read in time."""
        try:
            async with asyncio.timeout(self._seconds), self._places:
                data = await download(picture.url, self._seconds, METADATA_FILE_BYTES)
                return await asyncio.to_thread(metadata.settings_in, data)
        except TimeoutError:
            raise Refusal(TOO_LONG) from None
