"""Prompts that describe a picture that somebody gives."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from bot.errors import Refusal
from bot.policy.request_context import RequestContext
from bot.prompts import flags
from bot.requests.inputs import GivenPicture, PictureReader
from generation import colours
from generation.loras import Loras
from generation.vision import Vision

PROMPTS = 4
"""The most prompts of one picture."""


class Descriptions:
    """Describes pictures. It raises `UserError` for what is refused."""

    def __init__(self, *, pictures: PictureReader, vision: Vision, loras: Loras) -> None:
        self._pictures = pictures
        self._vision = vision
        self._loras = loras
        self._described: set[int] = set()
        """The people for whom a picture is looked at now."""

    async def of(self, context: RequestContext, url: str) -> list[str]:
        """Prompts for a picture like the one at an address, with its shape and colours as flags."""
        context.check([], context.usual_model)
        with self._alone(user_id := context.requester.user_id):
            async with self._pictures.turn_of(user_id):
                [picture] = await self._pictures.read([url])
            context.check_pictures([picture.fingerprint])
            words = await self._words(context, picture)
            named = await asyncio.to_thread(colours.of, picture.png)
            shape = flags.shape_of(picture.size)
        return [f"{each} {flags.described(shape, named)}" for each in words]

    async def _words(self, context: RequestContext, picture: GivenPicture) -> list[str]:
        """Descriptions without flags: the prompt that the picture was drawn with, where it tells, with the LoRAs that
        can be used here, and what a model sees."""
        own = self._loras.without_others(picture.prompt, context.usual_model, context.may_use)
        sees = bool(self._vision.models.captioner)
        seen = await self._vision.captions(picture.png, PROMPTS) if sees else ()
        words = dict.fromkeys(filter(None, (flags.split(each)[0] for each in (own, *seen))))
        if not words and sees:
            raise Refusal("I can't describe this picture. Try another one.")
        if not words:
            raise Refusal(
                "This picture doesn't say what it was drawn with, and this bot has no model that describes pictures."
            )
        return list(words)[:PROMPTS]

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
