"""A tiny pipeline of Qwen-Image with random weights, and its parts, which other families have too."""

import string
from typing import Any

import torch
from diffusers import (
    AutoencoderKLQwenImage,
    FlowMatchEulerDiscreteScheduler,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
)
from tokenizers import AddedToken
from transformers import (
    BatchFeature,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen2VLImageProcessorPil,
)

from tests.generation.engine.families.showing import showing

WIDTH = 16
"""Of a text embedding."""
CHANNELS = 4
"""Of the latents."""

_MARKS = [f"<|{name}|>" for name in ("im_start", "im_end", "vision_start", "vision_end", "image_pad", "video_pad")]
_PICTURE = "<|image_pad|>"
_INSTRUCTIONS = (
    "by detailing the color, shape, size, texture, quantity, text, spatial relationships of the objects and "
    "background:",
    ", shape, size, texture, objects, background), then explain how the user's text instruction should alter or modify "
    "the image. Generate a new image that meets the user's requirements while maintaining consistency with the "
    "original input where appropriate.",
)
_LETTERS = "ĠĊ" + string.ascii_letters + string.digits + string.punctuation


def pipeline(**changes: Any) -> Any:
    """In memory; `changes` are of the transformer."""
    torch.manual_seed(0)
    words = tokenizer()
    return QwenImagePipeline(
        transformer=_transformer(**changes),
        vae=autoencoder(),
        text_encoder=_text_encoder(words),
        tokenizer=words,
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, base_image_seq_len=4),
    )


def editing(kind: Any) -> Any:
    """The same as a pipeline that changes pictures, without its `processor`, which is made at every call: most folders
    have one that needs torchvision."""
    return kind(processor=None, **pipeline().components)


def processor(words: Any) -> Any:
    """What gives pictures to the text encoder."""
    from transformers import Qwen2VLImageProcessor, Qwen2VLProcessor, Qwen2VLVideoProcessor

    return Qwen2VLProcessor(Qwen2VLImageProcessor(), words, Qwen2VLVideoProcessor())


class Processor:
    """The same without torchvision: a mark in the text becomes as many as its picture has patches, two by two."""

    def __init__(self, words: Any) -> None:
        self._words = words
        self._pictures = Qwen2VLImageProcessorPil()

    def __call__(self, text: list[str], images: Any, **options: Any) -> Any:
        seen = self._pictures(images=images, return_tensors="pt")
        counts = iter((seen["image_grid_thw"].prod(dim=1) // 4).tolist())
        [before, *parts] = text[0].split(_PICTURE)
        told = before + "".join(_PICTURE * next(counts) + part for part in parts)
        return BatchFeature({**self._words([told], **options), **seen})


def tokenizer(**options: Any) -> Any:
    """A token for each letter, and one for most of the instructions before a prompt, of which 34 tokens or 64 are cut
    off."""
    vocabulary = {token: number for number, token in enumerate(["<|endoftext|>", *_MARKS, *_LETTERS])}
    made = Qwen2Tokenizer(vocab=vocabulary, merges=[], **options)
    made.add_tokens([AddedToken(text, special=True, normalized=False) for text in (*_MARKS, *_INSTRUCTIONS)])
    return made


def autoencoder() -> Any:
    """An eighth of the size each way."""
    made = AutoencoderKLQwenImage(
        base_dim=8,
        z_dim=CHANNELS,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
        latents_mean=[0.1, -0.2, 0.3, 0.0],
        latents_std=[1.5, 0.5, 1.0, 2.0],
    )
    made.decoder.conv_out.weight.data *= 4
    return made


def _transformer(**changes: Any) -> Any:
    return showing(
        QwenImageTransformer2DModel(
            **{
                "in_channels": 4 * CHANNELS,
                "out_channels": CHANNELS,
                "num_layers": 2,
                "attention_head_dim": 16,
                "num_attention_heads": 2,
                "joint_attention_dim": WIDTH,
                "axes_dims_rope": (8, 4, 4),
            }
            | changes
        )
    )


def _text_encoder(words: Any) -> Any:
    marks = {f"{name}_token_id": words.convert_tokens_to_ids(f"<|{given}|>") for name, given in _IDS.items()}
    return Qwen2_5_VLForConditionalGeneration(
        Qwen2_5_VLConfig(
            text_config={
                "hidden_size": WIDTH,
                "intermediate_size": 32,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "num_key_value_heads": 2,
                "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e6},
                "vocab_size": len(words),
                "initializer_range": 0.4,
            },
            vision_config={
                "depth": 2,
                "hidden_size": WIDTH,
                "intermediate_size": 32,
                "num_heads": 2,
                "out_hidden_size": WIDTH,
                "initializer_range": 0.4,
            },
            **marks,
        )
    )


_IDS = {"image": "image_pad", "video": "video_pad", "vision_start": "vision_start", "vision_end": "vision_end"}
