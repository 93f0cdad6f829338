"""Networks of the common sizes with random weights, made on the device in the number format that they run in.

The time of a forward does not depend on the weights. FLUX.1 and Z-Image have no text encoders, which run once a job:
their words are random embeddings. In the tiny form, networks have few layers and channels.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from generation.catalogue import POCKET_DIRECTORY
from generation.engine.benchmarking.random_words import FluxOfRandomWords, RandomWords, ZImageOfRandomWords

TOKENS = 77
TINY = 8
"""Divisor of the channels in the tiny form."""

TINY_RESOLUTION = 64
TINY_WORDS = 32

Networks = dict[str, Callable[[], Any]]
"""Makes each network of a pipeline, by its name there."""


@dataclass(frozen=True)
class Size:
    """A model of a common size."""

    resolution: int
    """Its native width and height, in pixels."""
    steps: int
    """Of the first of several jobs, where there is time."""
    networks: Callable[[bool], Networks]
    """Those of the tiny form for True."""
    pipeline: Callable[..., Any]
    """Puts networks into diffusers' pipeline."""
    family: type[RandomWords] | None = None
    words: int = TOKENS
    """The tokens of a prompt."""
    guidance_scale: float = 3.5


def make(size: Size, device: torch.device, dtype: torch.dtype, *, tiny: bool = False) -> Any:
    """A pipeline on the device."""
    torch.manual_seed(0)
    with _defaults(device, dtype):
        networks = {name: network() for name, network in size.networks(tiny).items()}
    pipeline = size.pipeline(**networks).to(device, dtype)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def bytes_of(size: Size, dtype: torch.dtype, *, tiny: bool = False) -> int:
    """Bytes of all weights, without making them."""
    with torch.device("meta"):
        networks = [network() for network in size.networks(tiny).values()]
    return sum(each.numel() * dtype.itemsize for network in networks for each in network.parameters())


