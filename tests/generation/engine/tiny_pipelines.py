"""Tiny random pipelines of families that are drawn by diffusers' own pipelines.

Each function makes one; `saved` writes it to a folder in diffusers' format. The weights are the same at every call.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AuraFlowPipeline,
    AuraFlowTransformer2DModel,
    AutoencoderDC,
    AutoencoderKLFlux2,
    AutoencoderKLQwenImage,
    ErnieImagePipeline,
    ErnieImageTransformer2DModel,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinKVPipeline,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
    FluxFillPipeline,
    FluxKontextPipeline,
    FluxTransformer2DModel,
    Ideogram4Pipeline,
    Ideogram4Transformer2DModel,
    Kandinsky5T2IPipeline,
    Kandinsky5Transformer3DModel,
    Krea2Pipeline,
    Krea2Transformer2DModel,
    OvisImagePipeline,
    OvisImageTransformer2DModel,
    QwenImageEditPipeline,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
    SanaPipeline,
    SanaSprintPipeline,
    SanaTransformer2DModel,
    SCMScheduler,
)
from transformers import (
    CLIPTextModel,
    Gemma2Config,
    Gemma2Model,
    GemmaTokenizer,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3VLConfig,
    Qwen3VLModel,
    UMT5Config,
    UMT5EncoderModel,
)

from tests.generation.engine import tiny

WIDTH = 16

LOUD = 3
"""The factor of a network's weights, so that words and references show in the pixels."""

_LETTERS = "abcdefghijklmnopqrstuvwxyzĠĊABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,.:;<>|/_-\"'()"
_MARKS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|image_pad|>", "<|vision_start|>", "<|vision_end|>")
_CHAT = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{% if message.content is string %}"
    "{{ message.content }}{% else %}{{ message.content[0].text }}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def saved(make: Callable[[], Any], folder: Path) -> Path:
    """Save a pipeline; its folder."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = make()
    for weight in made.transformer.parameters():
        if weight.ndim == 2:
            weight.data *= LOUD
    made.save_pretrained(folder)
    return folder


def kontext() -> Any:
    """FLUX.1 Kontext: a packed reference behind the packed latents."""
    return _flux(FluxKontextPipeline)


def fill() -> Any:
    """FLUX.1 Fill: draws only inside a mask."""
    return _flux(FluxFillPipeline, in_channels=96, out_channels=16, guidance_embeds=False)


def aura() -> Any:
    """AuraFlow: a transformer on plain latents, with the words of T5 alone."""
    return AuraFlowPipeline(
        transformer=AuraFlowTransformer2DModel(
            sample_size=8,
            patch_size=2,
            in_channels=4,
            num_mmdit_layers=1,
            num_single_dit_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=WIDTH,
            caption_projection_dim=32,
            out_channels=4,
            pos_embed_max_size=64,
        ),
        vae=tiny.autoencoder(scaling_factor=0.13025, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=UMT5EncoderModel(UMT5Config(vocab_size=256, d_model=WIDTH, d_kv=8, d_ff=32, num_layers=1)),
        tokenizer=tiny._t5_tokenizer(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=1.73),
    )


def ovis() -> Any:
    """Ovis-Image: latents packed as those of FLUX, and guidance by two predictions."""
    return OvisImagePipeline(
        transformer=OvisImageTransformer2DModel(
            in_channels=16,
            out_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=WIDTH,
            axes_dims_rope=(4, 4, 8),
        ),
        vae=tiny.autoencoder(
            scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False, use_post_quant_conv=False
        ),
        text_encoder=Qwen3ForCausalLM(_qwen_3()).model,
        tokenizer=_qwen_tokenizer(),
        scheduler=FlowMatchEulerDiscreteScheduler(),
    )


def klein() -> Any:
    """FLUX.2 Klein: patches of latents at the statistics of a batch norm, guided without a negative prompt."""
    return _klein(Flux2KleinPipeline)


def klein_kv() -> Any:
    """The same without guidance, which keeps what it has read of references for later steps."""
    return _klein(Flux2KleinKVPipeline)


def _klein(kind: Any) -> Any:
    return kind(
        transformer=Flux2Transformer2DModel(
            patch_size=1,
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=3 * WIDTH,
            timestep_guidance_channels=16,
            axes_dims_rope=[4, 4, 4, 4],
            guidance_embeds=False,
        ),
        vae=_flux_2_autoencoder(),
        text_encoder=Qwen3ForCausalLM(_qwen_3(num_hidden_layers=28)),
        tokenizer=_qwen_tokenizer(),
        scheduler=FlowMatchEulerDiscreteScheduler(),
    )


def ernie() -> Any:
    """ERNIE-Image: such patches that aren't packed."""
    return ErnieImagePipeline(
        transformer=ErnieImageTransformer2DModel(
            hidden_size=32,
            num_attention_heads=2,
            num_layers=1,
            ffn_hidden_size=32,
            in_channels=16,
            out_channels=16,
            text_in_dim=WIDTH,
            rope_axes_dim=(4, 6, 6),
        ),
        vae=_flux_2_autoencoder(),
        text_encoder=Qwen3ForCausalLM(_qwen_3()).model,
        tokenizer=_qwen_tokenizer(),
        scheduler=FlowMatchEulerDiscreteScheduler(),
    )


