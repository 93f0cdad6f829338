"""Between pixels and latents, within the memory and the digits that there are."""

import copy
import logging
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import torch

from generation.engine.latents import scaling
from generation.engine.latents.previews import FrameCost
from generation.engine.runtime import memory
from generation.engine.runtime.measurements import Measurements
from generation.engine.runtime.stepwise import Pause, in_turns
from generation.settings import PIXELS_PER_LATENT

log = logging.getLogger(__name__)

SMALLEST_TILE = 16
"""Latents a side: smaller tiles hear too little of their surroundings."""

LONGEST_SECONDS = 20.0
"""What decoding at once may take on a processor, which does nothing else meanwhile."""

TILE_SECONDS = 5.0
"""What a tile may take of a picture that would take longer than that."""

AT_ONCE = 0
"""In the place of a tile's side: no tiles."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """What an autoencoder makes of pixels."""

    _output: Any
    _config: Any

    def latents(self, chance: torch.Generator) -> torch.Tensor:
        """(1, channels, h, w). Where the autoencoder knows them only roughly, `chance` decides."""
        output = self._output
        latents: torch.Tensor = output.latents if hasattr(output, "latents") else output.latent_dist.sample(chance)
        return scaling.scaled(latents.float(), self._config)


class Autoencoder:
    """A model's autoencoder. Where memory is not enough for a picture as a whole, it is worked on in overlapping tiles,
    as large as fit, and so are all pictures of that size until there is more memory. So is a picture that would keep a
    processor long; that is decided once for each size, since pixels depend on it. (diffusers' `AutoencoderTiny` can
    only decode in tiles.)"""

    def __init__(self, network: Any) -> None:
        self._network = network
        self._cut = False
        self._cost = FrameCost()
        self._name = ""
        self._fitting = Measurements(None, "tiles that fit")
        self._quick = Measurements(None, "tiles that are quick")
        self.patient = False
        """True where however long a picture takes, it is not decoded in tiles for that."""

    def remember_in(self, fitting: Measurements, quick: Measurements, name: str) -> None:
        """Begin with the tiles that were found to be small enough before, to fit and to be quick, and keep by that name
        what is found out."""
        self._fitting, self._quick, self._name = fitting, quick, name
        known = fitting.get(name)
        if isinstance(known, int) and known >= SMALLEST_TILE and hasattr(self._network, "tile_latent_min_size"):
            self._cut = True
            _cut(self._network, known)

    def encode(self, pixels: torch.Tensor) -> Encoded:
        """Pixels (1, 3, 8h, 8w), from -1 to 1, to what their latents are."""
        from diffusers import AutoencoderKL

        network, side = self._network, max(pixels.shape[-2:]) // PIXELS_PER_LATENT
        encoded = self._sparingly(network.encode, pixels, side, divisible=isinstance(network, AutoencoderKL))
        return Encoded(encoded, network.config)

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents (1, channels, h, w) to pixels (1, 3, 8h, 8w), from -1 to 1."""
        pixels: torch.Tensor = self._sparingly(self.decode_at_once, latents, max(latents.shape[-2:]), divisible=True)
        return pixels

    def _sparingly(
        self, work: Callable[[torch.Tensor], Any], given: torch.Tensor, side: int, *, divisible: bool
    ) -> Any:
        """Do `work` for a picture whose longer side is so many latents: at once, or in tiles where that can be."""
        network, device = self._network, given.device
        self._outgrow(device)
        while True:
            network.use_tiling = divisible and self._cuts(side)
            try:
                return work(given)
            except memory.ERRORS as error:
                if not (divisible and memory.is_exhausted(error) and cut_smaller(network, side, self._cut)):
                    raise
                self._cut = True
            finally:
                network.use_tiling = False
            memory.release(device)
            self._fitting.put(self._name, getattr(network, "tile_latent_min_size", 0), memory.free(device))

    def _outgrow(self, device: torch.device) -> None:
        """Forget the tiles that fit where there is much more memory than they were found to fit into."""
        if self._cut and self._fitting.is_outgrown(self._name, memory.free(device)):
            self._cut = False

    def decode_at_once(self, latents: torch.Tensor) -> torch.Tensor:
        """The same, but it fails where memory is not enough."""
        with self._cost.measured(latents):
            return self._decode_by(self._network, latents)

    def cuts(self, latents: torch.Tensor) -> bool:
        """True where `decode` works in tiles on latents like these, as far as is known."""
        return self._cuts(max(latents.shape[-2:]))

    def _cuts(self, side: int) -> bool:
        return self._cut and side > getattr(self._network, "tile_latent_min_size", 0)

    def decodes_slowly(self, latents: torch.Tensor) -> bool:
        """True where decoding at once would keep a processor from all else for long."""
        return self._quick_tile(latents) != AT_ONCE

    def _quick_tile(self, latents: torch.Tensor) -> int:
        """The side of the tiles that latents like these are decoded in for the time that it takes: decided once, going
        by the last picture or frame before."""
        if self.patient or latents.device.type != "cpu" or not hasattr(self._network, "tile_latent_min_size"):
            return AT_ONCE
        height, width = latents.shape[-2:]
        named = f"{self._name}, {height} x {width} latents"
        known = self._quick.get(named)
        if isinstance(known, int) and (known == AT_ONCE or known >= SMALLEST_TILE):
            return known
        tile = self._measured_tile(latents)
        self._quick.put(named, tile)
        return tile

    def _measured_tile(self, latents: torch.Tensor) -> int:
        tile = max(latents.shape[-2:]) // 2
        if tile < SMALLEST_TILE or self._cost.seconds(latents) <= LONGEST_SECONDS:
            return AT_ONCE
        while tile // 2 >= SMALLEST_TILE and self._cost.seconds_a_latent * tile**2 > TILE_SECONDS:
            tile //= 2
        return tile

    def decode_in_turns(self, latents: torch.Tensor) -> Generator[None, None, torch.Tensor]:
        """As `decode`, tile by tile: yields after each. For what decodes slowly."""
        tile = self._quick_tile(latents)
        self._outgrow(latents.device)
        if self._cut:
            tile = min(tile, self._network.tile_latent_min_size)
        threads = torch.get_num_threads()

        def work(pause: Pause) -> torch.Tensor:
            torch.set_num_threads(threads)
            with torch.inference_mode():
                return self._decode_by(_pausing(self._network, tile, pause), latents)

        return (yield from in_turns(work))

    @staticmethod
    def _decode_by(network: Any, latents: torch.Tensor) -> torch.Tensor:
        own = scaling.unscaled(latents, network.config).to(network.dtype)
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


