"""The names of layers in the code that a model was first published with, and in diffusers."""

import re
from collections.abc import Iterator
from typing import Any

_DOUBLE, _SINGLE, _JOINT = "transformer_blocks.#.", "single_transformer_blocks.#.", "transformer_blocks.#."


def _three(names: str, before: str) -> tuple[str, ...]:
    return tuple(before + name for name in names.split())


_FLUX = (
    ("double_blocks.#.img_attn.qkv", *_three("to_q to_k to_v", f"{_DOUBLE}attn.")),
    ("double_blocks.#.txt_attn.qkv", *_three("add_q_proj add_k_proj add_v_proj", f"{_DOUBLE}attn.")),
    ("double_blocks.#.img_attn.proj", f"{_DOUBLE}attn.to_out.0"),
    ("double_blocks.#.txt_attn.proj", f"{_DOUBLE}attn.to_add_out"),
    ("double_blocks.#.img_attn.norm.query_norm", f"{_DOUBLE}attn.norm_q"),
    ("double_blocks.#.img_attn.norm.key_norm", f"{_DOUBLE}attn.norm_k"),
    ("double_blocks.#.txt_attn.norm.query_norm", f"{_DOUBLE}attn.norm_added_q"),
    ("double_blocks.#.txt_attn.norm.key_norm", f"{_DOUBLE}attn.norm_added_k"),
    ("double_blocks.#.img_mlp.0", f"{_DOUBLE}ff.net.0.proj"),
    ("double_blocks.#.img_mlp.2", f"{_DOUBLE}ff.net.2"),
    ("double_blocks.#.txt_mlp.0", f"{_DOUBLE}ff_context.net.0.proj"),
    ("double_blocks.#.txt_mlp.2", f"{_DOUBLE}ff_context.net.2"),
    ("double_blocks.#.img_mod.lin", f"{_DOUBLE}norm1.linear"),
    ("double_blocks.#.txt_mod.lin", f"{_DOUBLE}norm1_context.linear"),
    ("single_blocks.#.linear1", *_three("attn.to_q attn.to_k attn.to_v proj_mlp", _SINGLE)),
    ("single_blocks.#.linear2", f"{_SINGLE}proj_out"),
    ("single_blocks.#.norm.query_norm", f"{_SINGLE}attn.norm_q"),
    ("single_blocks.#.norm.key_norm", f"{_SINGLE}attn.norm_k"),
    ("single_blocks.#.modulation.lin", f"{_SINGLE}norm.linear"),
    ("img_in", "x_embedder"),
    ("txt_in", "context_embedder"),
    ("time_in.in_layer", "time_text_embed.timestep_embedder.linear_1"),
    ("time_in.out_layer", "time_text_embed.timestep_embedder.linear_2"),
    ("vector_in.in_layer", "time_text_embed.text_embedder.linear_1"),
    ("vector_in.out_layer", "time_text_embed.text_embedder.linear_2"),
    ("guidance_in.in_layer", "time_text_embed.guidance_embedder.linear_1"),
    ("guidance_in.out_layer", "time_text_embed.guidance_embedder.linear_2"),
    ("final_layer.linear", "proj_out"),
    ("final_layer.adaLN_modulation.1", "norm_out.linear"),
)
_CHROMA = (
    ("distilled_guidance_layer.layers.#.in_layer", "distilled_guidance_layer.layers.#.linear_1"),
    ("distilled_guidance_layer.layers.#.out_layer", "distilled_guidance_layer.layers.#.linear_2"),
)
_FLUX_2 = (
    ("double_blocks.#.img_mlp.0", f"{_DOUBLE}ff.linear_in"),
    ("double_blocks.#.img_mlp.2", f"{_DOUBLE}ff.linear_out"),
    ("double_blocks.#.txt_mlp.0", f"{_DOUBLE}ff_context.linear_in"),
    ("double_blocks.#.txt_mlp.2", f"{_DOUBLE}ff_context.linear_out"),
    ("single_blocks.#.linear1", f"{_SINGLE}attn.to_qkv_mlp_proj"),
    ("single_blocks.#.linear2", f"{_SINGLE}attn.to_out"),
    ("time_in.in_layer", "time_guidance_embed.timestep_embedder.linear_1"),
    ("time_in.out_layer", "time_guidance_embed.timestep_embedder.linear_2"),
    ("guidance_in.in_layer", "time_guidance_embed.guidance_embedder.linear_1"),
    ("guidance_in.out_layer", "time_guidance_embed.guidance_embedder.linear_2"),
    ("double_stream_modulation_img.lin", "double_stream_modulation_img.linear"),
    ("double_stream_modulation_txt.lin", "double_stream_modulation_txt.linear"),
    ("single_stream_modulation.lin", "single_stream_modulation.linear"),
)
_STABLE_DIFFUSION_3 = (
    ("joint_blocks.#.x_block.attn.qkv", *_three("to_q to_k to_v", f"{_JOINT}attn.")),
    ("joint_blocks.#.x_block.attn2.qkv", *_three("to_q to_k to_v", f"{_JOINT}attn2.")),
    ("joint_blocks.#.context_block.attn.qkv", *_three("add_q_proj add_k_proj add_v_proj", f"{_JOINT}attn.")),
    ("joint_blocks.#.x_block.attn.proj", f"{_JOINT}attn.to_out.0"),
    ("joint_blocks.#.x_block.attn2.proj", f"{_JOINT}attn2.to_out.0"),
    ("joint_blocks.#.context_block.attn.proj", f"{_JOINT}attn.to_add_out"),
    ("joint_blocks.#.x_block.mlp.fc1", f"{_JOINT}ff.net.0.proj"),
    ("joint_blocks.#.x_block.mlp.fc2", f"{_JOINT}ff.net.2"),
    ("joint_blocks.#.context_block.mlp.fc1", f"{_JOINT}ff_context.net.0.proj"),
    ("joint_blocks.#.context_block.mlp.fc2", f"{_JOINT}ff_context.net.2"),
    ("joint_blocks.#.x_block.adaLN_modulation.1", f"{_JOINT}norm1.linear"),
    ("joint_blocks.#.context_block.adaLN_modulation.1", f"{_JOINT}norm1_context.linear"),
    ("x_embedder.proj", "pos_embed.proj"),
    ("t_embedder.mlp.0", "time_text_embed.timestep_embedder.linear_1"),
    ("t_embedder.mlp.2", "time_text_embed.timestep_embedder.linear_2"),
    ("y_embedder.mlp.0", "time_text_embed.text_embedder.linear_1"),
    ("y_embedder.mlp.2", "time_text_embed.text_embedder.linear_2"),
)


