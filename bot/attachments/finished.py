"""Finished pictures as files within Discord's size limits."""

import asyncio
import logging
from dataclasses import dataclass

from bot.attachments import encode
from generation.controls import ROLES
from generation.figures import files
from storage.images import Images
from storage.records import Generation, Picture

log = logging.getLogger(__name__)

DISCORD_FILE_BYTES = 10 * 2**20
"""Discord's limit for one file, unless the server or the interaction has its own."""

BEFORE_BYTES = 2**19
"""The most for a picture that is only shown beside the one that it was changed into."""

REQUEST_BYTES = 24 * 2**20
"""Limit for all files of one message together: Discord's 25 MiB, less some room for the text."""


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture file to post: its index in the request, its bytes, the ending of its name, whether every pixel is
    unchanged, and the size of the stored original in bytes."""

    index: int
    data: bytes
    ending: str
    exact: bool = True
    kept_bytes: int = 0


def controls_for(generation: Generation, user_id: int) -> dict[int, str]:
    """The files of the control pictures of a request that a person may see, by index: those of their own request, but
    for what other people gave, which a request that was derived from theirs has too."""
    if generation.origin.user_id != user_id:
        return {}
    files = enumerate(getattr(generation.inputs, role) for role in ROLES)
    return {index: file for index, file in files if file and Images.giver_of(file) in (None, user_id)}


class FinishedFiles:
    """Reads stored pictures and encodes them to fit."""

    def __init__(self, images: Images) -> None:
        self._images = images

    async def of(self, generation: Generation, most: int = DISCORD_FILE_BYTES) -> list[PictureFile]:
        """All pictures of a request that may be shown and still exist, or its figures. Each has at most `most` bytes,
        and together they fit in one message."""
        pictures = [picture for picture in generation.shown if picture.file]
        if generation.figures:
            return await self._figures(generation, most) if pictures else []
        most = min(most, REQUEST_BYTES // max(len(pictures), 1))
        finished_files = [await self._fitting(picture, most) for picture in pictures]
        return [each for each in finished_files if each]

    async def one(self, generation: Generation, index: int, most: int = DISCORD_FILE_BYTES) -> PictureFile | None:
        """One picture of a request; None if it no longer exists or may not be shown."""
        picture = next((each for each in generation.shown if each.index == index), None)
        return await self._fitting(picture, min(most, REQUEST_BYTES)) if picture else None

    async def before(self, generation: Generation, parent: Generation | None) -> PictureFile | None:
        """The picture that an edit has changed, where it is shown in the same channel; None where it is not, and for
        other requests."""
        if not generation.lineage.action.edits or parent is None or not generation.shown:
            return None
        if generation.origin.channel_id != parent.origin.channel_id:
            return None
        return await self.one(parent, generation.lineage.picture or 0, BEFORE_BYTES)

    async def controls(self, generation: Generation, user_id: int, most: int = DISCORD_FILE_BYTES) -> list[PictureFile]:
        """The control pictures of a request, as they were made for it, that a person may see and that still exist."""
        most = min(most, REQUEST_BYTES // len(ROLES))
        read = [await self._fitted(index, file, most) for index, file in controls_for(generation, user_id).items()]
        return [each for each in read if each]

    async def gif(self, generation: Generation) -> bytes | None:
        """The animation of an explained drawing as a GIF; None if it no longer exists."""
        animation = await self._figure(generation.figures[-1]) if generation.figures and generation.shown else None
        return await asyncio.to_thread(files.as_gif, animation[0]) if animation else None

    async def thumbnail(self, generation: Generation) -> bytes | None:
        """A small JPEG of the first picture that needs no spoiler; None if there is none."""
        open_ones = (each for each in generation.shown if each.file and not generation.covers(each))
        picture = next(open_ones, None)
        try:
            return await asyncio.to_thread(encode.thumbnail, await self._read(picture)) if picture else None
        except OSError:
            return None

    async def _figures(self, generation: Generation, most: int) -> list[PictureFile]:
        most = min(most, REQUEST_BYTES // len(generation.figures))
        read = [await self._figure(name) for name in generation.figures]
        return [PictureFile(index, *each) for index, each in enumerate(read) if each and len(each[0]) <= most]

    async def _figure(self, name: str) -> tuple[bytes, str] | None:
        try:
            return await self._images.read(name), name.rpartition(".")[2]
        except OSError as reason:
            log.warning("the file %s cannot be shown: %s", name, reason)
            return None

    async def _fitting(self, picture: Picture, most: int) -> PictureFile | None:
        return await self._fitted(picture.index, picture.file, most)

    async def _fitted(self, index: int, file: str | None, most: int) -> PictureFile | None:
        try:
            png = await self._images.read(file or "")
            fit = await asyncio.to_thread(encode.fitting, png, most)
        except OSError as reason:
            log.warning("the file %s cannot be shown: %s", file, reason)
            return None
        return PictureFile(index, fit.data, fit.ending, fit.exact, len(png))

    async def _read(self, picture: Picture) -> bytes:
        return await self._images.read(picture.file or "")
