"""The names by which LoRA files call the layers of a network.

Files name layers as diffusers does or as the code that a model was first published with, in which query, key and value
are often one layer. Dots and underscores are not told apart, since kohya's trainers write underscores alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from generation.engine.conditioning import original_names

UNET = "unet"
TEXT_ENCODERS = TEXT_ENCODER, SECOND_TEXT_ENCODER, THIRD_TEXT_ENCODER = (
    "text_encoder",
    "text_encoder_2",
    "text_encoder_3",
)

_PREFIXES = {
    "lora_unet_": UNET,
    "lora_transformer_": UNET,
    "lycoris_": UNET,
    "lora_te_": TEXT_ENCODER,
    "lora_te1_": TEXT_ENCODER,
    "lora_te2_": SECOND_TEXT_ENCODER,
    "lora_te3_": THIRD_TEXT_ENCODER,
    "unet.": UNET,
    "transformer.": UNET,
    "diffusion_model.": UNET,
    "text_encoder.": TEXT_ENCODER,
    "text_encoder_2.": SECOND_TEXT_ENCODER,
    "text_encoder_3.": THIRD_TEXT_ENCODER,
    "text_encoders.clip_l.transformer.": TEXT_ENCODER,
    "text_encoders.clip_g.transformer.": SECOND_TEXT_ENCODER,
    "text_encoders.t5xxl.transformer.": THIRD_TEXT_ENCODER,
}
_AROUND = ("base_model.model.", "model.diffusion_model.")
"""What peft and whole checkpoints put before names, beside the above."""


@dataclass(frozen=True, slots=True)
class Place:
    """The layers of a network that one name in a file stands for, one after the other in the rows of its weights."""

    layers: tuple[str, ...]
    is_swapped: bool = False
    """True where the two halves of the rows are the other way round in the network: shift and scale of a norm."""


def part_of(name: str) -> tuple[str, str]:
    """The network of a layer that a file names, and the layer's name in it, flattened."""
    for around in _AROUND:
        name = name.removeprefix(around)
    for prefix, part in _PREFIXES.items():
        if name.startswith(prefix):
            return part, flat(name.removeprefix(prefix))
    return UNET, flat(name)


def part_called(name: str) -> str:
    """The network by its name in diffusers' pipelines."""
    return _PREFIXES.get(f"{name}.", name)


def flat(layer: str) -> str:
    """A layer's name without what the naming schemes differ in."""
    flattened = layer.replace(".processor.", ".").replace(".", "_").removeprefix("text_model_")
    return flattened + "_0" if flattened.endswith("_to_out") else flattened


def places_in(part: str, network: Any) -> dict[str, Place]:
    """The layers of a network that have weights, by each flattened name that files use."""
    layers = [
        name for name, module in network.named_modules() if isinstance(getattr(module, "weight", None), torch.Tensor)
    ]
    places = {flat(name): Place((name,)) for name in layers}
    per_block = network.config.get("layers_per_block") if part == UNET else None
    for name in layers:
        if older := original_names.in_stable_diffusion(name, per_block):
            places[older] = Place((name,))
        elif older := _in_clip(name):
            places.setdefault(older, Place((name,)))
    for original, place in _original(network, set(layers)):
        places.setdefault(flat(original), place)
    return places


_CLIP = {"q_proj": "to_q", "k_proj": "to_k", "v_proj": "to_v", "out_proj": "to_out"}
"""Layers of attention in CLIP, and what older versions of diffusers called them in files."""


def _in_clip(name: str) -> str:
    before, _, last = name.rpartition(".")
    return flat(f"{before}.{_CLIP[last]}") if last in _CLIP and before.endswith("self_attn") else ""


def _original(network: Any, layers: set[str]) -> Iterator[tuple[str, Place]]:
    """Names of the code that a transformer was published with, where the network has the layers; `#` is a number."""
    for original, *targets in original_names.TRANSFORMERS:
        for number in range(len(layers) if "#" in original else 1):
            names = tuple(each.replace("#", str(number)) for each in targets)
            if not layers.issuperset(names):
                break
            swapped = type(network.get_submodule(names[0].rpartition(".")[0])).__name__ == "AdaLayerNormContinuous"
            yield original.replace("#", str(number)), Place(names, swapped)