def qwen() -> Any:
    """Qwen-Image: packed latents of an autoencoder of films, and true classifier-free guidance."""
    return QwenImagePipeline(**_qwen_image())


def qwen_edit(processor: Any) -> Any:
    """Qwen-Image-Edit: draws nothing without a reference, which its text encoder sees too."""
    return QwenImageEditPipeline(**_qwen_image(), processor=processor)


def krea() -> Any:
    """Krea 2: the same autoencoder, with an unpacking of its own."""
    return Krea2Pipeline(
        transformer=Krea2Transformer2DModel(
            in_channels=16,
            num_layers=1,
            attention_head_dim=8,
            num_attention_heads=2,
            num_key_value_heads=1,
            intermediate_size=16,
            timestep_embed_dim=8,
            text_hidden_dim=WIDTH,
            num_text_layers=3,
            text_num_attention_heads=2,
            text_num_key_value_heads=1,
            text_intermediate_size=16,
            num_layerwise_text_blocks=1,
            num_refiner_text_blocks=1,
            axes_dims_rope=(4, 2, 2),
        ),
        vae=_film_autoencoder(),
        text_encoder=Qwen3VLModel(_qwen_3_vision()).eval(),
        tokenizer=_qwen_tokenizer(),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        text_encoder_select_layers=(0, 1, 2),
    )


def ideogram() -> Any:
    """Ideogram 4: a list of guidance scales by default, which may not stand beside one scale."""
    network = {
        "in_channels": 16,
        "num_layers": 1,
        "attention_head_dim": 16,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "adaln_dim": 8,
        "llm_features_dim": 13 * WIDTH,
        "mrope_section": (4, 2, 2),
    }
    return Ideogram4Pipeline(
        transformer=Ideogram4Transformer2DModel(**network),
        unconditional_transformer=Ideogram4Transformer2DModel(**network),
        vae=_flux_2_autoencoder(),
        text_encoder=Qwen3VLModel(_qwen_3_vision(36)).eval(),
        tokenizer=_qwen_tokenizer(),
        scheduler=FlowMatchEulerDiscreteScheduler(),
    )


def sana() -> Any:
    """Sana: a thirty-second of the size each way."""
    return SanaPipeline(**_sana(FlowMatchEulerDiscreteScheduler(shift=7.0)))


def sana_sprint() -> Any:
    """Sana Sprint: told the guidance, and two steps by default."""
    return SanaSprintPipeline(
        **_sana(SCMScheduler(), sample_size=32, guidance_embeds=True, qk_norm="rms_norm_across_heads")
    )