@contextmanager
def _defaults(device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """Have tensors made on a device, in a number format, where nothing else is said."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with device:
            yield
    finally:
        torch.set_default_dtype(before)


# Stable Diffusion.


def _sd15(tiny: bool) -> Networks:
    """A UNet of 860 million parameters."""
    text = _text_width(768, tiny)
    channels = (320, 640, 1280, 1280)
    return {
        "unet": lambda: UNet2DConditionModel(sample_size=64, cross_attention_dim=text, **_shrunk(channels, tiny)),
        "vae": lambda: _autoencoder(tiny, scaling_factor=0.18215),
        "text_encoder": lambda: CLIPTextModel(_clip_l(tiny)),
    }


def _sdxl(tiny: bool) -> Networks:
    """A UNet of 2.6 billion parameters."""
    text = _text_width(768, tiny), _text_width(1280, tiny)
    return {
        "unet": lambda: UNet2DConditionModel(
            sample_size=128,
            **_shrunk((320, 640, 1280), tiny),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=(1, 1, 1) if tiny else (1, 2, 10),
            attention_head_dim=(5, 10, 20),
            use_linear_projection=True,
            cross_attention_dim=sum(text),
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=6 * 256 + text[1],
        ),
        "vae": lambda: _autoencoder(tiny, scaling_factor=0.13025),
        "text_encoder": lambda: CLIPTextModel(_clip_l(tiny)),
        "text_encoder_2": lambda: CLIPTextModelWithProjection(_clip_g(tiny)),
    }


def _shrunk(channels: tuple[int, ...], tiny: bool) -> dict[str, Any]:
    if not tiny:
        return {"block_out_channels": channels}
    smaller = tuple(each // TINY for each in channels)
    return {"block_out_channels": smaller, "norm_num_groups": 4, "layers_per_block": 1}


def _text_width(width: int, tiny: bool) -> int:
    return width // 16 if tiny else width


def _clip_l(tiny: bool) -> Any:
    return _clip(_text_width(768, tiny), layers=2 if tiny else 12, heads=12)


def _clip_g(tiny: bool) -> Any:
    return _clip(_text_width(1280, tiny), layers=2 if tiny else 32, heads=20, hidden_act="gelu")


def _clip(width: int, layers: int, heads: int, **changes: Any) -> Any:
    return CLIPTextConfig(
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        max_position_embeddings=TOKENS,
        vocab_size=49408,
        projection_dim=width,
        **changes,
    )


def _sd15_pipeline(**networks: Any) -> Any:
    return StableDiffusionPipeline(
        **networks,
        tokenizer=_tokenizer(),
        scheduler=_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _sdxl_pipeline(**networks: Any) -> Any:
    return StableDiffusionXLPipeline(
        **networks, tokenizer=_tokenizer(), tokenizer_2=_tokenizer(), scheduler=_scheduler(), add_watermarker=False
    )


def _tokenizer() -> Any:
    """The pocket model's tokenizer, with a smaller vocabulary, at CLIP's length."""
    return CLIPTokenizer.from_pretrained(POCKET_DIRECTORY / "tokenizer", model_max_length=TOKENS)


def _scheduler() -> Any:
    scheduler = DPMSolverMultistepScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
    )
    scheduler.register_to_config(_class_name=type(scheduler).__name__)  # as one that is read from a file
    return scheduler


# Flow matching.

_TINY_FLUX: dict[str, Any] = {
    "num_layers": 1,
    "num_single_layers": 1,
    "attention_head_dim": 16,
    "num_attention_heads": 2,
    "joint_attention_dim": 32,
    "pooled_projection_dim": 32,
    "axes_dims_rope": (4, 4, 8),
}
_TINY_Z_IMAGE: dict[str, Any] = {
    "dim": 32,
    "n_layers": 1,
    "n_refiner_layers": 1,
    "n_heads": 2,
    "n_kv_heads": 2,
    "cap_feat_dim": 32,
    "axes_dims": [4, 6, 6],
}


def _flux(tiny: bool) -> Networks:
    """A transformer of 11.9 billion parameters."""
    options = _TINY_FLUX if tiny else {}
    return {"transformer": lambda: FluxTransformer2DModel(guidance_embeds=True, **options), "vae": _flow_vae(tiny)}


def _z_image(tiny: bool) -> Networks:
    """A transformer of 6.2 billion parameters."""
    return {
        "transformer": lambda: ZImageTransformer2DModel(**(_TINY_Z_IMAGE if tiny else {})),
        "vae": _flow_vae(tiny),
    }


def _flow_vae(tiny: bool) -> Callable[[], Any]:
    return lambda: _autoencoder(
        tiny,
        latent_channels=16,
        scaling_factor=0.3611,
        shift_factor=0.1159,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )


def _flux_pipeline(**networks: Any) -> Any:
    encoders: dict[str, Any] = dict.fromkeys(("text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2"))
    return FluxPipeline(**networks, **encoders, scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True))


def _z_image_pipeline(**networks: Any) -> Any:
    """Of Z-Image Turbo, which needs no guidance."""
    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    return ZImagePipeline(**networks, text_encoder=None, tokenizer=None, scheduler=scheduler)


def _autoencoder(tiny: bool, latent_channels: int = 4, **changes: Any) -> Any:
    return AutoencoderKL(
        **({"block_out_channels": (8,) * 4, "norm_num_groups": 4} if tiny else _AUTOENCODER),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1 if tiny else 2,
        latent_channels=latent_channels,
        **changes,
    )


_AUTOENCODER: dict[str, Any] = {"block_out_channels": (128, 256, 512, 512)}

SIZES = {
    "sd15": Size(512, 15, _sd15, _sd15_pipeline),
    "sdxl": Size(1024, 10, _sdxl, _sdxl_pipeline),
    "flux": Size(1024, 8, _flux, _flux_pipeline, FluxOfRandomWords, words=512),
    "z-image": Size(1024, 8, _z_image, _z_image_pipeline, ZImageOfRandomWords, words=128, guidance_scale=1.0),
}
