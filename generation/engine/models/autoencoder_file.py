"""Autoencoders (VAE) in files of their own, or inside a checkpoint: diffusers' names, those of the original code, and
files with the decoder alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from generation.engine.models import tensors
from generation.engine.models.tensors import Tensors

PREFIXES = ("first_stage_model.", "vae.")

_ENCODER = ("encoder.", "quant_conv.")
"""The layers that only encode."""


def read(kind: Any, file: Path, config: Mapping[str, Any], dtype: torch.dtype) -> Any:
    """An autoencoder of the class `kind` from a file. Raises `OSError`, or `ValueError` where the file doesn't fit."""
    network = from_tensors(kind, tensors.read(file, dtype), config, dtype, file.name)
    if network.encoder is None:
        raise ValueError(f"{file.name} holds only the decoder of a VAE; set vae to a whole one")
    return network


def from_tensors(kind: Any, given: Tensors, config: Mapping[str, Any], dtype: torch.dtype, name: str) -> Any:
    """An autoencoder from the tensors of the file `name`. Where they are those of a decoder, its `encoder` is None.

    Raises `ValueError` where layers are missing or have other shapes.
    """
    network = kind.from_config(dict(config))
    wanted = network.state_dict()
    found = _named(bare(given), network)
    if not any(each.startswith("encoder.") for each in found):
        network.encoder = network.quant_conv = None
        wanted = {each: tensor for each, tensor in wanted.items() if not each.startswith(_ENCODER)}
    if missing := sorted(wanted.keys() - found.keys()):
        raise ValueError(f"{name} lacks {len(missing)} of the VAE's tensors, such as {missing[0]}")
    misfits = (each for each, tensor in wanted.items() if found[each].shape != tensor.shape)
    if misfit := next(misfits, None):
        shapes = f"{tuple(found[misfit].shape)}, not {tuple(wanted[misfit].shape)}"
        raise ValueError(f"{name} is a VAE of another family: its {misfit} is {shapes}")
    weights = {each: found[each].to(dtype if found[each].is_floating_point() else None) for each in wanted}
    network.load_state_dict(weights, strict=False, assign=True)
    return network.eval()


def bare(given: Mapping[str, Any]) -> dict[str, Any]:
    """Tensors without the prefix that they have in a checkpoint."""
    for prefix in PREFIXES:
        if found := {name.removeprefix(prefix): each for name, each in given.items() if name.startswith(prefix)}:
            return found
    return dict(given)


def _named(given: Tensors, network: Any) -> Tensors:
    """Tensors by the names of diffusers' network."""
    from diffusers.loaders import single_file_utils

    wanted = network.state_dict()
    if any(name.startswith(("decoder.up_blocks.", "decoder.mid_block.")) for name in given):
        converted = given
    elif "decoder.middle.0.residual.0.gamma" in given:
        converted = single_file_utils.convert_wan_vae_to_diffusers(dict(given))
    else:
        converted = single_file_utils.convert_ldm_vae_checkpoint(dict(given), network.config)
    same = {name: tensor for name, tensor in given.items() if name in wanted}
    return {name: tensor for name, tensor in (same | converted).items() if name in wanted}
