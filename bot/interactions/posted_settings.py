"""The settings in the metadata of pictures that people posted, read before the acknowledgement where they can be."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.attachments import metadata
from bot.attachments.decoder_processes import DecoderProcesses
from bot.errors import Refusal
from bot.interactions.downloads import AT_ONCE_SECONDS, SECONDS, TOO_LONG, download
from bot.interactions.message_pictures import METADATA_FILE_BYTES, PostedPicture
from generation.found_settings import FoundSettings
from generation.infotext import NoInfotext

AT_ONCE = 3
"""Files that are in memory at the same time; each may have 25 MiB."""


class PostedSettings:
    """Downloads few pictures at a time; who would wait for too long is refused."""

    def __init__(self, decoders: DecoderProcesses, seconds: float = AT_ONCE_SECONDS) -> None:
        self._decoders = decoders
        self._seconds = seconds
        self._places = asyncio.Semaphore(AT_ONCE)

    async def of(
        self, picture: PostedPicture, acknowledge: Callable[[], Awaitable[None]] | None = None
    ) -> FoundSettings:
        """The settings of a picture. Raises `UserError` where it has none, or cannot be read in time.

        Those behind its pixels or in them take longer: `acknowledge` is awaited before, and then there is time.
        """
        try:
            async with asyncio.timeout(self._seconds) as limit, self._places:
                data = await download(picture.url, self._seconds, METADATA_FILE_BYTES)
                try:
                    return await asyncio.to_thread(metadata.found_in, data)
                except NoInfotext:
                    if not metadata.may_hide(data):
                        raise
                if acknowledge:
                    limit.reschedule(asyncio.get_running_loop().time() + SECONDS)
                    await acknowledge()
                return await self._decoders.run(metadata.hidden_in, data)
        except TimeoutError:
            raise Refusal(TOO_LONG) from None
