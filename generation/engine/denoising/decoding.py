"""Finished latents on their way to pixels: beside the next steps of others, where the device can do both at once."""

from collections.abc import Generator
from functools import cache

import torch

from generation.engine.denoising.state import DenoisingState
from generation.errors import BrokenPicture


@cache
def beside_steps(device: torch.device) -> torch.cuda.Stream | torch.cpu.Stream:
    """The stream of a device that its pictures are decoded in: one, since memory that was used in a stream is kept for
    that alone."""
    return torch.cuda.Stream(device) if device.type == "cuda" else torch.cpu.Stream()  # type: ignore[no-untyped-call]


class Decoding:
    """Begins at once, beside the steps where the device has streams; else it is done with the beginning, or, where that
    would take long, by and by."""

    def __init__(self, state: DenoisingState) -> None:
        self._state = state
        device = state.model.device
        on = torch.cuda if device.type == "cuda" else torch.cpu
        self._stream = beside_steps(device)
        self._stream.wait_stream(on.current_stream(device))
        self._may_overflow = state.model.autoencoder.may_overflow
        self.slowly = state.model.autoencoder.decodes_slowly(state.result)
        self.in_tiles = self.slowly
        """Whether the picture comes out of tiles, which leaves its pixels a little different."""
        self._on = on
        if not self.slowly:
            with on.stream(self._stream):
                self._pixels = self._decoded()

    def _decoded(self) -> torch.Tensor:
        model, latents = self._state.model, self._state.result
        pixels = model.decode(latents)[0]
        self.in_tiles = model.autoencoder.cuts(latents)
        return pixels

    def slices(self) -> Generator[None, None, None]:
        """Yields where others may have their turn, until `pixels` can be asked for."""
        yield
        if self.slowly:
            self._pixels = (yield from self._state.model.decode_in_turns(self._state.result))[0]

    def pixels(self) -> torch.Tensor:
        """Bytes of red, green and blue, (height, width, 3), on the CPU, once they are there. Where the autoencoder
        made nothing of sound latents, it tries again with more digits.

        Raises `BrokenPicture` where the arithmetic has gone astray.
        """
        latents, model = self._state.result, self._state.model
        with self._on.stream(self._stream):
            pixels = self._pixels.cpu()
            sound = bool(latents.isfinite().all())
            if sound and self._may_overflow and self._is_nothing(pixels):
                model.autoencoder.widen()
                pixels = self._decoded().cpu()
        if not sound or self._is_nothing(pixels):
            raise BrokenPicture(f"seed {self._state.settings.seed} came out as nothing in {model.dtype}")
        return pixels

    def _is_nothing(self, pixels: torch.Tensor) -> bool:
        """True of a black picture that did not start from one."""
        init_image = self._state.init_image
        return not pixels.any() and not (init_image and init_image.is_black)
