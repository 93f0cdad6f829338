"""Finished latents on their way to pixels: beside the next steps of others, where the device can do both at once."""

import torch

from generation.engine.painting import Painting
from generation.errors import BrokenPicture


class Decoding:
    """Begins at once, in a stream of its own where the device has streams; else it is done with the beginning."""

    def __init__(self, painting: Painting) -> None:
        self._painting = painting
        on = torch.cuda if painting.model.device.type == "cuda" else torch.cpu
        self._stream = on.Stream()
        self._stream.wait_stream(on.current_stream())
        with on.stream(self._stream):
            self._pixels = painting.model.decode(painting.result)[0]
        self._on = on

    def pixels(self) -> torch.Tensor:
        """Bytes of red, green and blue, (height, width, 3), on the CPU, once they are there. Raises `BrokenPicture`
        where the arithmetic has gone astray."""
        with self._on.stream(self._stream):
            pixels = self._pixels.cpu()
            finite = bool(self._painting.result.isfinite().all())
        if not finite or not pixels.any():
            settings, model = self._painting.settings, self._painting.model
            raise BrokenPicture(f"seed {settings.seed} came out as nothing in {model.dtype}")
        return pixels
