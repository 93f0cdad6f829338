"""Pipelines of every family with random weights, small enough to be made on the spot.

Each function saves one in diffusers' format to a folder of the caller's and returns the folder. The weights are the
same at every call. Words, size and seed all show in the pixels.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderTiny,
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    LCMScheduler,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionInstructPix2PixPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLInpaintPipeline,
    StableDiffusionXLInstructPix2PixPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
from PIL import Image
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

from generation.catalogue import POCKET_DIRECTORY
from generation.engine.models.single_file import clip_tokenizer

WIDTH = 32
"""Of a text embedding; SDXL's second encoder has another, by which single files tell the two apart."""
SECOND_WIDTH = 48

_NOISE_SCHEDULE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}


def stable_diffusion_1(folder: Path) -> Path:
    """SD 1.x: one CLIP encoder, predicts noise."""
    return _saved(_stable_diffusion_1, folder)


def stable_diffusion_2(folder: Path) -> Path:
    """SD 2.x: OpenCLIP's activation, attention heads of one size, linear projections, v-prediction."""
    return _saved(_stable_diffusion_2, folder)


def stable_diffusion_xl(folder: Path) -> Path:
    """SDXL: two encoders, pooled text and size conditioning, an autoencoder that half precision breaks."""
    return _saved(_stable_diffusion_xl, folder)


def inpainting(folder: Path) -> Path:
    """SD 1.x whose UNet takes nine channels: latents, mask and the latents of what is masked."""
    return _saved(_inpainting, folder)


def inpainting_xl(folder: Path) -> Path:
    """SDXL whose UNet takes nine channels."""
    return _saved(_inpainting_xl, folder)


def instruct_pix2pix(folder: Path) -> Path:
    """SD 1.x whose UNet takes eight channels: latents and those of a picture to edit."""
    return _saved(lambda: _instruct_pix2pix(DDIMScheduler(clip_sample=False, **_NOISE_SCHEDULE)), folder)


def instruct_pix2pix_xl(folder: Path, scheduler: Any = None) -> Path:
    """SDXL of the same kind."""
    around = {"scheduler": scheduler} if scheduler else {}
    return _saved(
        lambda: StableDiffusionXLInstructPix2PixPipeline(unet=_unet_xl(in_channels=8), **_around_unet_xl() | around),
        folder,
    )


def latent_consistency(folder: Path, kind: Any = StableDiffusionPipeline) -> Path:
    """SD 1.x whose UNet is told the guidance scale."""
    return _saved(lambda: _latent_consistency(kind), folder)


def latent_consistency_xl(folder: Path) -> Path:
    """SDXL of the same kind."""
    around = {"scheduler": LCMScheduler(clip_sample=False, **_NOISE_SCHEDULE)}
    return _saved(
        lambda: StableDiffusionXLPipeline(unet=_told_guidance(_unet_xl), **_around_unet_xl() | around), folder
    )


def flux(folder: Path) -> Path:
    """Flux: a transformer on packed latents, flow matching, CLIP and T5."""
    return _saved(flux_pipeline, folder)


def pixart(folder: Path, scheduler: Any = None) -> Path:
    """PixArt Sigma: a transformer on plain latents, T5 alone, and a pipeline that tells nobody of its steps."""
    return _saved(lambda: _pixart(scheduler or DPMSolverMultistepScheduler()), folder)


def stable_diffusion_3(folder: Path) -> Path:
    """SD 3: a transformer on plain latents, flow matching, two CLIP encoders and no T5."""
    return _saved(_stable_diffusion_3, folder)


def checkpoint_1(folder: Path) -> Path:
    """SD 1.x with heads, groups and words as in all its checkpoints, which their tensors do not tell."""
    return _saved(_checkpoint_1, folder)


def checkpoint_1_inpainting(folder: Path) -> Path:
    return _saved(lambda: _checkpoint_1(StableDiffusionInpaintPipeline, in_channels=9), folder)


def checkpoint_xl(folder: Path) -> Path:
    """SDXL of the same kind."""
    return _saved(_checkpoint_xl, folder)


def preview_decoder(folder: Path, channels: int) -> Path:
    """A tiny autoencoder for previews of latents of so many channels."""
    blocks = (1, 1, 1, 1)
    shape = {"num_encoder_blocks": blocks, "num_decoder_blocks": blocks, "latent_channels": channels}
    widths = {"encoder_block_out_channels": (8,) * 4, "decoder_block_out_channels": (8,) * 4}
    return _saved(lambda: AutoencoderTiny(**shape, **widths), folder)


def _saved(make: Callable[[], Any], folder: Path) -> Path:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        make().save_pretrained(folder)
    return folder


def _stable_diffusion_1() -> Any:
    return StableDiffusionPipeline(
        unet=_unet(),
        vae=autoencoder(),
        text_encoder=CLIPTextModel(_clip()),
        tokenizer=_tokenizer(),
        scheduler=DDIMScheduler(clip_sample=False, set_alpha_to_one=False, **_NOISE_SCHEDULE),
        **_UNGUARDED,
    )


