"""Autoencoders of other interfaces do as diffusers' `AutoencoderKL` in previews, pictures and shortness of memory."""

from typing import Any

import pytest
import torch

from generation.engine.families.autoencoders import OneFrame, Patchified, Wrapped
from generation.engine.latents.previews import LatentPreview
from generation.engine.latents.vae import Autoencoder
from tests.generation.engine.families import tiny_flux_2, tiny_qwen_image


@pytest.fixture(params=[(OneFrame, tiny_qwen_image, 8), (Patchified, tiny_flux_2, 16)], ids=["one frame", "patchified"])
def wrapped(request: pytest.FixtureRequest) -> tuple[Wrapped, Any, int]:
    """With the network that it wraps, and the pixels of a latent."""
    torch.manual_seed(0)
    kind, tiny, pixels = request.param
    network = tiny.autoencoder()
    return kind(network), network, pixels


@torch.inference_mode()
def test_latents_have_four_axes_and_a_preview(wrapped: tuple[Wrapped, Any, int]) -> None:
    autoencoder, _, pixels = wrapped
    latents = autoencoder.encode(torch.zeros(2, 3, 64, 96)).latent_dist.mode()
    assert latents.shape == (2, autoencoder.config.latent_channels, 64 // pixels, 96 // pixels)
    assert autoencoder.decode(latents)[0].shape == (2, 3, 64, 96)
    preview = LatentPreview.fitted_to(autoencoder)(latents)
    assert (preview.width, preview.height) == (96 // pixels, 64 // pixels)


@torch.inference_mode()
def test_a_picture_that_memory_does_not_hold_is_decoded_in_tiles(
    wrapped: tuple[Wrapped, Any, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    autoencoder, network, pixels = wrapped
    decode, tried = network.decode, []

    def scarce(latents: torch.Tensor, **options: Any) -> Any:
        tried.append(network.use_tiling)
        if not network.use_tiling:
            raise torch.OutOfMemoryError
        return decode(latents, **options)

    monkeypatch.setattr(network, "decode", scarce)
    latents = torch.zeros(1, autoencoder.config.latent_channels, 64 // pixels, 576 // pixels)
    assert Autoencoder(autoencoder, pixels).decode(latents).shape == (1, 3, 64, 576)
    assert tried == [False, True]
    assert not network.use_tiling
