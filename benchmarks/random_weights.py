"""`noisefox bench` for networks of the common sizes with random weights, so that nothing needs to be downloaded.

Run as `python -m benchmarks.random_weights --size sd15`. The time of a forward does not depend on the weights.
"""

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DPMSolverMultistepScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from generation.catalogue import POCKET_DIRECTORY, Catalogue, ModelSpec
from generation.engine import bench, device
from generation.engine.shelf import Shelf

RESOLUTIONS = {"sd15": 512, "sdxl": 1024}
TOKENS = 77


def sd15_unet() -> Any:
    """860 million parameters."""
    return UNet2DConditionModel(sample_size=64, cross_attention_dim=768)


def sdxl_unet() -> Any:
    """2.6 billion parameters."""
    return UNet2DConditionModel(
        sample_size=128,
        block_out_channels=(320, 640, 1280),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2, 10),
        attention_head_dim=(5, 10, 20),
        use_linear_projection=True,
        cross_attention_dim=2048,
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816,
    )


def sd15() -> Any:
    """A pipeline of Stable Diffusion 1.5's size."""
    return StableDiffusionPipeline(
        unet=sd15_unet(),
        vae=_autoencoder(0.18215),
        text_encoder=CLIPTextModel(_clip_l()),
        tokenizer=_tokenizer(),
        scheduler=_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def sdxl() -> Any:
    """A pipeline of Stable Diffusion XL's size."""
    return StableDiffusionXLPipeline(
        unet=sdxl_unet(),
        vae=_autoencoder(0.13025),
        text_encoder=CLIPTextModel(_clip_l()),
        text_encoder_2=CLIPTextModelWithProjection(_clip_g()),
        tokenizer=_tokenizer(),
        tokenizer_2=_tokenizer(),
        scheduler=_scheduler(),
    )


SIZES = {"sd15": sd15, "sdxl": sdxl}


def _autoencoder(scaling_factor: float) -> Any:
    return AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
        scaling_factor=scaling_factor,
    )


def _clip_l() -> Any:
    return CLIPTextConfig(
        hidden_size=768,
        intermediate_size=3072,
        num_hidden_layers=12,
        num_attention_heads=12,
        max_position_embeddings=TOKENS,
        vocab_size=49408,
        projection_dim=768,
    )


def _clip_g() -> Any:
    return CLIPTextConfig(
        hidden_size=1280,
        intermediate_size=5120,
        num_hidden_layers=32,
        num_attention_heads=20,
        max_position_embeddings=TOKENS,
        vocab_size=49408,
        projection_dim=1280,
        hidden_act="gelu",
    )


def _tokenizer() -> Any:
    """The pocket model's, whose words are fewer, at CLIP's length."""
    return CLIPTokenizer.from_pretrained(POCKET_DIRECTORY / "tokenizer", model_max_length=TOKENS)


def _scheduler() -> Any:
    return DPMSolverMultistepScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="sd15")
    parser.add_argument("--resolution", type=int, help="pixels a side; by default what the size was made for")
    parser.add_argument("--jobs", type=int, default=bench.JOBS)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="auto")
    arguments = parser.parse_args()
    side = arguments.resolution or RESOLUTIONS[arguments.size]
    where, dtype = device.choose(arguments.device, arguments.dtype)
    torch.manual_seed(0)
    with TemporaryDirectory() as folder:
        source = Path(folder, arguments.size)
        SIZES[arguments.size]().to(dtype=dtype).save_pretrained(source)
        spec = ModelSpec(arguments.size, str(source), width=side, height=side)
        figures = bench.compare(Shelf(Catalogue([spec]), where, dtype), arguments.size, arguments.jobs)
    print(json.dumps(figures | {"size": arguments.size, "resolution": side}, indent=2))


if __name__ == "__main__":
    main()
