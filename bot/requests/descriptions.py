"""Prompts that describe a picture that somebody gives."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from bot.errors import Refusal
from bot.policy.request_context import RequestContext
from bot.prompts import flags
from bot.requests.inputs import GivenPicture, PictureReader
from generation import colours
from generation.vision import Vision

PROMPTS = 4
"""The most prompts of one picture."""


class Descriptions:
    """Describes pictures. It raises `UserError` for what is refused."""

    def __init__(self, *, pictures: PictureReader, vision: Vision) -> None:
        self._pictures = pictures
        self._vision = vision
        self._described: set[int] = set()
        """The people for whom a picture is looked at now."""

    async def of(self, context: RequestContext, url: str) -> list[str]:
        """Prompts for a picture like the one at an address, with its shape and colours as flags."""
        context.check([], context.usual_model)
        with self._alone(user_id := context.requester.user_id):
            async with self._pictures.turn_of(user_id):
                [picture] = await self._pictures.read([url])
            context.check_pictures([picture.fingerprint])
            words = await self._words(picture)
            named = await asyncio.to_thread(colours.of, picture.png)
            shape = flags.shape_of(picture.size)
        return [f"{flags.split(each)[0]} {flags.described(shape, named)}" for each in words]

    async def _words(self, picture: GivenPicture) -> list[str]:
        """Descriptions: the prompt that the picture was drawn with, where it tells, and what a model sees."""
        words = [picture.prompt] if picture.prompt else []
        if self._vision.models.captioner:
            words += await self._vision.captions(picture.png, PROMPTS)
        if not words:
            raise Refusal(
                "This picture doesn't say what it was drawn with, and this bot has no model that describes pictures."
            )
        return list(dict.fromkeys(words))[:PROMPTS]

    @contextmanager
    def _alone(self, user_id: int) -> Iterator[None]:
        """Raise `Refusal` where a picture of the same person is looked at already."""
        if user_id in self._described:
            raise Refusal("I'm still looking at your last picture. Wait a moment.")
        self._described.add(user_id)
        try:
            yield
        finally:
            self._described.discard(user_id)
