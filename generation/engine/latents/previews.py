"""Previews of unfinished pictures: a linear map of the latents, or a tiny decoder."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch

from generation.engine.latents import scaling
from generation.pictures import Preview

STORED = "preview.json"
"""The file in a model's directory with the coefficients of its linear preview."""

_CHART_CELLS = 16
_CELL = 16
_CELL_OF_LATENTS = 2
_RIDGE = 1e-3


class LatentPreview:
    """A linear map from latents to RGB: one pixel a latent.

    A model's directory may hold coefficients. Otherwise the map is fitted when the model is loaded, on a chart of plain
    colours that its autoencoder encodes.
    """

    def __init__(self, weights: torch.Tensor) -> None:
        self._weights = weights.float().cpu()
        """Shape (channels + 1, 3): the last row is the constant."""

    @classmethod
    def of_model(cls, source: str, vae: Any) -> Self:
        """The coefficients in a model's directory if it has some; otherwise fitted.

        Raises `OSError` or `ValueError` where the file can't be read or is for other channels."""
        stored = Path(source).expanduser() / STORED
        return cls.read(stored, vae.config.latent_channels) if stored.is_file() else cls.fitted_to(vae)

    @classmethod
    def read(cls, path: Path, channels: int) -> Self:
        """A JSON file with `factors` (channels, 3) and `bias` (3,): latent @ factors + bias gives a colour, -1 to 1."""
        stored = json.loads(path.read_text())
        try:
            weights = torch.tensor([*stored["factors"], stored["bias"]], dtype=torch.float32)
        except (KeyError, TypeError) as reason:
            raise ValueError(f"{path} has no preview coefficients") from reason
        if weights.shape != (channels + 1, 3):
            raise ValueError(f"{path} is for {len(weights) - 1} latent channels, not {channels}")
        weights[-1] += 1  # from -1..1 to 0..1
        return cls(weights / 2)

    @classmethod
    def fitted_to(cls, vae: Any) -> Self:
        """Fitted to an autoencoder's latents at unit variance; by its decoder where it has no encoder."""
        if getattr(vae, "encoder", vae) is None:
            return cls._fitted_to_decoder(vae)

        def encode(chart: torch.Tensor) -> torch.Tensor:
            encoded = vae.encode(chart.to(vae.device, vae.dtype))
            latents = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mode()
            return scaling.scaled(latents, vae.config)

        return cls.fitted(encode)

    @classmethod
    def fitted(cls, encode: Callable[[torch.Tensor], torch.Tensor]) -> Self:
        """Ridge regression from the mean latents of a chart's cells to their colours. `encode` takes pixels
        (1, 3, h, w) from -1 to 1 and returns latents (1, channels, h, w)."""
        colours = torch.rand((_CHART_CELLS, _CHART_CELLS, 3), generator=torch.Generator().manual_seed(0))
        chart = colours.permute(2, 0, 1)[None].repeat_interleave(_CELL, -1).repeat_interleave(_CELL, -2)
        return cls._between(encode(chart * 2 - 1), colours.permute(2, 0, 1)[None])

    @classmethod
    def _fitted_to_decoder(cls, vae: Any) -> Self:
        """Regression on a chart of random latents, in cells, and the colours that they are decoded to."""
        shape = (1, vae.config.latent_channels, _CHART_CELLS, _CHART_CELLS)
        cells = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        latents = cells.repeat_interleave(_CELL_OF_LATENTS, -1).repeat_interleave(_CELL_OF_LATENTS, -2)
        with torch.inference_mode():
            pixels = vae.decode(scaling.unscaled(latents, vae.config).to(vae.device, vae.dtype)).sample
        return cls._between(latents, (pixels + 1) / 2)

    @classmethod
    def _between(cls, latents: torch.Tensor, colours: torch.Tensor) -> Self:
        """Ridge regression from latents (1, channels, h, w) to colours (1, 3, height, width), from 0 to 1."""
        cells = min(_CHART_CELLS, latents.shape[-1])
        known, wanted = (
            torch.nn.functional.adaptive_avg_pool2d(each.float().cpu(), cells)[0].permute(1, 2, 0).reshape(cells**2, -1)
            for each in (latents, colours)
        )
        known = _with_constant(known)
        ridge = _RIDGE * torch.eye(known.shape[1])
        return cls(torch.linalg.solve(known.T @ known + ridge, known.T @ wanted))

    @property
    def channels(self) -> int:
        """The channels of the latents that it maps."""
        return len(self._weights) - 1

    def __call__(self, latents: torch.Tensor) -> Preview:
        """Latents of one picture, shape (1, channels, h, w), as a preview of h x w pixels."""
        pixels = latents[0].float().cpu().permute(1, 2, 0)
        rgb = (_with_constant(pixels) @ self._weights).clamp(0, 1)
        height, width, _ = rgb.shape
        return Preview(width, height, (rgb * 255).round().to(torch.uint8).numpy().tobytes())


@dataclass
class FrameCost:
    """The time to decode a frame, estimated from the last one."""

    seconds_a_latent: float = 0.0

    def seconds(self, latents: torch.Tensor) -> float:
        """Estimated seconds for latents (1, channels, h, w)."""
        return self.seconds_a_latent * latents[0, 0].numel()

    @contextmanager
    def measured(self, latents: torch.Tensor) -> Iterator[None]:
        """Time the decoding in its block, which must wait for the device."""
        started = time.perf_counter()
        yield
        self.seconds_a_latent = (time.perf_counter() - started) / latents[0, 0].numel()


class TinyDecoder:
    """A small network in place of the autoencoder's decoder, such as TAESD (diffusers' `AutoencoderTiny`)."""

    def __init__(self, network: Any) -> None:
        self._network = network.eval()

    @classmethod
    def read(cls, folder: Path, channels: int, device: torch.device, dtype: torch.dtype) -> Self:
        """Read a folder in diffusers' format. Raises `OSError`, or `ValueError` if it isn't for `channels` channels."""
        from diffusers import AutoencoderTiny

        network = AutoencoderTiny.from_pretrained(
            str(folder), torch_dtype=dtype, use_safetensors=True, local_files_only=True
        )
        if network.config.latent_channels != channels:
            raise ValueError(f"{folder} decodes {network.config.latent_channels} channels, not {channels}")
        return cls(network.to(device))

    def __call__(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents (n, channels, h, w) at unit variance to pixels (n, 3, 8h, 8w), from -1 to 1."""
        pixels: torch.Tensor = self._network.decode(latents.to(self._network.dtype), return_dict=False)[0]
        return pixels


def _with_constant(rows: torch.Tensor) -> torch.Tensor:
    return torch.cat([rows, torch.ones_like(rows[..., :1])], dim=-1)