def _stable_diffusion_2() -> Any:
    return StableDiffusionPipeline(
        unet=_unet(attention_head_dim=(2, 4), use_linear_projection=True),
        vae=autoencoder(),
        text_encoder=CLIPTextModel(_clip(hidden_act="gelu")),
        tokenizer=_tokenizer(pad_token="!"),
        scheduler=DDIMScheduler(
            clip_sample=False, set_alpha_to_one=False, prediction_type="v_prediction", **_NOISE_SCHEDULE
        ),
        **_UNGUARDED,
    )


def _stable_diffusion_xl() -> Any:
    return StableDiffusionXLPipeline(unet=_unet_xl(), **_around_unet_xl())


def _inpainting_xl() -> Any:
    return StableDiffusionXLInpaintPipeline(unet=_unet_xl(in_channels=9), **_around_unet_xl())


def _unet_xl(**changes: Any) -> Any:
    return _unet(
        cross_attention_dim=WIDTH + SECOND_WIDTH,
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + SECOND_WIDTH,
        **changes,
    )


def _around_unet_xl() -> dict[str, Any]:
    return {
        "vae": autoencoder(scaling_factor=0.13025, force_upcast=True),
        "text_encoder": CLIPTextModel(_clip()),
        "text_encoder_2": CLIPTextModelWithProjection(
            _clip(hidden_act="gelu", hidden_size=SECOND_WIDTH, projection_dim=SECOND_WIDTH)
        ),
        "tokenizer": _tokenizer(),
        "tokenizer_2": _tokenizer(pad_token="!"),
        "scheduler": EulerDiscreteScheduler(**_NOISE_SCHEDULE),
        "add_watermarker": False,
    }


def _inpainting() -> Any:
    return StableDiffusionInpaintPipeline(
        unet=_unet(in_channels=9),
        vae=autoencoder(),
        text_encoder=CLIPTextModel(_clip()),
        tokenizer=_tokenizer(),
        scheduler=DDIMScheduler(clip_sample=False, set_alpha_to_one=False, **_NOISE_SCHEDULE),
        **_UNGUARDED,
    )


def _instruct_pix2pix(scheduler: Any) -> Any:
    return StableDiffusionInstructPix2PixPipeline(
        unet=_unet(in_channels=8),
        vae=autoencoder(),
        text_encoder=CLIPTextModel(_clip()),
        tokenizer=_tokenizer(),
        scheduler=scheduler,
        **_UNGUARDED,
    )


def _told_guidance(make: Callable[..., Any]) -> Any:
    """So much that it shows."""
    unet = make(time_cond_proj_dim=16)
    unet.time_embedding.cond_proj.weight.data *= 20
    return unet


def _latent_consistency(kind: Any) -> Any:
    return kind(
        unet=_told_guidance(_unet),
        vae=autoencoder(),
        text_encoder=CLIPTextModel(_clip()),
        tokenizer=_tokenizer(),
        scheduler=LCMScheduler(clip_sample=False, **_NOISE_SCHEDULE),
        **_UNGUARDED,
    )


def flux_pipeline(*, guidance_embeds: bool = True) -> Any:
    """A tiny pipeline of Flux, in memory."""
    transformer = FluxTransformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=WIDTH,
        pooled_projection_dim=WIDTH,
        axes_dims_rope=(4, 4, 8),
        guidance_embeds=guidance_embeds,
    )
    return FluxPipeline(
        transformer=transformer,
        vae=autoencoder(scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=CLIPTextModel(_clip()),
        tokenizer=_tokenizer(),
        text_encoder_2=_t5(),
        tokenizer_2=_t5_tokenizer(),
        scheduler=FlowMatchEulerDiscreteScheduler(),
    )


def _pixart(scheduler: Any) -> Any:
    transformer = PixArtTransformer2DModel(
        sample_size=32,
        num_layers=1,
        attention_head_dim=8,
        num_attention_heads=4,
        cross_attention_dim=32,
        caption_channels=WIDTH,
        use_additional_conditions=False,
    )
    return PixArtSigmaPipeline(
        transformer=transformer,
        vae=autoencoder(),
        text_encoder=_t5(),
        tokenizer=_t5_tokenizer(),
        scheduler=scheduler,
    )


def _t5() -> Any:
    return T5EncoderModel(T5Config(vocab_size=256, d_model=WIDTH, d_kv=8, d_ff=37, num_layers=1))


def _t5_tokenizer() -> Any:
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -1.0)]
    return T5Tokenizer(vocab=pieces + [(letter, -2.0) for letter in "abcdefghijklmnopqrstuvwxyz"], extra_ids=0)


