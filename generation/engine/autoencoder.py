"""Between pixels and latents, within the memory and the digits that there are."""

import logging
from typing import Any

import torch

from generation.engine import families, memory
from generation.settings import PIXELS_PER_LATENT

log = logging.getLogger(__name__)

SMALLEST_TILE = 16
"""Latents a side: smaller tiles hear too little of their surroundings."""


class Autoencoder:
    """A model's autoencoder. Where memory is not enough to decode a picture as a whole, it is decoded in overlapping
    tiles, as large as fit, and so are all pictures of that size from then on."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self._cut = False

    def encode(self, pixels: torch.Tensor, chance: torch.Generator) -> torch.Tensor:
        """Pixels (1, 3, 8h, 8w), from -1 to 1, to latents (1, channels, h, w). Where the autoencoder knows them only
        roughly, `chance` decides."""
        encoded = self._network.encode(pixels)
        latents: torch.Tensor = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.sample(chance)
        return families.scaled(latents.float(), self._network.config)

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents (1, channels, h, w) to pixels (1, 3, 8h, 8w), from -1 to 1."""
        side = max(latents.shape[-2:])
        while True:
            self._network.use_tiling = self._cut and side > self._network.tile_latent_min_size
            try:
                return self.decode_at_once(latents)
            except memory.ERRORS as error:
                if not (memory.is_exhausted(error) and cut_smaller(self._network, side, self._cut)):
                    raise
                self._cut = True
            finally:
                self._network.use_tiling = False
            memory.release(latents.device)

    def decode_at_once(self, latents: torch.Tensor) -> torch.Tensor:
        """The same, but it fails where memory is not enough."""
        network = self._network
        own = families.unscaled(latents, network.config).to(network.dtype)
        pixels: torch.Tensor = network.decode(own, return_dict=False)[0]
        return pixels

    @property
    def may_overflow(self) -> bool:
        """True where it computes in float16, whose numbers end at 65504."""
        return bool(self._network.dtype == torch.float16)

    def widen(self) -> None:
        """Compute in float32 from now on."""
        if self.may_overflow:
            log.warning("the autoencoder overflows in float16; it decodes in float32 from now on")
            self._network.to(torch.float32)


def cut_smaller(network: Any, side: int, cut: bool) -> bool:
    """Have an autoencoder decode in tiles of half of what they are where it is `cut` already, else half the longer
    `side` of a picture, in latents, or as it sees fit; False where none can be smaller."""
    if not hasattr(network, "tile_latent_min_size"):
        network.use_tiling = not cut and hasattr(network, "use_tiling")
        return bool(network.use_tiling)
    tile = (min(side, network.tile_latent_min_size) if cut else side) // 2
    if tile < SMALLEST_TILE:
        return False
    log.warning("out of memory; from now on the autoencoder decodes in tiles of %s latents", tile)
    network.use_tiling = True
    network.tile_latent_min_size, network.tile_sample_min_size = tile, tile * PIXELS_PER_LATENT
    return True
