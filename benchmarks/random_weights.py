"""`noisefox bench` for networks of common sizes with random weights, so that nothing is downloaded.

Run as `python -m benchmarks.random_weights --size sd15`. The time of a forward does not depend on the weights. With
`--tiny`, the networks have the same blocks and few channels, and it takes a minute on a CPU: a test that it runs, whose
figures mean nothing.
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

from generation.acceleration import Acceleration
from generation.catalogue import POCKET_DIRECTORY, Catalogue, ModelSpec
from generation.engine.benchmarking import bench
from generation.engine.runtime import device
from generation.engine.scheduling.model_cache import ModelCache

RESOLUTIONS = {"sd15": 512, "sdxl": 1024}
TINY_RESOLUTION = 64
TOKENS = 77
TINY = 8
"""Divisor of the channels with `--tiny`."""


def sd15_unet(tiny: bool = False) -> Any:
    """860 million parameters, or 10 million."""
    channels = (320, 640, 1280, 1280)
    return UNet2DConditionModel(sample_size=64, cross_attention_dim=_text_width(768, tiny), **_shrunk(channels, tiny))


def sdxl_unet(tiny: bool = False) -> Any:
    """2.6 billion parameters, or 27 million."""
    text = _text_width(768, tiny), _text_width(1280, tiny)
    return UNet2DConditionModel(
        sample_size=128,
        **_shrunk((320, 640, 1280), tiny),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2, 10),
        attention_head_dim=(5, 10, 20),
        use_linear_projection=True,
        cross_attention_dim=sum(text),
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=6 * 256 + text[1],
    )


def _shrunk(channels: tuple[int, ...], tiny: bool) -> dict[str, Any]:
    if not tiny:
        return {"block_out_channels": channels}
    return {"block_out_channels": tuple(each // TINY for each in channels), "norm_num_groups": 4}


def _text_width(width: int, tiny: bool) -> int:
    return width // 16 if tiny else width


def sd15(tiny: bool = False) -> Any:
    """A pipeline of Stable Diffusion 1.5's size."""
    return StableDiffusionPipeline(
        unet=sd15_unet(tiny),
        vae=_autoencoder(0.18215, tiny),
        text_encoder=CLIPTextModel(_clip_l(tiny)),
        tokenizer=_tokenizer(),
        scheduler=_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def sdxl(tiny: bool = False) -> Any:
    """A pipeline of Stable Diffusion XL's size."""
    return StableDiffusionXLPipeline(
        unet=sdxl_unet(tiny),
        vae=_autoencoder(0.13025, tiny),
        text_encoder=CLIPTextModel(_clip_l(tiny)),
        text_encoder_2=CLIPTextModelWithProjection(_clip_g(tiny)),
        tokenizer=_tokenizer(),
        tokenizer_2=_tokenizer(),
        scheduler=_scheduler(),
    )


SIZES = {"sd15": sd15, "sdxl": sdxl}


def _autoencoder(scaling_factor: float, tiny: bool) -> Any:
    return AutoencoderKL(
        **({"block_out_channels": (8,) * 4, "norm_num_groups": 4} if tiny else _AUTOENCODER),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
        scaling_factor=scaling_factor,
    )


_AUTOENCODER: dict[str, Any] = {"block_out_channels": (128, 256, 512, 512)}


def _clip_l(tiny: bool) -> Any:
    width = _text_width(768, tiny)
    return CLIPTextConfig(
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=12,
        num_attention_heads=12,
        max_position_embeddings=TOKENS,
        vocab_size=49408,
        projection_dim=width,
    )


def _clip_g(tiny: bool) -> Any:
    width = _text_width(1280, tiny)
    return CLIPTextConfig(
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=32,
        num_attention_heads=20,
        max_position_embeddings=TOKENS,
        vocab_size=49408,
        projection_dim=width,
        hidden_act="gelu",
    )


def _tokenizer() -> Any:
    """The pocket model's tokenizer, with a smaller vocabulary, at CLIP's length."""
    return CLIPTokenizer.from_pretrained(POCKET_DIRECTORY / "tokenizer", model_max_length=TOKENS)


def _scheduler() -> Any:
    return DPMSolverMultistepScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="sd15")
    parser.add_argument(
        "--resolution", type=int, help="width and height in pixels; 512 for sd15 or 1024 for sdxl if not given"
    )
    parser.add_argument("--jobs", type=int, default=bench.JOBS)
    parser.add_argument("--tiny", action="store_true", help="few channels, to test that it runs")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--attention", default="")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--fuse-projections", action="store_true")
    parser.add_argument("--offload", default="")
    arguments = parser.parse_args()
    usual = TINY_RESOLUTION if arguments.tiny else RESOLUTIONS[arguments.size]
    side = arguments.resolution or usual
    faster = Acceleration(arguments.attention, arguments.compile, arguments.fuse_projections, arguments.offload)
    where, dtype = device.choose(arguments.device, arguments.dtype)
    torch.manual_seed(0)
    with TemporaryDirectory() as folder:
        source = Path(folder, arguments.size)
        SIZES[arguments.size](arguments.tiny).to(dtype=dtype).save_pretrained(source)
        spec = ModelSpec(arguments.size, str(source), width=side, height=side)
        figures = bench.compare(
            ModelCache(Catalogue([spec]), where, dtype, acceleration=faster), arguments.size, arguments.jobs
        )
    print(json.dumps(figures | {"size": arguments.size, "tiny": arguments.tiny, "resolution": side}, indent=2))


if __name__ == "__main__":
    main()
