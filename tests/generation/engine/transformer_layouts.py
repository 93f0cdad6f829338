"""The weights of diffusers' transformers by the names of the original code: the reverse of how diffusers reads them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Layout:
    """`renamed` are patterns and what their matches become, in order; `fused` are groups of layers that are one layer,
    of the last name; `swapped` are layers whose two halves change places."""

    renamed: Sequence[tuple[str, str]]
    fused: Sequence[tuple[tuple[str, ...], str]] = ()
    swapped: str = "nothing"


_ATTENTION = [
    (r"attn\.norm_added_q\.weight", "txt_attn.norm.query_norm.scale"),
    (r"attn\.norm_added_k\.weight", "txt_attn.norm.key_norm.scale"),
    (r"(?<!single_)(transformer_blocks\.\d+\.)attn\.norm_q\.weight", r"\1img_attn.norm.query_norm.scale"),
    (r"(?<!single_)(transformer_blocks\.\d+\.)attn\.norm_k\.weight", r"\1img_attn.norm.key_norm.scale"),
    (r"(single_transformer_blocks\.\d+\.)attn\.norm_q\.weight", r"\1norm.query_norm.scale"),
    (r"(single_transformer_blocks\.\d+\.)attn\.norm_k\.weight", r"\1norm.key_norm.scale"),
    (r"attn\.to_add_out\.", "txt_attn.proj."),
    (r"attn\.to_out\.0\.", "img_attn.proj."),
]
_QKV = [
    (("attn.to_q", "attn.to_k", "attn.to_v"), "img_attn.qkv"),
    (("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"), "txt_attn.qkv"),
]
_FLUX = [
    *_ATTENTION,
    (r"single_transformer_blocks\.(\d+)\.proj_out\.", r"single_blocks.\1.linear2."),
    (r"^proj_out\.", "final_layer.linear."),
    (r"^norm_out\.linear\.", "final_layer.adaLN_modulation.1."),
    (r"ff\.net\.0\.proj\.", "img_mlp.0."),
    (r"ff\.net\.2\.", "img_mlp.2."),
    (r"ff_context\.net\.0\.proj\.", "txt_mlp.0."),
    (r"ff_context\.net\.2\.", "txt_mlp.2."),
    (r"norm1\.linear\.", "img_mod.lin."),
    (r"norm1_context\.linear\.", "txt_mod.lin."),
    (r"(single_transformer_blocks\.\d+\.)norm\.linear\.", r"\1modulation.lin."),
    (r"time_text_embed\.timestep_embedder\.", "time_in."),
    (r"time_text_embed\.text_embedder\.", "vector_in."),
    (r"time_text_embed\.guidance_embedder\.", "guidance_in."),
    (r"context_embedder\.", "txt_in."),
    (r"^x_embedder\.", "img_in."),
    (r"(distilled_guidance_layer\.norms\.\d+\.)weight", r"\1scale"),
    (r"linear_1\.", "in_layer."),
    (r"linear_2\.", "out_layer."),
    (r"single_transformer_blocks\.", "single_blocks."),
    (r"(?<!single_)transformer_blocks\.", "double_blocks."),
]
_LINEAR1 = (("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"), "linear1")

FLUX = Layout(_FLUX, [_LINEAR1, *_QKV], r"^final_layer\.adaLN")
CHROMA = Layout(_FLUX, [_LINEAR1, *_QKV])
FLUX_2 = Layout(
    [
        *_ATTENTION,
        (r"(single_transformer_blocks\.\d+\.)attn\.to_qkv_mlp_proj\.", r"\1linear1."),
        (r"(single_transformer_blocks\.\d+\.)attn\.to_out\.", r"\1linear2."),
        (r"^proj_out\.", "final_layer.linear."),
        (r"^norm_out\.linear\.", "final_layer.adaLN_modulation.1."),
        (r"ff\.linear_in\.", "img_mlp.0."),
        (r"ff\.linear_out\.", "img_mlp.2."),
        (r"ff_context\.linear_in\.", "txt_mlp.0."),
        (r"ff_context\.linear_out\.", "txt_mlp.2."),
        (r"(modulation\w*)\.linear\.", r"\1.lin."),
        (r"time_guidance_embed\.timestep_embedder\.", "time_in."),
        (r"time_guidance_embed\.guidance_embedder\.", "guidance_in."),
        (r"context_embedder\.", "txt_in."),
        (r"^x_embedder\.", "img_in."),
        (r"linear_1\.", "in_layer."),
        (r"linear_2\.", "out_layer."),
        (r"single_transformer_blocks\.", "single_blocks."),
        (r"(?<!single_)transformer_blocks\.", "double_blocks."),
    ],
    _QKV,
    r"^final_layer\.adaLN",
)
STABLE_DIFFUSION_3 = Layout(
    [
        (r"attn\.norm_added_q\.", "context_block.attn.ln_q."),
        (r"attn\.norm_added_k\.", "context_block.attn.ln_k."),
        (r"(attn2?)\.norm_q\.", r"x_block.\1.ln_q."),
        (r"(attn2?)\.norm_k\.", r"x_block.\1.ln_k."),
        (r"attn\.to_add_out\.", "context_block.attn.proj."),
        (r"(attn2?)\.to_out\.0\.", r"x_block.\1.proj."),
        (r"norm1\.linear\.", "x_block.adaLN_modulation.1."),
        (r"norm1_context\.linear\.", "context_block.adaLN_modulation.1."),
        (r"ff\.net\.0\.proj\.", "x_block.mlp.fc1."),
        (r"ff\.net\.2\.", "x_block.mlp.fc2."),
        (r"ff_context\.net\.0\.proj\.", "context_block.mlp.fc1."),
        (r"ff_context\.net\.2\.", "context_block.mlp.fc2."),
        (r"pos_embed\.pos_embed", "pos_embed"),
        (r"pos_embed\.proj\.", "x_embedder.proj."),
        (r"time_text_embed\.timestep_embedder\.linear_1\.", "t_embedder.mlp.0."),
        (r"time_text_embed\.timestep_embedder\.linear_2\.", "t_embedder.mlp.2."),
        (r"time_text_embed\.text_embedder\.linear_1\.", "y_embedder.mlp.0."),
        (r"time_text_embed\.text_embedder\.linear_2\.", "y_embedder.mlp.2."),
        (r"^proj_out\.", "final_layer.linear."),
        (r"^norm_out\.linear\.", "final_layer.adaLN_modulation.1."),
        (r"^transformer_blocks\.", "joint_blocks."),
    ],
    [
        (("attn.to_q", "attn.to_k", "attn.to_v"), "x_block.attn.qkv"),
        (("attn2.to_q", "attn2.to_k", "attn2.to_v"), "x_block.attn2.qkv"),
        (("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"), "context_block.attn.qkv"),
    ],
    r"^final_layer\.adaLN|^joint_blocks\.1\.context_block\.adaLN",
)
Z_IMAGE = Layout(
    [
        (r"all_final_layer\.2-1\.", "final_layer."),
        (r"all_x_embedder\.2-1\.", "x_embedder."),
        (r"attention\.to_out\.0\.", "attention.out."),
        (r"attention\.norm_q\.", "attention.q_norm."),
        (r"attention\.norm_k\.", "attention.k_norm."),
    ],
    [(("attention.to_q", "attention.to_k", "attention.to_v"), "attention.qkv")],
)
QWEN_IMAGE = Layout([])


def original(transformer: Any, layout: Layout) -> Tensors:
    """The weights of a transformer by their original names."""
    return {name: _half(tensor, name, layout) for name, tensor in _renamed(transformer.state_dict(), layout)}


def _renamed(state: Tensors, layout: Layout) -> Iterator[tuple[str, torch.Tensor]]:
    for name, tensor in _fused(state, layout):
        for pattern, becomes in layout.renamed:
            name = re.sub(pattern, becomes, name)
        yield name, tensor.contiguous()


def _fused(state: Tensors, layout: Layout) -> Iterator[tuple[str, torch.Tensor]]:
    left = dict(state)
    for layers, fused in layout.fused:
        for name in [each for each in left if f".{layers[0]}." in each]:
            names = [name.replace(layers[0], each) for each in layers]
            if all(each in left for each in names):
                yield name.replace(layers[0], fused), torch.cat([left.pop(each) for each in names])
    yield from left.items()


def _half(tensor: torch.Tensor, name: str, layout: Layout) -> torch.Tensor:
    return torch.cat(tensor.chunk(2)[::-1]) if re.search(layout.swapped, name) else tensor


class Narrow:
    """Stands in for torch where diffusers splits layers of FLUX.1 at the true model's width: it splits in the same
    proportions."""

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)

    def split(self, tensor: torch.Tensor, sizes: Sequence[int], dim: int) -> Any:
        return torch.split(tensor, [size * len(tensor) // sum(sizes) for size in sizes], dim)
