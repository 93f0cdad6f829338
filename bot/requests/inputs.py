"""Given pictures, and pictures with room around them, as the inputs of a request."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

from bot.attachments.decoder_processes import DecoderProcesses
from bot.requests.pending import Outpaint
from generation import painted, preprocessors
from generation.controls import ROLES, ControlKind
from generation.jobs import Inputs
from generation.painted import PaintedCanvas
from generation.settings import GenerationSettings
from generation.vision import Vision

AT_ONCE = 2
"""Requests whose pictures are in memory at the same time, each of another person: nobody takes all decoders."""

Fetch = Callable[[str], Awaitable[bytes]]
"""Downloads a picture that somebody posted. Raises `Refusal`."""


@dataclass(frozen=True, slots=True)
class GivenPicture:
    """A picture that somebody gave, as a PNG file; `size` is its width and height in pixels."""

    png: bytes
    size: tuple[int, int]
    fingerprint: str
    """See `generation.fingerprints`."""
    prompt: str = ""
    """The prompt in its metadata; empty where there is none."""


class PictureReader:
    """Downloads and reads the pictures that people give, and makes room around the bot's own."""

    def __init__(self, decoders: DecoderProcesses, fetch: Fetch, vision: Vision) -> None:
        self._decoders = decoders
        self._fetch = fetch
        self._vision = vision
        self._places = asyncio.Semaphore(AT_ONCE)
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn_of(self, user_id: int) -> AsyncIterator[None]:
        """Wait until a person's pictures may be in memory; whoever reads some holds this until they are kept."""
        async with self._turns.setdefault(user_id, asyncio.Lock()), self._places:
            yield

    async def read(self, urls: Sequence[str]) -> list[GivenPicture]:
        """Download given files and decode them outside this process, one after another. Raises `UserError`."""
        return [GivenPicture(*await self._decoders.tidied(await self._fetch(url))) for url in urls]

    async def followed(self, settings: GenerationSettings, inputs: Inputs) -> Inputs:
        """The inputs with every control picture made into what the settings name, outside this process. Raises
        `UserError`."""
        size = settings.width, settings.height
        made = {
            role: await self._made(control.made, getattr(inputs, role), size)
            for role, control in zip(ROLES, settings.controls, strict=False)
            if getattr(inputs, role) and control.made
        }
        return replace(inputs, **made)

    async def _made(self, kind: ControlKind, png: bytes, size: tuple[int, int]) -> bytes:
        if kind not in preprocessors.MODELS:
            return await self._decoders.run(preprocessors.prepared, kind, png, size)
        scaled = await self._decoders.run(preprocessors.scaled, png, size)
        return await (self._vision.depth(scaled) if kind is ControlKind.DEPTH else self._vision.pose(scaled))

    async def canvas(self, png: bytes, work: Outpaint) -> Inputs:
        """A picture with room around it, made outside this process. Raises `UnusableImage`."""
        return await self._decoders.canvas(png, work.size, work.zoom_or_direction, work.side)

    async def painted(self, png: bytes, mask: bytes, canvas: PaintedCanvas) -> Inputs:
        """What a job starts from that draws a painted part of a picture, made outside this process; see
        `painted.inputs_of`. Raises `UnusableImage`."""
        return await self._decoders.run(painted.inputs_of, png, mask, canvas)