class _Pausing(torch.nn.Module):
    """A network that pauses after each forward."""

    def __init__(self, network: torch.nn.Module, pause: Pause) -> None:
        super().__init__()
        self._network = network
        self._pause = pause

    def forward(self, *given: Any, **named: Any) -> Any:
        done = self._network(*given, **named)
        self._pause()
        return done


def _pausing(network: Any, tile: int, pause: Pause) -> Any:
    """The same autoencoder, working in tiles of its own whatever it is asked by others, with a pause after each."""
    own = copy.copy(network)
    own._modules = dict(network._modules)
    own.decoder = _Pausing(network.decoder, pause)
    own.use_tiling = True
    _cut(own, tile)
    return own


def cut_smaller(network: Any, side: int, cut: bool) -> bool:
    """Have an autoencoder work in tiles of half of what they are where it is `cut` already, else half the longer
    `side` of a picture, in latents, or as it sees fit; False where none can be smaller."""
    if not hasattr(network, "tile_latent_min_size"):
        if not hasattr(network, "use_tiling"):
            return False
        network.use_tiling = True
        return not cut
    tile = (min(side, network.tile_latent_min_size) if cut else side) // 2
    if tile < SMALLEST_TILE:
        return False
    log.warning("out of memory; from now on the autoencoder works in tiles of %s latents", tile)
    network.use_tiling = True
    _cut(network, tile)
    return True


def _cut(network: Any, tile: int) -> None:
    """Tiles of so many latents a side, wherever it works in tiles."""
    network.tile_latent_min_size, network.tile_sample_min_size = tile, tile * PIXELS_PER_LATENT