def _with_refiners(*rows: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Rows for the blocks of Z-Image and Lumina 2, which come in three lists."""
    for blocks in ("layers.#.", "noise_refiner.#.", "context_refiner.#."):
        yield from (tuple(blocks + name for name in row) for row in rows)


_Z_IMAGE = (
    *_with_refiners(
        ("attention.qkv", *_three("to_q to_k to_v", "attention.")),
        ("attention.out", "attention.to_out.0"),
        ("attention.q_norm", "attention.norm_q"),
        ("attention.k_norm", "attention.norm_k"),
    ),
    ("x_embedder", "all_x_embedder.2-1"),
    ("final_layer.linear", "all_final_layer.2-1.linear"),
    ("final_layer.adaLN_modulation.1", "all_final_layer.2-1.adaLN_modulation.1"),
)
_LUMINA_2 = _with_refiners(
    ("attention.qkv", *_three("to_q to_k to_v", "attn.")),
    ("attention.out", "attn.to_out.0"),
    ("feed_forward.w1", "feed_forward.linear_1"),
    ("feed_forward.w2", "feed_forward.linear_2"),
    ("feed_forward.w3", "feed_forward.linear_3"),
    ("adaLN_modulation.1", "norm1.linear"),
)

TRANSFORMERS = (*_FLUX, *_CHROMA, *_FLUX_2, *_STABLE_DIFFUSION_3, *_Z_IMAGE, *_LUMINA_2)
"""Names in the original code of each family, each with the layers in diffusers that take its rows; `#` is a number."""


_RESNET = {
    "norm1": "in_layers_0",
    "conv1": "in_layers_2",
    "time_emb_proj": "emb_layers_1",
    "norm2": "out_layers_0",
    "conv2": "out_layers_3",
    "conv_shortcut": "skip_connection",
}
_ENDS = {
    "conv_in": "input_blocks_0_0",
    "conv_norm_out": "out_0",
    "conv_out": "out_2",
    "time_embedding.linear_1": "time_embed_0",
    "time_embedding.linear_2": "time_embed_2",
    "add_embedding.linear_1": "label_emb_0_0",
    "add_embedding.linear_2": "label_emb_0_2",
}
_IN_BLOCK = re.compile(
    r"(?P<way>down|up|mid)_blocks?\.(?:(?P<block>\d+)\.)?(?P<kind>resnets|attentions|downsamplers|upsamplers)\."
    r"(?P<index>\d+)\.(?P<rest>.+)"
)


def in_stable_diffusion(name: str, layers: Any) -> str:
    """A UNet layer's name in the original Stable Diffusion code, which numbers all blocks in one row; "" for none.

    A level has `layers` resnets on the way down, one more on the way up, and a down- or upsampler at its end."""
    if name in _ENDS:
        return _ENDS[name]
    match = _IN_BLOCK.fullmatch(name)
    if match is None or not isinstance(layers, int):
        return ""
    kind, index, rest = match["kind"], int(match["index"]), match["rest"]
    rest = _RESNET.get(rest, rest) if kind == "resnets" else rest.replace(".", "_")
    start, inner = int(match["block"] or 0) * (layers + 1), int(kind == "attentions")
    match match["way"], kind:
        case "mid", _:
            return f"middle_block_{inner or 2 * index}_{rest}"
        case "down", "downsamplers":
            return f"input_blocks_{start + layers + 1}_0_op"
        case "down", _:
            return f"input_blocks_{start + 1 + index}_{inner}_{rest}"
        case _, "upsamplers":
            return f"output_blocks_{start + layers}_2_{rest}"
    return f"output_blocks_{start + index}_{inner}_{rest}"
