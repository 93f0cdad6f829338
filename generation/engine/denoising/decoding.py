"""Decoding of finished latents, in parallel with the next steps of other pictures where the device has streams."""

from collections.abc import Generator
from functools import cache

import torch

from generation.engine.denoising.state import DenoisingState
from generation.engine.models.circular import with_margin, without_margin
from generation.errors import BrokenPicture


@cache
def beside_steps(device: torch.device) -> torch.cuda.Stream | torch.cpu.Stream:
    """The stream in which a device decodes: one for all pictures, since the allocator keeps memory by stream."""
    return torch.cuda.Stream(device) if device.type == "cuda" else torch.cpu.Stream()  # type: ignore[no-untyped-call]


class Decoding:
    """The decoding of one picture. It starts at once: in a stream of its own, or on a CPU at once, or, where that would
    take long, in slices."""

    def __init__(self, state: DenoisingState) -> None:
        self._state = state
        self._latents, margin = with_margin(state.result) if state.settings.tile else (state.result, 0)
        self._margin = margin * state.model.pixels_per_latent
        """Pixels around the picture, which continue it so that it tiles."""
        device = state.model.device
        on = torch.cuda if device.type == "cuda" else torch.cpu
        self._stream = beside_steps(device)
        self._stream.wait_stream(on.current_stream(device))
        self._may_overflow = state.model.autoencoder.may_overflow
        self.slowly = state.model.autoencoder.decodes_slowly(self._latents)
        self.in_tiles = self.slowly
        """True where the picture is decoded in tiles, which changes pixels a little."""
        self._on = on
        if not self.slowly:
            with on.stream(self._stream):
                self._pixels = self._decoded()

    def _decoded(self) -> torch.Tensor:
        model = self._state.model
        pixels = model.decode(self._latents)[0]
        self.in_tiles = model.autoencoder.cuts(self._latents)
        return pixels

    def slices(self) -> Generator[None, None, None]:
        """Yields between slices of work; at its end, `pixels` may be called."""
        yield
        if self.slowly:
            self._pixels = (yield from self._state.model.decode_in_turns(self._latents))[0]

    def pixels(self) -> torch.Tensor:
        """RGB bytes, (height, width, 3), on the CPU. If a float16 autoencoder overflows, it decodes again in float32.

        Raises `BrokenPicture` for latents that aren't finite, and for an all-black picture.
        """
        latents, model = self._state.result, self._state.model
        with self._on.stream(self._stream):
            pixels = self._pixels.cpu()
            sound = bool(latents.isfinite().all())
            if sound and self._may_overflow and self._is_nothing(pixels):
                model.autoencoder.widen()
                pixels = self._decoded().cpu()
        if not sound or self._is_nothing(pixels):
            raise BrokenPicture(f"seed {self._state.settings.seed} came out black or not finite in {model.dtype}")
        return without_margin(pixels, self._margin) if self._margin else pixels

    def _is_nothing(self, pixels: torch.Tensor) -> bool:
        """True for a black picture whose init image isn't black."""
        init_image = self._state.init_image
        return not pixels.any() and not (init_image and init_image.is_black)