def kandinsky() -> Any:
    """Kandinsky 5: its output calls the picture `image`, and its latents have their channels last."""
    return Kandinsky5T2IPipeline(
        transformer=Kandinsky5Transformer3DModel(
            in_visual_dim=4,
            out_visual_dim=4,
            in_text_dim=WIDTH,
            in_text_dim2=tiny.WIDTH,
            time_dim=16,
            patch_size=(1, 2, 2),
            model_dim=16,
            ff_dim=16,
            num_text_blocks=1,
            num_visual_blocks=1,
            axes_dims=(1, 1, 2),
            visual_cond=False,
            attention_type="regular",
        ),
        vae=tiny.autoencoder(scaling_factor=0.3611, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=_qwen_2_vision(),
        tokenizer=_qwen_tokenizer(),
        text_encoder_2=CLIPTextModel(tiny._clip(max_position_embeddings=77)),
        tokenizer_2=tiny._tokenizer(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
    )


def prx() -> Any:
    """PRX: the class of its text encoder is known to transformers only once its module is imported."""
    from diffusers import PRXPipeline
    from diffusers.models import PRXTransformer2DModel
    from transformers.models.t5gemma.configuration_t5gemma import T5GemmaConfig, T5GemmaModuleConfig
    from transformers.models.t5gemma.modeling_t5gemma import T5GemmaEncoder

    tokenizer = _gemma_tokenizer(model_max_length=64)
    encoder = {
        "vocab_size": len(tokenizer),
        "hidden_size": 8,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 4,
        "max_position_embeddings": 64,
        "layer_types": ["full_attention"],
        "dropout_rate": 0.0,
    }
    text_encoder = T5GemmaEncoder(T5GemmaModuleConfig(**encoder))
    # As in the published files, the configuration is that of an encoder with a decoder, of which it is the first half.
    text_encoder.config = T5GemmaConfig(encoder=text_encoder.config, is_encoder_decoder=False, **encoder)
    return PRXPipeline(
        transformer=PRXTransformer2DModel(
            patch_size=2,
            in_channels=4,
            context_in_dim=8,
            hidden_size=8,
            mlp_ratio=2.0,
            num_heads=2,
            depth=1,
            axes_dim=[2, 2],
        ),
        vae=tiny.autoencoder(scaling_factor=1.0, shift_factor=0.0),
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        scheduler=FlowMatchEulerDiscreteScheduler(),
    )


def _flux(kind: Any, **changes: Any) -> Any:
    network: dict[str, Any] = {
        "in_channels": 16,
        "num_layers": 1,
        "num_single_layers": 1,
        "attention_head_dim": 16,
        "num_attention_heads": 2,
        "joint_attention_dim": tiny.WIDTH,
        "pooled_projection_dim": tiny.WIDTH,
        "axes_dims_rope": (4, 4, 8),
        "guidance_embeds": True,
    }
    return kind(
        transformer=FluxTransformer2DModel(**network | changes),
        vae=tiny.autoencoder(
            scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False, use_post_quant_conv=False
        ),
        text_encoder=CLIPTextModel(tiny._clip()),
        tokenizer=tiny._tokenizer(),
        text_encoder_2=tiny._t5(),
        tokenizer_2=tiny._t5_tokenizer(),
        scheduler=FlowMatchEulerDiscreteScheduler(),
    )


def _qwen_image() -> dict[str, Any]:
    return {
        "transformer": QwenImageTransformer2DModel(
            patch_size=2,
            in_channels=16,
            out_channels=4,
            num_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=WIDTH,
            guidance_embeds=False,
            axes_dims_rope=(8, 4, 4),
        ),
        "vae": _film_autoencoder(),
        "text_encoder": _qwen_2_vision(),
        "tokenizer": _qwen_tokenizer(),
        "scheduler": FlowMatchEulerDiscreteScheduler(),
    }


def _sana(scheduler: Any, **changes: Any) -> dict[str, Any]:
    tokenizer = _gemma_tokenizer()
    blocks, widths = ("ResBlock",) * 6, (8,) * 6
    encoder = Gemma2Config(
        head_dim=4,
        hidden_size=8,
        intermediate_size=16,
        num_attention_heads=2,
        num_hidden_layers=1,
        num_key_value_heads=1,
        vocab_size=len(tokenizer),
        attn_implementation="eager",
    )
    return {
        "transformer": SanaTransformer2DModel(
            patch_size=1,
            in_channels=4,
            out_channels=4,
            num_layers=1,
            num_attention_heads=2,
            attention_head_dim=4,
            num_cross_attention_heads=2,
            cross_attention_head_dim=4,
            cross_attention_dim=8,
            caption_channels=8,
            **{"sample_size": 16, **changes},
        ),
        "vae": AutoencoderDC(
            in_channels=3,
            latent_channels=4,
            attention_head_dim=2,
            encoder_block_types=blocks,
            decoder_block_types=blocks,
            encoder_block_out_channels=widths,
            decoder_block_out_channels=widths,
            encoder_qkv_multiscales=((),) * 6,
            decoder_qkv_multiscales=((),) * 6,
            encoder_layers_per_block=(1,) * 6,
            decoder_layers_per_block=(1,) * 6,
            downsample_block_type="conv",
            upsample_block_type="interpolate",
            decoder_norm_types="rms_norm",
            decoder_act_fns="silu",
            scaling_factor=0.41407,
        ),
        "text_encoder": Gemma2Model(encoder),
        "tokenizer": tokenizer,
        "scheduler": scheduler,
    }


def _flux_2_autoencoder() -> Any:
    return AutoencoderKLFlux2(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(4,) * 4,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=1,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )


def _film_autoencoder() -> Any:
    return AutoencoderKLQwenImage(
        base_dim=8,
        z_dim=4,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
        latents_mean=[0.1] * 4,
        latents_std=[1.5] * 4,
    )


def _qwen_tokenizer() -> Any:
    vocabulary = {letter: number for number, letter in enumerate(_LETTERS)}
    tokenizer = Qwen2Tokenizer(vocab=vocabulary, merges=[], extra_special_tokens=list(_MARKS), model_max_length=512)
    tokenizer.chat_template = _CHAT
    return tokenizer


def _gemma_tokenizer(**options: Any) -> Any:
    pieces = ["<pad>", "<eos>", "<bos>", "<unk>", "▁", *"abcdefghijklmnopqrstuvwxyz"]
    return GemmaTokenizer(vocab={piece: number for number, piece in enumerate(pieces)}, merges=[], **options)


def _qwen_3(num_hidden_layers: int = 2) -> Any:
    return Qwen3Config(
        intermediate_size=16,
        hidden_size=WIDTH,
        head_dim=8,
        num_hidden_layers=num_hidden_layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        vocab_size=128,
        max_position_embeddings=512,
    )


_VISION: dict[str, Any] = {"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2}


def _qwen_3_vision(num_hidden_layers: int = 2) -> Any:
    return Qwen3VLConfig(
        text_config={
            "hidden_size": WIDTH,
            "intermediate_size": 16,
            "num_hidden_layers": num_hidden_layers,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_dim": 8,
            "vocab_size": 128,
            "pad_token_id": 0,
        },
        vision_config=_VISION | {"out_hidden_size": WIDTH},
    )


def _qwen_2_vision() -> Any:
    config = Qwen2_5_VLConfig(
        text_config={
            "hidden_size": WIDTH,
            "intermediate_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "rope_parameters": {"mrope_section": [1, 1, 2], "rope_type": "default", "rope_theta": 10000.0},
            "vocab_size": 128,
            "pad_token_id": 0,
        },
        vision_config=_VISION | {"out_hidden_size": WIDTH},
        vision_start_token_id=len(_LETTERS) + 4,
        vision_end_token_id=len(_LETTERS) + 5,
        image_token_id=len(_LETTERS) + 3,
    )
    return Qwen2_5_VLForConditionalGeneration(config).eval()
