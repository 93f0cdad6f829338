"""Previews of the pictures that diffusers' pipelines draw: a linear map of latents in any of their layouts."""

import logging
from typing import Any, Self

import torch

from generation.engine.latents import scaling
from generation.engine.latents.previews import LatentPreview
from generation.pictures import Preview
from generation.settings import GenerationSettings

log = logging.getLogger(__name__)

_UNFIT = (ArithmeticError, AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError)
"""Errors for latents of a layout that isn't known, or that aren't of the expected size."""


class PipelinePreview:
    """Shows the latents of one pipeline. A preview that fails is left out: it never ends a drawing."""

    def __init__(self, pipeline: Any, linear: LatentPreview, channels: int) -> None:
        self._pipeline = pipeline
        self._linear = linear
        self._channels = channels

    @classmethod
    def fitted_to(cls, pipeline: Any) -> Self | None:
        """None where the autoencoder's latents are no map of pixels."""
        try:
            with torch.inference_mode():
                linear = LatentPreview.fitted(lambda chart: _encoded(pipeline, chart))
        except _UNFIT as reason:
            log.info("%s has no previews: %s", type(pipeline).__name__, reason)
            return None
        return cls(pipeline, linear, linear.channels)

    def of(self, latents: Any, settings: GenerationSettings) -> Preview | None:
        """The preview of a picture with these settings; None where there is none."""
        try:
            return self._linear(self._flat(latents[:1], settings.height, settings.width))
        except _UNFIT as reason:
            log.debug("no preview of %s: %s", type(self._pipeline).__name__, reason)
            return None

    def _flat(self, latents: torch.Tensor, height: int, width: int) -> torch.Tensor:
        """Latents of one picture as (1, channels, h, w). Raises one of `_UNFIT`."""
        if latents.ndim == 3 and latents.shape[2] == self._channels:
            latents = _as_rows(latents, height, width)
        elif latents.ndim == 3:
            latents = _unpacked(self._pipeline, latents, height, width)
        if latents.ndim == 5:
            latents = latents[:, :, 0] if latents.shape[1] == self._channels else latents[:, 0].movedim(-1, 1)
        if latents.ndim != 4 or latents.shape[1] != self._channels:
            raise ValueError(f"latents of shape {tuple(latents.shape)}, not of {self._channels} channels")
        return latents


def _as_rows(tokens: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Tokens (1, n, channels), row by row, in the aspect of height to width."""
    rows = round((tokens.shape[1] * height / width) ** 0.5)
    return tokens.movedim(2, 1).reshape(1, tokens.shape[2], rows, -1)


def _unpacked(pipeline: Any, tokens: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Latents that a pipeline has packed into tokens, by its own method."""
    unpack = pipeline._unpack_latents
    try:
        unpacked: torch.Tensor = unpack(tokens, height, width, pipeline.vae_scale_factor)
    except TypeError:
        unpacked = unpack(tokens, height, width)
    return unpacked


def _encoded(pipeline: Any, chart: torch.Tensor) -> torch.Tensor:
    """A chart of colours (1, 3, h, w) from -1 to 1 as the pipeline's latents (1, channels, h, w)."""
    vae = pipeline.vae
    pixels = chart.to(vae.device, vae.dtype)
    if _has_time(vae):
        pixels = pixels[:, :, None]
    encoded = vae.encode(pixels)
    if hasattr(encoded, "latent_dist"):
        latents = encoded.latent_dist.mode()
    else:
        latents = encoded.latents if hasattr(encoded, "latents") else encoded.latent
    if latents.ndim == 5:
        latents = latents[:, :, 0]
    if (norm := getattr(vae, "bn", None)) is not None:
        return _normalised(pipeline._patchify_latents(latents), norm)
    return scaling.scaled(latents, vae.config)


def _has_time(vae: Any) -> bool:
    """True for an autoencoder of films, whose pictures have one frame."""
    return any(isinstance(module, torch.nn.Conv3d) for module in vae.modules())


def _normalised(latents: torch.Tensor, norm: Any) -> torch.Tensor:
    """Patches of latents at unit variance, by the statistics of a batch norm."""
    mean, variance = (each.view(1, -1, 1, 1) for each in (norm.running_mean, norm.running_var))
    normalised: torch.Tensor = (latents - mean) / torch.sqrt(variance + norm.eps)
    return normalised
