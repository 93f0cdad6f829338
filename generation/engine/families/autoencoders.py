"""Autoencoders of other interfaces in that of diffusers' `AutoencoderKL`: latents are (n, channels, h, w)."""

from abc import ABC, abstractmethod
from types import SimpleNamespace
from typing import Any

import torch
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

TILE = 64
"""Side of a tile, in latents of the network: tiles are used only where memory is short."""


class Wrapped(ABC):
    """An autoencoder around another one, the `network`, which holds the weights."""

    def __init__(self, network: Any, **config: Any) -> None:
        """`config` has the mean and the standard deviation of each channel of the latents, as lists."""
        self._network = network
        self.config = SimpleNamespace(scaling_factor=1.0, shift_factor=None, force_upcast=False, **config)

    @abstractmethod
    def encode(self, pixels: torch.Tensor) -> Any:
        """Pixels (n, 3, height, width), from -1 to 1, as a distribution of latents, its `latent_dist`."""

    @abstractmethod
    def decode(self, latents: torch.Tensor, return_dict: bool = False) -> tuple[torch.Tensor]:
        """Latents (n, channels, h, w) to pixels (n, 3, height, width), from -1 to 1."""

    @property
    def dtype(self) -> torch.dtype:
        dtype: torch.dtype = self._network.dtype
        return dtype

    @property
    def device(self) -> torch.device:
        device: torch.device = self._network.device
        return device

    def to(self, *where: Any) -> None:
        """Move the network to a device, or to a number format."""
        self._network.to(*where)

    @property
    def use_tiling(self) -> bool:
        """True where a large picture is encoded and decoded in tiles."""
        return bool(self._network.use_tiling)

    @use_tiling.setter
    def use_tiling(self, use: bool) -> None:
        self._network.use_tiling = use


class OneFrame(Wrapped):
    """An autoencoder of videos (`AutoencoderKLQwenImage`), for those of one frame."""

    def __init__(self, network: Any) -> None:
        own = network.config
        super().__init__(network, latent_channels=own.z_dim, latents_mean=own.latents_mean, latents_std=own.latents_std)

    def encode(self, pixels: torch.Tensor) -> Any:
        return _distributed(self._network.encode(pixels[:, :, None]).latent_dist.parameters[:, :, 0])

    def decode(self, latents: torch.Tensor, return_dict: bool = False) -> tuple[torch.Tensor]:
        return (self._network.decode(latents[:, :, None], return_dict=False)[0][:, :, 0],)


class Patchified(Wrapped):
    """An autoencoder whose latents (`AutoencoderKLFlux2`) are taken two by two, and then have the mean and the variance
    of its batch normalisation."""

    def __init__(self, network: Any) -> None:
        variance = network.bn.running_var + network.config.batch_norm_eps
        super().__init__(
            network,
            latent_channels=len(variance),
            latents_mean=network.bn.running_mean.tolist(),
            latents_std=variance.sqrt().tolist(),
        )
        scale = 2 ** (len(network.config.block_out_channels) - 1)
        network.tile_latent_min_size, network.tile_sample_min_size = TILE, TILE * scale

    def encode(self, pixels: torch.Tensor) -> Any:
        return _distributed(pixel_unshuffle(self._network.encode(pixels).latent_dist.parameters, 2))

    def decode(self, latents: torch.Tensor, return_dict: bool = False) -> tuple[torch.Tensor]:
        return (self._network.decode(pixel_shuffle(latents, 2), return_dict=False)[0],)


def _distributed(parameters: torch.Tensor) -> Any:
    """What encoding gives, for the means and the logarithms of the variances, (n, 2 * channels, h, w)."""
    from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution

    return SimpleNamespace(latent_dist=DiagonalGaussianDistribution(parameters))
