"""Creative upscaling: image to image over an enlarged picture, tile by tile, adds the detail of the new size."""

from collections.abc import Generator
from dataclasses import replace

import numpy
import torch
from PIL import Image

from generation import cost, upscaling
from generation.engine.denoising.decoding import Decoding
from generation.engine.denoising.init_image import InitImage
from generation.engine.denoising.state import DenoisingState, predict
from generation.engine.models.unet_model import UNetModel
from generation.engine.runtime import memory
from generation.engine.upscalers.base import Report
from generation.engine.upscalers.tiles import Pixels, TileBlend
from generation.settings import PIXELS_PER_LATENT, GenerationSettings

ROWS = 2
"""Rows of a forward: one tile, without the prompt and with it."""


class Redrawing:
    """Redraws a picture of `width` x `height` pixels with more detail.

    It is cut at whole latents, into tiles of about the model's best size. All tiles take their noise from one field, as
    large as the picture, so that where two overlap they come out much the same.
    """

    def __init__(self, model: UNetModel, settings: GenerationSettings, width: int, height: int) -> None:
        self._model = model
        self._settings = upscaling.creative_settings(settings)
        self._size = upscaling.latents_covering(width), upscaling.latents_covering(height)
        self._tiling = upscaling.creative_tiling_for(model.spec)
        self._rows = ROWS
        self._steps = cost.steps_drawn(self._settings)

    @property
    def parts(self) -> int:
        """The steps of all tiles together."""
        return len(self._tiling.boxes(*self._size)) * self._steps

    @torch.inference_mode()
    def _begun(self, pixels: Pixels, noise: torch.Tensor) -> DenoisingState:
        settings = replace(self._settings, width=pixels.shape[1], height=pixels.shape[0])
        return DenoisingState(self._model, settings, InitImage(Image.fromarray(pixels), noise=noise))

    @torch.inference_mode()
    def _step(self, tile: DenoisingState) -> None:
        [predictions] = predict([tile], min(self._rows, len(tile.prompts)))
        tile.advance(predictions)

    @torch.inference_mode()
    def _decoded(self, tile: DenoisingState) -> Generator[None, None, Pixels]:
        decoding = Decoding(tile)
        yield from decoding.slices()
        pixels: Pixels = decoding.pixels().numpy()
        return pixels

    def draw_over(self, image: Image.Image, report: Report) -> Generator[None, None, Image.Image]:
        """The redrawn picture, of the same size. Reports and yields after each step. Where memory is not enough, it
        starts again with less at a time.

        Raises `BrokenPicture` where the number format cannot hold the result.
        """
        while True:
            try:
                return (yield from self._drawn_over(image, report))
            except memory.ERRORS as error:
                if not (memory.is_exhausted(error) and self._take_less()):
                    raise
            memory.release(self._model.device)

    def _take_less(self) -> bool:
        """Run the rows of a tile one after the other, or else cut smaller tiles; False where neither is possible."""
        if self._rows > 1:
            self._rows = 1
            return True
        self._tiling = upscaling.creative_tiling(self._tiling.side // 2)
        return self._tiling.side >= 2 * upscaling.SMALLEST_TILE

    def _drawn_over(self, image: Image.Image, report: Report) -> Generator[None, None, Image.Image]:
        pixels, noise = self._pixels(image), self._noise()
        blend, done = TileBlend(*self._size, self._tiling, PIXELS_PER_LATENT), 0
        for left, top, right, bottom in self._tiling.boxes(*self._size):
            rows, columns = (
                slice(top * PIXELS_PER_LATENT, bottom * PIXELS_PER_LATENT),
                slice(left * PIXELS_PER_LATENT, right * PIXELS_PER_LATENT),
            )
            tile = self._begun(pixels[rows, columns], noise[..., top:bottom, left:right])
            while not tile.finished:
                self._step(tile)
                report(done + tile.step, self.parts)
                yield
            done += self._steps
            blend.lay((yield from self._decoded(tile)))
        return blend.image.crop((0, 0, *image.size))

    def _pixels(self, image: Image.Image) -> Pixels:
        """The picture, padded to whole latents by repeating its last pixels."""
        columns, rows = self._size
        missing = (0, rows * PIXELS_PER_LATENT - image.height), (0, columns * PIXELS_PER_LATENT - image.width), (0, 0)
        return numpy.pad(numpy.asarray(image), missing, "edge")

    def _noise(self) -> torch.Tensor:
        """Standard normal noise for the whole picture, (1, channels, h, w)."""
        columns, rows = self._size
        chance = torch.Generator("cpu").manual_seed(self._settings.seed)
        return torch.randn((1, self._model.latent_channels, rows, columns), generator=chance)
