"""Pipelines written as one file, the way checkpoints are traded: the reverse of how diffusers reads one."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

Tensors = Iterator[tuple[str, torch.Tensor]]

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_UNET = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_OPEN_CLIP = {
    "embeddings.token_embedding": "token_embedding",
    "final_layer_norm": "ln_final",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "encoder.layers": "transformer.resblocks",
    "self_attn.out_proj": "attn.out_proj",
}


def write(pipeline: Any, file: Path, extra: Mapping[str, torch.Tensor] | None = None) -> Path:
    """A pipeline of one CLIP encoder, or of Stable Diffusion XL, as a single file."""
    tensors = {f"model.diffusion_model.{name}": tensor for name, tensor in _unet(pipeline.unet)}
    tensors |= {f"first_stage_model.{name}": tensor for name, tensor in autoencoder(pipeline.vae)}
    if hasattr(pipeline, "text_encoder_2"):
        tensors |= dict(_clip(pipeline.text_encoder, "conditioner.embedders.0.transformer.text_model."))
        tensors |= dict(_open_clip(pipeline.text_encoder_2, "conditioner.embedders.1.model."))
    else:
        tensors |= dict(_clip(pipeline.text_encoder, "cond_stage_model.transformer.text_model."))
    save_file({name: tensor.contiguous() for name, tensor in (tensors | dict(extra or {})).items()}, file)
    return file


def autoencoder(vae: Any) -> Tensors:
    """The tensors of an autoencoder, by the names they have in a file."""
    levels = len(vae.config.block_out_channels)
    for name, tensor in vae.state_dict().items():
        name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
        name = re.sub(r"down_blocks\.(\d)\.resnets\.(\d)", r"down.\1.block.\2", name)
        name = re.sub(r"up_blocks\.(\d)\.resnets\.(\d)", lambda m: f"up.{levels - 1 - int(m[1])}.block.{m[2]}", name)
        name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
        name = re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{levels - 1 - int(m[1])}.upsample", name)
        name = name.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
        if "mid_block.attentions.0" in name:
            name = name.replace("mid_block.attentions.0", "mid.attn_1").replace("to_out.0", "proj_out")
            name = name.replace("group_norm", "norm").replace("to_", "")
            tensor = tensor[:, :, None, None] if tensor.ndim == 2 else tensor
        yield name, tensor


def _unet(unet: Any) -> Tensors:
    layers = unet.config.layers_per_block
    for name, tensor in unet.state_dict().items():
        yield _placed(name, layers, unet), tensor


def _placed(name: str, layers: int, unet: Any) -> str:
    for ours, theirs in _UNET.items():
        if name.startswith(ours + "."):
            return name.replace(ours, theirs, 1)
    kind, block, part, layer, rest = re.match(r"(down|mid|up)_block(?:s\.(\d+))?\.(\w+)\.(\d+)\.(.*)", name).groups()  # type: ignore[union-attr]
    if part == "resnets":
        head, _, last = rest.partition(".")
        rest = f"{_RESNET[head]}.{last}"
    within = {"resnets": 0, "attentions": 1}.get(part, 0)
    if kind == "mid":
        return f"middle_block.{2 * int(layer) if part == 'resnets' else 1}.{rest}"
    if kind == "down":
        if part == "downsamplers":
            return f"input_blocks.{(int(block) + 1) * (layers + 1)}.0.{rest.replace('conv', 'op')}"
        return f"input_blocks.{1 + int(block) * (layers + 1) + int(layer)}.{within}.{rest}"
    number = int(block) * (layers + 1) + (layers if part == "upsamplers" else int(layer))
    if part == "upsamplers":
        within = 2 if unet.config.up_block_types[int(block)].startswith("Cross") else 1
    return f"output_blocks.{number}.{within}.{rest}"


def _clip(encoder: Any, prefix: str) -> Tensors:
    for name, tensor in encoder.state_dict().items():
        yield prefix + name.removeprefix("text_model."), tensor


def _open_clip(encoder: Any, prefix: str) -> Tensors:
    state = {name.removeprefix("text_model."): tensor for name, tensor in encoder.state_dict().items()}
    yield f"{prefix}positional_embedding", state.pop("embeddings.position_embedding.weight")
    yield f"{prefix}text_projection", state.pop("text_projection.weight").T
    for name, tensor in state.items():
        if ".q_proj." in name:
            parts = [state[name.replace("q_proj", each)] for each in ("q_proj", "k_proj", "v_proj")]
            name, tensor = name.replace("q_proj.", "in_proj_").replace("self_attn", "attn"), torch.cat(parts)
        elif "k_proj" in name or "v_proj" in name:
            continue
        for ours, theirs in _OPEN_CLIP.items():
            name = name.replace(ours, theirs)
        yield prefix + name, tensor