def _stable_diffusion_3() -> Any:
    transformer = SD3Transformer2DModel(
        sample_size=16,
        patch_size=2,
        in_channels=4,
        num_layers=1,
        attention_head_dim=8,
        num_attention_heads=4,
        caption_projection_dim=32,
        joint_attention_dim=2 * WIDTH,
        pooled_projection_dim=2 * WIDTH,
        out_channels=4,
        pos_embed_max_size=16,
    )
    return StableDiffusion3Pipeline(
        transformer=transformer,
        vae=autoencoder(scaling_factor=1.5305, shift_factor=0.0609),
        text_encoder=CLIPTextModelWithProjection(_clip()),
        tokenizer=_tokenizer(),
        text_encoder_2=CLIPTextModelWithProjection(_clip()),
        tokenizer_2=_tokenizer(),
        text_encoder_3=None,
        tokenizer_3=None,
        scheduler=FlowMatchEulerDiscreteScheduler(),
    )


_UNGUARDED: dict[str, Any] = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}


def autoencoder(**changes: Any) -> Any:
    """An eighth of the size each way, four channels."""
    options: dict[str, Any] = {
        "block_out_channels": (8, 8, 8, 8),
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "norm_num_groups": 4,
        "sample_size": 64,
        "force_upcast": False,
    }
    return AutoencoderKL(**options | changes)


def _checkpoint_1(kind: Any = StableDiffusionPipeline, **changes: Any) -> Any:
    return kind(
        unet=_unet(**_CHECKPOINT, cross_attention_dim=64, attention_head_dim=8, **changes),
        vae=autoencoder(**_AUTOENCODER),
        text_encoder=CLIPTextModel(_clip(**_WORDS)),
        tokenizer=clip_tokenizer(),
        scheduler=DDIMScheduler(clip_sample=False, set_alpha_to_one=False, **_NOISE_SCHEDULE),
        **_UNGUARDED,
    )


def _checkpoint_xl() -> Any:
    second = clip_tokenizer()
    second.pad_token = "!"
    return StableDiffusionXLPipeline(
        unet=_unet(
            **{**_CHECKPOINT, "block_out_channels": (64, 128)},
            cross_attention_dim=64 + 128,
            attention_head_dim=(1, 2),
            use_linear_projection=True,
            transformer_layers_per_block=(1, 2),
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=6 * 256 + 128,
        ),
        vae=autoencoder(**_AUTOENCODER, scaling_factor=0.13025, force_upcast=True),
        text_encoder=CLIPTextModel(_clip(**_WORDS)),
        text_encoder_2=CLIPTextModelWithProjection(
            _clip(**_WORDS | {"hidden_size": 128, "projection_dim": 128, "num_attention_heads": 2}, hidden_act="gelu")
        ),
        tokenizer=clip_tokenizer(),
        tokenizer_2=second,
        scheduler=EulerDiscreteScheduler(**_NOISE_SCHEDULE),
        add_watermarker=False,
    )


_CHECKPOINT: dict[str, Any] = {"block_out_channels": (32, 64), "norm_num_groups": 32}
_AUTOENCODER: dict[str, Any] = {"block_out_channels": (32,) * 4, "norm_num_groups": 32}
_WORDS: dict[str, Any] = {
    "hidden_size": 64,
    "projection_dim": 64,
    "num_attention_heads": 1,
    "vocab_size": 49408,
    "max_position_embeddings": 77,
    "bos_token_id": 49406,
    "eos_token_id": 49407,
}


def _unet(**changes: Any) -> Any:
    options: dict[str, Any] = {
        "sample_size": 8,
        "block_out_channels": (16, 32),
        "norm_num_groups": 8,
        "layers_per_block": 1,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "attention_head_dim": 2,
        "cross_attention_dim": WIDTH,
    }
    return UNet2DConditionModel(**options | changes)


def _clip(**changes: Any) -> Any:
    tokenizer = _tokenizer()
    options: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": WIDTH,
        "projection_dim": WIDTH,
        "intermediate_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "max_position_embeddings": tokenizer.model_max_length,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "initializer_range": 0.4,
    }
    return CLIPTextConfig(**options | changes)


def _tokenizer(**changes: Any) -> Any:
    return CLIPTokenizer.from_pretrained(POCKET_DIRECTORY / "tokenizer", **changes)


def safety_checker(folder: Path, like: Image.Image) -> Path:
    """A checker that flags pictures much like one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        vision = {
            "hidden_size": 16,
            "intermediate_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "image_size": 32,
            "patch_size": 16,
        }
        network = StableDiffusionSafetyChecker(CLIPConfig(vision_config=vision, projection_dim=8))
    processor = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    with torch.inference_mode():
        seen = network.vision_model(processor(images=like, return_tensors="pt").pixel_values)[1]
        embedding = network.visual_projection(seen)[0].clone()
    network.concept_embeds.data[:] = embedding
    network.concept_embeds_weights.data[:] = 0.999
    network.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
