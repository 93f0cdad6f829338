"""Writes a checkpoint of Stable Diffusion 1.5's size with random weights, in the original layout: ComfyUI knows a
family by its full size, so that a tiny one is not recognised.

Run as `PYTHON comfy_checkpoint.py COMFYUI FILE` with the Python of a ComfyUI, whose networks give names and shapes.
"""

import sys
from pathlib import Path

VAE = {
    "double_z": True,
    "z_channels": 4,
    "resolution": 256,
    "in_channels": 3,
    "out_ch": 3,
    "ch": 128,
    "ch_mult": [1, 2, 4, 4],
    "num_res_blocks": 2,
    "attn_resolutions": [],
    "dropout": 0.0,
}

UNET = {
    "image_size": 32,
    "in_channels": 4,
    "out_channels": 4,
    "model_channels": 320,
    "num_res_blocks": [2, 2, 2, 2],
    "channel_mult": [1, 2, 4, 4],
    "num_heads": 8,
    "use_spatial_transformer": True,
    "transformer_depth": [1, 1, 1, 1, 1, 1, 0, 0],
    "transformer_depth_output": [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0],
    "transformer_depth_middle": 1,
    "context_dim": 768,
}


def main(comfyui: Path, file: Path) -> None:
    """Write `file`, 2 GB of float16."""
    sys.argv = [sys.argv[0], "--cpu"]
    sys.path.insert(0, str(comfyui))
    import comfy.options

    comfy.options.enable_args_parsing()
    import comfy.ops
    import torch
    from comfy.ldm.models.autoencoder import AutoencoderKL
    from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel
    from safetensors.torch import save_file
    from transformers import CLIPTextConfig, CLIPTextModel

    text = CLIPTextConfig(
        hidden_size=768,
        intermediate_size=3072,
        num_hidden_layers=12,
        num_attention_heads=12,
        max_position_embeddings=77,
        vocab_size=49408,
    )
    with torch.device("meta"):
        networks = {
            "model.diffusion_model": UNetModel(**UNET, dtype=torch.float16, operations=comfy.ops.disable_weight_init),
            "first_stage_model": AutoencoderKL(embed_dim=4, ddconfig=VAE),
            "cond_stage_model.transformer": CLIPTextModel(text),
        }
    random = torch.Generator().manual_seed(0)
    weights = {}
    for prefix, network in networks.items():
        for name, tensor in network.state_dict().items():
            if not tensor.is_floating_point():
                continue
            name = name if "text_model" in name or "cond" not in prefix else f"text_model.{name}"
            is_norm = tensor.ndim == 1 and name.endswith("weight")
            drawn = torch.ones(tensor.shape) if is_norm else torch.randn(tensor.shape, generator=random) * 0.02
            weights[f"{prefix}.{name}"] = drawn.to(torch.float16)
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(weights, str(file))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
