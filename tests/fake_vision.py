"""Looking at pictures without a model: what a test says is there."""

import asyncio
from io import BytesIO

from PIL import Image

from generation.vision import VisionFailed, VisionModels

Box = tuple[int, int, int, int]


class FakeVision:
    """A `Vision` that finds the things that `boxes` has: left, top, right and bottom in pixels, by name."""

    def __init__(self) -> None:
        self.models = VisionModels(segmenter="fake", captioner="fake", background="fake", depth="fake", pose="fake")
        self.boxes: dict[str, Box] = {}
        self.texts: tuple[str, ...] = ()
        """What pictures are described with."""
        self.blind = False
        """True to fail."""
        self.sees = asyncio.Event()
        """Cleared to keep everybody waiting."""
        self.sees.set()

    async def segment(self, picture: bytes, name: str) -> bytes:
        await self.sees.wait()
        self._look()
        mask = Image.new("L", Image.open(BytesIO(picture)).size)
        if box := self.boxes.get(name):
            mask.paste(255, box)
        return _png(mask)

    async def captions(self, picture: bytes, number: int) -> tuple[str, ...]:
        self._look()
        return self.texts[:number]

    async def cut_out(self, picture: bytes) -> bytes:
        self._look()
        image = Image.open(BytesIO(picture)).convert("RGB")
        alpha = Image.new("L", image.size)
        alpha.paste(255, self.boxes.get("front", (0, 0, *image.size)))
        image.putalpha(alpha)
        return _png(image)

    async def depth(self, picture: bytes) -> bytes:
        self._look()
        return _png(Image.linear_gradient("L").resize(Image.open(BytesIO(picture)).size))

    async def pose(self, picture: bytes) -> bytes:
        self._look()
        return _png(Image.new("RGB", Image.open(BytesIO(picture)).size))

    def _look(self) -> None:
        if self.blind:
            raise VisionFailed


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
