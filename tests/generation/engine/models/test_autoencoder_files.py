"""Autoencoders of families in files with the names of their original code."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKLQwenImage
from safetensors.torch import save_file

from generation.engine.models import autoencoder_file
from tests.generation.engine import single_file, tiny
from tests.generation.engine.families import tiny_flux_2

_WAN: list[tuple[str, Any]] = [
    (r"^quant_conv\.", "conv1."),
    (r"^post_quant_conv\.", "conv2."),
    (r"mid_block\.resnets\.0\.", "middle.0."),
    (r"mid_block\.attentions\.0\.", "middle.1."),
    (r"mid_block\.resnets\.1\.", "middle.2."),
    (r"up_blocks\.(\d)\.resnets\.(\d)\.", lambda match: f"upsamples.{4 * int(match[1]) + int(match[2])}."),
    (r"up_blocks\.(\d)\.upsamplers\.0\.", lambda match: f"upsamples.{4 * int(match[1]) + 3}."),
    (r"down_blocks\.", "downsamples."),
    (r"\.norm1\.", ".residual.0."),
    (r"\.conv1\.", ".residual.2."),
    (r"\.norm2\.", ".residual.3."),
    (r"\.conv2\.", ".residual.6."),
    (r"\.conv_shortcut\.", ".shortcut."),
    (r"\.conv_in\.", ".conv1."),
    (r"\.norm_out\.", ".head.0."),
    (r"\.conv_out\.", ".head.2."),
]
"""Diffusers' names and those of the original code of Wan, whose autoencoder Qwen-Image has."""


def qwen_image() -> tuple[Any, dict[str, torch.Tensor]]:
    network = AutoencoderKLQwenImage(base_dim=8, z_dim=4, latents_mean=[0.0] * 4, latents_std=[1.0] * 4)
    tensors = {}
    for name, tensor in network.state_dict().items():
        for pattern, becomes in _WAN:
            name = re.sub(pattern, becomes, name)
        tensors[name] = tensor
    return network, tensors


def flux_2() -> tuple[Any, dict[str, torch.Tensor]]:
    network = tiny_flux_2.autoencoder()
    own = {name: tensor for name, tensor in network.state_dict().items() if name.startswith("bn.")}
    return network, dict(single_file.autoencoder(network)) | own


@pytest.mark.parametrize("make", [qwen_image, flux_2])
@pytest.mark.parametrize("prefix", ["", "first_stage_model."])
def test_the_original_names_are_read(
    tmp_path: Path, make: Callable[[], tuple[Any, dict[str, torch.Tensor]]], prefix: str
) -> None:
    network, tensors = make()
    file = tmp_path / "vae.safetensors"
    save_file({prefix + name: tensor.contiguous() for name, tensor in tensors.items()}, file)
    read = autoencoder_file.read(type(network), file, network.config, torch.float32)
    wanted = network.state_dict()
    assert all(torch.equal(tensor, wanted[name]) for name, tensor in read.state_dict().items())
    assert read.state_dict().keys() == wanted.keys()


def test_one_of_another_family_is_refused(tmp_path: Path) -> None:
    network = tiny.autoencoder()
    save_file({name: each.contiguous() for name, each in network.state_dict().items()}, tmp_path / "vae.safetensors")
    config = {name: value for name, value in network.config.items() if name[0] != "_"} | {"latent_channels": 16}
    with pytest.raises(ValueError, match=r"vae\.safetensors is a VAE of another family: its .* is \(8, .*\), not \("):
        autoencoder_file.read(type(network), tmp_path / "vae.safetensors", config, torch.float32)
