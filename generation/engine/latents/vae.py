"""The autoencoder (VAE): encodes and decodes, in tiles where memory or time is short."""

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
from generation.plans import TILE
from generation.settings import PIXELS_PER_LATENT

log = logging.getLogger(__name__)

SMALLEST_TILE = 16
"""Smallest side of a tile, in latents: smaller ones lack context."""

LONGEST_SECONDS = 20.0
"""Longest time to decode a picture at once on a CPU, which does nothing else meanwhile."""

TILE_SECONDS = 5.0
"""Longest time to decode a tile of a picture that would take longer than that."""

AT_ONCE = 0
"""As a tile's side: no tiles."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """An autoencoder's output for pixels: a distribution of latents."""

    _output: Any
    _config: Any
    certain: bool = False
    """True takes the middle of the distribution instead of a sample."""

    def latents(self, chance: torch.Generator) -> torch.Tensor:
        """Latents (1, channels, h, w) at unit variance; `chance` samples the distribution, if there is one."""
        return scaling.scaled((self.middle() if self.certain else self._sample(chance)).float(), self._config)

    def _sample(self, chance: torch.Generator) -> torch.Tensor:
        output = self._output
        latents: torch.Tensor = output.latents if hasattr(output, "latents") else output.latent_dist.sample(chance)
        return latents

    def middle(self) -> torch.Tensor:
        """The most likely latents (1, channels, h, w), as the autoencoder has them: not at unit variance."""
        output = self._output
        latents: torch.Tensor = output.latents if hasattr(output, "latents") else output.latent_dist.mode()
        return latents.float()


class Autoencoder:
    """A model's autoencoder.

    A picture that doesn't fit into memory is encoded and decoded in overlapping tiles, as large as fit, as are all of
    that size until more memory is free. Tiles are also used where decoding would take long on a CPU; that is decided
    once for each size, since pixels depend on it. (diffusers' `AutoencoderTiny` can only decode in tiles.)"""

    def __init__(self, network: Any, pixels_per_latent: int = PIXELS_PER_LATENT, cut: bool = False) -> None:
        """With `cut`, it is known beforehand that memory is short."""
        self._network = network
        self._pixels_per_latent = pixels_per_latent
        self._cut = cut
        if cut:
            cut_to_tiles(network)
        self._cost = FrameCost()
        self._name = ""
        self._fitting = Measurements(None, "tiles that fit")
        self._quick = Measurements(None, "tiles that are quick")
        self.patient = False
        """True turns off tiles for slow decoding, however long it takes."""

    def remember_in(self, fitting: Measurements, quick: Measurements, name: str) -> None:
        """Start from tile sizes measured before, for memory and for time, and store new ones under `name`."""
        self._fitting, self._quick, self._name = fitting, quick, name
        known = fitting.get(name)
        if isinstance(known, int) and known >= SMALLEST_TILE and hasattr(self._network, "tile_latent_min_size"):
            self._cut = True
            _cut(self._network, known)

    def encode(self, pixels: torch.Tensor) -> Encoded:
        """Encode pixels (1, 3, 8h, 8w), from -1 to 1."""
        from diffusers import AutoencoderKL

        network, side = self._network, max(pixels.shape[-2:]) // self._pixels_per_latent
        encoded = self._sparingly(network.encode, pixels, side, divisible=isinstance(network, AutoencoderKL))
        return Encoded(encoded, network.config)

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Decode latents (1, channels, h, w) to pixels (1, 3, 8h, 8w), from -1 to 1."""
        pixels: torch.Tensor = self._sparingly(self.decode_at_once, latents, max(latents.shape[-2:]), divisible=True)
        return pixels

    def _sparingly(
        self, work: Callable[[torch.Tensor], Any], given: torch.Tensor, side: int, *, divisible: bool
    ) -> Any:
        """Run `work` for a picture with `side` latents on its longer side: at once, or in ever smaller tiles."""
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
        """Try without tiles again where much more memory is free than when they were needed."""
        if self._cut and self._fitting.is_outgrown(self._name, memory.free(device)):
            self._cut = False

    def decode_at_once(self, latents: torch.Tensor) -> torch.Tensor:
        """As `decode`, but without tiles; raises one of `memory.ERRORS` where memory isn't enough."""
        with self._cost.measured(latents):
            return self._decode_by(self._network, latents)

    def cuts(self, latents: torch.Tensor) -> bool:
        """True where `decode` uses tiles for latents of this size, as far as is known."""
        return self._cuts(max(latents.shape[-2:]))

    def _cuts(self, side: int) -> bool:
        return self._cut and side > getattr(self._network, "tile_latent_min_size", 0)

    def decodes_slowly(self, latents: torch.Tensor) -> bool:
        """True where decoding at once would block a CPU for long."""
        return self._quick_tile(latents) != AT_ONCE

    def _quick_tile(self, latents: torch.Tensor) -> int:
        """Side of the tiles in which latents of this size decode fast enough; decided once, from the last decoding."""
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
        """As `decode`, for what `decodes_slowly`: yields after each tile."""
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
        """True where it computes in float16, whose largest number is 65504."""
        return bool(self._network.dtype == torch.float16)

    def widen(self) -> None:
        """Switch from float16 to float32 for good."""
        if self.may_overflow:
            log.warning("the autoencoder overflows in float16; switching it to float32")
            self._network.to(torch.float32)


class _Pausing(torch.nn.Module):
    """A network that calls `pause` after each forward."""

    def __init__(self, network: torch.nn.Module, pause: Pause) -> None:
        super().__init__()
        self._network = network
        self._pause = pause

    def forward(self, *given: Any, **named: Any) -> Any:
        done = self._network(*given, **named)
        self._pause()
        return done


def _pausing(network: Any, tile: int, pause: Pause) -> Any:
    """A shallow copy of an autoencoder that decodes in tiles and calls `pause` after each."""
    own = copy.copy(network)
    own._modules = dict(network._modules)
    own.decoder = _Pausing(network.decoder, pause)
    own.use_tiling = True
    _cut(own, tile)
    return own


def cut_smaller(network: Any, side: int, cut: bool) -> bool:
    """Halve an autoencoder's tiles if it is `cut` already; otherwise use tiles of half of `side`, the picture's longer
    side in latents. False where tiles can't be smaller."""
    if not hasattr(network, "tile_latent_min_size"):
        if not hasattr(network, "use_tiling"):
            return False
        network.use_tiling = True
        return not cut
    tile = (min(side, network.tile_latent_min_size) if cut else side) // 2
    if tile < SMALLEST_TILE:
        return False
    log.warning("out of memory; the autoencoder now uses tiles of %s latents", tile)
    network.use_tiling = True
    _cut(network, tile)
    return True


def cut_to_tiles(network: Any) -> None:
    """Have an autoencoder use tiles of `TILE` pixels at most, or its own where it has one size only."""
    network.use_tiling = True
    if hasattr(network, "tile_latent_min_size"):
        _cut(network, min(TILE // PIXELS_PER_LATENT, network.tile_latent_min_size))


def _cut(network: Any, tile: int) -> None:
    """Set the side of an autoencoder's tiles, in latents."""
    network.tile_latent_min_size, network.tile_sample_min_size = tile, tile * PIXELS_PER_LATENT
