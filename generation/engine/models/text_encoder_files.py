"""Text encoders in files of their own, as ComfyUI takes them: which part of a pipeline each is, and reading it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from generation.engine.models import tensors
from generation.weights import GGUF, SAFETENSORS, Weight, head_of

CLIP, T5, LANGUAGE = "CLIP", "T5", "a language model"

_WORDS = {
    CLIP: r"token_embedding\.weight$",
    T5: r"(shared|encoder\.embed_tokens|token_embd)\.weight$",
    LANGUAGE: r"(embed_tokens|token_embd)\.weight$",
}
"""The names of the tensor with a row for each token, by the kind of encoder."""

_SIGNS = {
    CLIP: r"position_embedding\.weight$",
    T5: r"(encoder\.block\.0\.layer\.0\.SelfAttention\.q|enc\.blk\.0\.attn_q)\.weight$",
    LANGUAGE: r"(layers\.0\.self_attn\.q_proj|^blk\.0\.attn_q)\.weight$",
}
"""Names of tensors that only one kind has."""

_UNUSED = ("lm_head.",)
"""Beginnings of the names of layers that say words, which no pipeline needs."""
_PICTURES = ("model.visual.", "model.vision_tower.", "model.multi_modal_projector.", "visual.", "vision_tower.")
"""Those of layers that look at pictures."""


@dataclass(frozen=True)
class Shape:
    """By which an encoder is told from the others of its pipeline."""

    kind: str
    width: int
    """Of the embedding of a token."""


def shape_of_tensors(head: Mapping[str, Weight]) -> Shape | None:
    """The kind of encoder whose tensors these are; None for other networks."""
    for kind, sign in _SIGNS.items():
        if any(re.search(sign, name) for name in head):
            words = next((each.shape for name, each in head.items() if re.search(_WORDS[kind], name)), (0, 0))
            return Shape(kind, words[-1])
    return None


def shape_in(folder: Path) -> Shape:
    """The kind of the encoder in a folder. Raises `OSError` or `ValueError`."""
    config: dict[str, Any] = json.loads((folder / "config.json").read_text())
    name = str(config.get("model_type", ""))
    kind = CLIP if "clip" in name else T5 if "t5" in name else LANGUAGE
    text = config.get("text_config", config)
    return Shape(kind, int(text.get("hidden_size") or text.get("d_model") or 0))


def placed(sources: Sequence[Path], folder: Path, parts: Sequence[str]) -> dict[str, Path]:
    """The file or folder for each part of the pipeline in `folder` that it fits, of those in `parts`.

    Raises `OSError`, or `ValueError` for one that fits none.
    """
    free = {part: shape_in(folder / part) for part in parts}
    found: dict[str, Path] = {}
    for source in sources:
        shape = _shape_of(source)
        part = next((part for part, wanted in free.items() if wanted == shape), None)
        if part is None:
            wanted = ", ".join(f"{each.kind} of width {each.width}" for each in free.values()) or "none more"
            has = f"{shape.kind} of width {shape.width}" if shape else "no text encoder"
            raise ValueError(f"text_encoders: {source.name} is {has}, and the model needs {wanted}")
        del free[part]
        found[part] = source
    return found


def files_of(source: Path) -> list[Path]:
    """The files of weights of an encoder's file or folder."""
    return [source] if source.is_file() else sorted(source.glob(f"*{SAFETENSORS}"))


def _shape_of(source: Path) -> Shape | None:
    return shape_in(source) if source.is_dir() else shape_of_tensors(head_of(source))


def read(kind: Any, source: Path, config_folder: Path, dtype: torch.dtype, *, sees_pictures: bool) -> Any:
    """An encoder of the class `kind`, from a folder in transformers' format, or from a file with the configuration in
    `config_folder`. Raises `OSError`, or `ValueError` for a file that lacks some of its layers."""
    if source.is_dir():
        return kind.from_pretrained(str(source), use_safetensors=True, local_files_only=True, dtype=dtype)
    config = kind.config_class.from_pretrained(str(config_folder), local_files_only=True)
    if source.suffix == GGUF:
        return _from_gguf(kind, source, config, dtype, sees_pictures=sees_pictures)
    return from_tensors(kind, tensors.read(source, dtype), config, dtype, source.name, sees_pictures=sees_pictures)


def _from_gguf(kind: Any, file: Path, config: Any, dtype: torch.dtype, *, sees_pictures: bool) -> Any:
    """An encoder whose weights are made numbers of `dtype`. A file of a model that also looks at pictures holds its
    language model alone; that of Mistral is read as Llama, whose layers it has."""
    from transformers import AutoModel, LlamaConfig
    from transformers.utils.quantization_config import GgufConfig

    words = config.get_text_config()
    if words.model_type == "mistral":
        words = LlamaConfig(**words.to_dict() | {"model_type": "llama"})
    network, told = (kind if words is config else AutoModel).from_pretrained(
        str(file.parent),
        gguf_file=file.name,
        config=words,
        quantization_config=GgufConfig(dequantize=True),
        output_loading_info=True,
        local_files_only=True,
        dtype=dtype,
    )
    if words is config:
        return _complete(network, told, file.name, sees_pictures=sees_pictures)
    named = {f"model.language_model.{name}": tensor for name, tensor in network.state_dict().items()}
    return from_tensors(kind, named, config, dtype, file.name, sees_pictures=sees_pictures)


def from_tensors(
    kind: Any, given: tensors.Tensors, config: Any, dtype: torch.dtype, name: str, *, sees_pictures: bool
) -> Any:
    """An encoder from the tensors of the file `name`; transformers knows their older names."""
    if getattr(config, "projection_dim", None) and "WithProjection" in kind.__name__:
        given.setdefault("text_projection.weight", torch.eye(config.projection_dim, config.hidden_size))
    network, told = kind.from_pretrained(None, config=config, state_dict=given, dtype=dtype, output_loading_info=True)
    return _complete(network, told, name, sees_pictures=sees_pictures)


def _complete(network: Any, told: Mapping[str, Any], name: str, *, sees_pictures: bool) -> Any:
    needless = _UNUSED if sees_pictures else (*_UNUSED, *_PICTURES)
    if missing := sorted(each for each in told["missing_keys"] if not each.startswith(needless)):
        raise ValueError(f"{name} lacks {len(missing)} of the text encoder's tensors, such as {missing[0]}")
    return network
