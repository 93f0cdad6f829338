"""The names that programs give to a transformer's layers, against the names that diffusers converts them to."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from generation.engine.conditioning import lora_names
from generation.engine.conditioning.lora_adapters import LoraAdapters
from generation.engine.conditioning.lora_names import UNET
from generation.loras import Lora, Loras, LoraSpec
from tests.generation.engine import tiny
from tests.generation.engine.families import (
    tiny_chroma,
    tiny_flux_2,
    tiny_lumina_2,
    tiny_qwen_image,
    tiny_stable_diffusion_3,
    tiny_z_image,
)

SCALE = 0.5
OWN = (Lora("style", SCALE),)
RANK = 2

Tensors = dict[str, torch.Tensor]

FLUX = (
    "double_blocks.0.img_attn.qkv",
    "double_blocks.0.txt_attn.qkv",
    "double_blocks.0.img_attn.proj",
    "double_blocks.0.txt_attn.proj",
    "double_blocks.0.img_mlp.0",
    "double_blocks.0.img_mlp.2",
    "double_blocks.0.txt_mlp.0",
    "double_blocks.0.txt_mlp.2",
    "single_blocks.0.linear2",
)
MODULATED = (
    "double_blocks.0.img_mod.lin",
    "double_blocks.0.txt_mod.lin",
    "single_blocks.0.modulation.lin",
    "img_in",
    "txt_in",
    "time_in.in_layer",
    "time_in.out_layer",
    "vector_in.in_layer",
    "guidance_in.out_layer",
    "final_layer.linear",
    "final_layer.adaLN_modulation.1",
)
Z_IMAGE = ("attention.qkv", "attention.out", "feed_forward.w1", "feed_forward.w2", "adaLN_modulation.0")
QWEN = ("attn.to_q", "attn.to_out.0", "attn.add_k_proj", "attn.to_add_out", "img_mlp.net.0.proj", "txt_mod.1")


def within(before: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(before + name for name in names)


FAMILIES: dict[str, tuple[Callable[[], Any], tuple[str, ...]]] = {
    "FLUX.1": (tiny.flux_pipeline, FLUX + MODULATED),
    "Chroma": (tiny_chroma.pipeline, FLUX),
    "FLUX.2": (lambda: tiny_flux_2.klein(is_distilled=True), (*FLUX, "single_blocks.0.linear1")),
    "Z-Image": (tiny_z_image.pipeline, within("layers.0.", Z_IMAGE) + within("noise_refiner.0.", Z_IMAGE)),
    "Qwen-Image": (tiny_qwen_image.pipeline, within("transformer_blocks.0.", QWEN)),
}


def rows_and_columns(network: Any, name: str) -> tuple[int, int]:
    layers = [network.get_submodule(each) for each in lora_names.places_in(UNET, network)[lora_names.flat(name)].layers]
    return sum(each.out_features for each in layers), layers[0].in_features


def kohya(network: Any, names: tuple[str, ...]) -> Tensors:
    chance, tensors = torch.Generator().manual_seed(5), Tensors()
    for name in names:
        rows, columns = rows_and_columns(network, name)
        layer = f"lora_unet_{name.replace('.', '_')}"
        tensors[f"{layer}.lora_down.weight"] = torch.randn(RANK, columns, generator=chance)
        tensors[f"{layer}.lora_up.weight"] = torch.randn(rows, RANK, generator=chance)
        tensors[f"{layer}.alpha"] = torch.tensor(float(RANK))
    return tensors


def comfy(network: Any, names: tuple[str, ...]) -> Tensors:
    """The same with dots, and without alpha."""
    halves, dotted = {"lora_down": "lora_A", "lora_up": "lora_B"}, Tensors()
    tensors = kohya(network, names)
    for name in names:
        for half, other in halves.items():
            tensor = tensors[f"lora_unet_{name.replace('.', '_')}.{half}.weight"]
            dotted[f"diffusion_model.{name}.{other}.weight"] = tensor
    return dotted


def changes(network: Any, tensors: Tensors, tmp_path: Path) -> Tensors:
    """What a file changes in each weight of a network, whose own weights come back."""
    save_file(tensors, tmp_path / "style.safetensors")
    loras = Loras([LoraSpec("style", tmp_path / "style.safetensors")])
    applied = LoraAdapters("m", {UNET: network}, loras, torch.device("cpu"), torch.float32)
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    applied.apply_to_unet(OWN)
    changed = {name: weight - before[name] for name, weight in network.state_dict().items()}
    applied.apply_to_unet(())
    assert all(torch.equal(weight, before[name]) for name, weight in network.state_dict().items())
    return {name: each for name, each in changed.items() if each.any()}


def by_diffusers(pipeline: Any, tensors: Tensors) -> Tensors:
    named: Mapping[str, torch.Tensor] = pipeline.lora_state_dict(tensors)
    pairs = {name.removesuffix(".lora_A.weight"): name for name in named if name.endswith(".lora_A.weight")}
    return {
        f"{layer.removeprefix('transformer.')}.weight": SCALE * named[f"{layer}.lora_B.weight"] @ named[down]
        for layer, down in pairs.items()
    }


def check_same(changed: Tensors, expected: Tensors) -> None:
    assert changed.keys() == expected.keys()
    for name, change in changed.items():
        assert torch.allclose(change, expected[name], atol=1e-5), name


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_layers_are_those_that_diffusers_finds(family: tuple[Any, tuple[str, ...]], tmp_path: Path) -> None:
    """Under the names of kohya's trainers and of ComfyUI, without diffusers' help."""
    pipeline, names = family[0](), family[1]
    network = pipeline.transformer
    expected = by_diffusers(pipeline, kohya(network, names))
    check_same(changes(network, kohya(network, names), tmp_path), expected)
    check_same(changes(network, comfy(network, names), tmp_path), expected)


def split(network: Any, *layers: str) -> Tensors:
    """A random change of several layers, each of them alone."""
    chance = torch.Generator().manual_seed(8)
    return {
        f"{layer}.weight": torch.randn(network.get_submodule(layer).weight.shape, generator=chance) for layer in layers
    }


BLOCK = "transformer_blocks.0."
FUSED = {
    "Stable Diffusion 3.5": (
        tiny_stable_diffusion_3.pipeline,
        {
            "joint_blocks_0_x_block_attn_qkv": within(f"{BLOCK}attn.", ("to_q", "to_k", "to_v")),
            "joint_blocks_0_x_block_attn2_qkv": within(f"{BLOCK}attn2.", ("to_q", "to_k", "to_v")),
            "joint_blocks_0_context_block_attn_qkv": within(
                f"{BLOCK}attn.", ("add_q_proj", "add_k_proj", "add_v_proj")
            ),
            "joint_blocks_0_context_block_attn_proj": (f"{BLOCK}attn.to_add_out",),
            "joint_blocks_0_x_block_mlp_fc1": (f"{BLOCK}ff.net.0.proj",),
            "joint_blocks_0_x_block_adaLN_modulation_1": (f"{BLOCK}norm1.linear",),
        },
    ),
    "Lumina 2": (
        tiny_lumina_2.pipeline,
        {
            "layers_0_attention_qkv": within("layers.0.attn.", ("to_q", "to_k", "to_v")),
            "context_refiner_0_attention_out": ("context_refiner.0.attn.to_out.0",),
            "layers_0_feed_forward_w3": ("layers.0.feed_forward.linear_3",),
        },
    ),
    "FLUX.1": (
        tiny.flux_pipeline,
        {
            "single_blocks_0_linear1": within(
                "single_transformer_blocks.0.", ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp")
            )
        },
    ),
}


@pytest.mark.parametrize("family", FUSED.values(), ids=FUSED)
def test_several_layers_in_one_are_split(family: tuple[Any, dict[str, tuple[str, ...]]], tmp_path: Path) -> None:
    """Query, key and value have the rows of one change, one after the other."""
    network = family[0]().transformer
    expected, tensors = Tensors(), Tensors()
    for name, layers in family[1].items():
        each = split(network, *layers)
        tensors[f"lora_unet_{name}.diff"] = torch.cat(list(each.values()))
        expected |= {layer: SCALE * change for layer, change in each.items()}
    check_same(changes(network, tensors, tmp_path), expected)


def test_scale_and_shift_are_the_other_way_round_in_diffusers(tmp_path: Path) -> None:
    network = tiny_stable_diffusion_3.pipeline().transformer
    last = len(network.transformer_blocks) - 1
    name = f"transformer_blocks.{last}.norm1_context.linear"
    shift, scale = torch.randn(2, *network.get_submodule(name).weight.shape).chunk(2, 1)[0]
    key = f"joint_blocks.{last}.context_block.adaLN_modulation.1.diff"
    found = changes(network, {key: torch.cat([shift, scale])}, tmp_path)
    check_same(found, {f"{name}.weight": SCALE * torch.cat([scale, shift])})


def test_a_kronecker_product_and_a_dora_over_several_layers_in_one(tmp_path: Path) -> None:
    network = tiny.flux_pipeline().transformer
    layers = within("transformer_blocks.0.attn.", ("to_q", "to_k", "to_v"))
    own = torch.cat([network.get_submodule(each).weight.detach() for each in layers])
    first, second = torch.randn(6, 4), torch.randn(own.shape[0] // 6, own.shape[1] // 4)
    tensors = {"lokr_w1": first, "lokr_w2": second, "dora_scale": torch.rand(own.shape[0], 1)}
    changed = own + torch.kron(first, second)
    changed = changed * tensors["dora_scale"] / changed.norm(dim=1, keepdim=True)
    expected = dict(zip((f"{each}.weight" for each in layers), (SCALE * (changed - own)).chunk(3), strict=True))
    named = {f"lycoris_double_blocks_0_img_attn_qkv.{role}": tensor for role, tensor in tensors.items()}
    check_same(changes(network, named, tmp_path), expected)


def test_a_layer_that_is_named_alone_too_counts_once(tmp_path: Path) -> None:
    """As some trainers write both for Z-Image."""
    network = tiny_z_image.pipeline().transformer
    alone = split(network, *within("layers.0.attention.", ("to_q", "to_k", "to_v")))
    fused = {"diffusion_model.layers.0.attention.qkv.diff": torch.cat(list(alone.values()))}
    both = fused | {f"diffusion_model.{name.removesuffix('.weight')}.diff": each for name, each in alone.items()}
    check_same(changes(network, both, tmp_path), {name: SCALE * each for name, each in alone.items()})


def test_the_t5_of_flux_is_its_third_text_encoder_to_kohya(tmp_path: Path) -> None:
    pipeline = tiny.flux_pipeline()
    layer = pipeline.text_encoder_2.encoder.block[0].layer[0].SelfAttention.q
    change = torch.randn(layer.weight.shape)
    save_file({"lora_te3_encoder_block_0_layer_0_SelfAttention_q.diff": change}, tmp_path / "style.safetensors")
    networks = {UNET: pipeline.transformer, "text_encoder": pipeline.text_encoder}
    networks["text_encoder_2"] = pipeline.text_encoder_2
    loras = Loras([LoraSpec("style", tmp_path / "style.safetensors")])
    before = layer.weight.detach().clone()
    LoraAdapters("m", networks, loras, torch.device("cpu"), torch.float32).apply_to_text_encoders(
        (Lora("style", 1.0, SCALE),)
    )
    assert torch.allclose(layer.weight, before + SCALE * change, atol=1e-5)


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("lora_unet_mid_block_attentions_0", (UNET, "mid_block_attentions_0")),
        ("unet.mid_block.attn1.processor.to_out", (UNET, "mid_block_attn1_to_out_0")),
        ("mid_block.attn1.processor.to_q", (UNET, "mid_block_attn1_to_q")),
        ("transformer.x.to_q", (UNET, "x_to_q")),
        ("base_model.model.transformer.x.to_q", (UNET, "x_to_q")),
        ("base_model.model.x.to_q", (UNET, "x_to_q")),
        ("model.diffusion_model.x.to_q", (UNET, "x_to_q")),
        ("lora_transformer_x_to_q", (UNET, "x_to_q")),
        ("lora_te_text_model_encoder_layers_0", ("text_encoder", "encoder_layers_0")),
        ("lora_te1_text_model_encoder_layers_0", ("text_encoder", "encoder_layers_0")),
        ("lora_te2_encoder_layers_0", ("text_encoder_2", "encoder_layers_0")),
        ("lora_te3_encoder_block_0", ("text_encoder_3", "encoder_block_0")),
        ("text_encoder_2.text_model.encoder.layers.0", ("text_encoder_2", "encoder_layers_0")),
        ("text_encoders.clip_l.transformer.text_model.encoder.layers.0", ("text_encoder", "encoder_layers_0")),
    ],
)
def test_the_network_of_a_name(key: str, place: tuple[str, str]) -> None:
    assert lora_names.part_of(key) == place
