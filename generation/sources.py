"""Sources of models, and the family of a model, found without reading its weights."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from generation import checkpoint_names, transformer_names
from generation.errors import InvalidSetting
from generation.weights import GGUF, SAFETENSORS, head_of

PICKLED = (".ckpt", ".pt", ".pth", ".bin", ".pkl")
"""The suffixes of pickle files. Loading one can run code."""

SINGLE_FILES = (SAFETENSORS, GGUF)
WORKFLOW = ".json"
"""The suffix of a workflow of ComfyUI."""
INDEX = "model_index.json"
CONFIG = "config.json"
SCHEDULER = "scheduler/scheduler_config.json"
UNET = "unet/config.json"

FIRST_LAYER = "model.diffusion_model.input_blocks.0.0.weight"
LAST_LAYER = "model.diffusion_model.out.2.weight"
"""The first and the last layer of a UNet in a single file."""


class Family(StrEnum):
    """The families of models that are run in different ways."""

    STABLE_DIFFUSION = "Stable Diffusion"
    """1.x and 2.x."""
    XL = "Stable Diffusion XL"
    OTHER = "another family"
    """Run by the model's own diffusers pipeline, one picture at a time."""

    @property
    def clip_skip(self) -> int:
        """The clip skip it was trained with: a layer of the text encoder, counted from the end."""
        return 2 if self is Family.XL else 1


BATCHED = {
    "StableDiffusionPipeline": Family.STABLE_DIFFUSION,
    "StableDiffusionImg2ImgPipeline": Family.STABLE_DIFFUSION,
    "StableDiffusionInpaintPipeline": Family.STABLE_DIFFUSION,
    "LatentConsistencyModelPipeline": Family.STABLE_DIFFUSION,
    "StableDiffusionInstructPix2PixPipeline": Family.STABLE_DIFFUSION,
    "StableDiffusionXLPipeline": Family.XL,
    "StableDiffusionXLInpaintPipeline": Family.XL,
    "StableDiffusionXLInstructPix2PixPipeline": Family.XL,
}
"""The diffusers pipelines of Stable Diffusion."""

EDITING = ("StableDiffusionInstructPix2PixPipeline", "StableDiffusionXLInstructPix2PixPipeline")
"""Those of them whose UNet takes the latents of a picture to edit."""

FLOWING = (
    "FluxPipeline",
    "FluxKontextPipeline",
    "Flux2Pipeline",
    "Flux2KleinPipeline",
    "StableDiffusion3Pipeline",
    "ZImagePipeline",
    "QwenImagePipeline",
    "QwenImageEditPipeline",
    "QwenImageEditPlusPipeline",
    "ChromaPipeline",
    "Krea2Pipeline",
    "Lumina2Pipeline",
)
"""The diffusers pipelines of flow-matching families, whose models run in the shared batch too."""

_PIPELINES = {Family.STABLE_DIFFUSION: "StableDiffusionPipeline", Family.XL: "StableDiffusionXLPipeline"}
"""The pipelines of single files."""


@dataclass(frozen=True, slots=True)
class Description:
    """What the files of a model say of it."""

    pipeline: str
    """The class name of its pipeline in diffusers; empty for a file of another family."""
    told_guidance: bool = False
    """True where its network is told the guidance scale, which it was distilled for."""
    distilled: bool = False
    """True where it was distilled to do without guidance."""
    transformer_alone: bool = False
    """True for a file that holds a transformer, whose other networks are elsewhere."""
    only_decodes: bool = False
    """True for a file whose VAE has no encoder, so that it can't start from pictures."""

    @property
    def family(self) -> Family:
        return family_of_class(self.pipeline)


def check(field: str, source: str) -> None:
    """Raise `InvalidSetting` for `field` if `source` is a pickle file."""
    if source.endswith(PICKLED):
        raise InvalidSetting(
            field,
            "{file} is a pickle: loading it can run any code, so it is refused. Use a .safetensors file of the "
            "model, or convert this one on a machine you can spare.",
            file=Path(source).name,
        )


def is_single_file(source: str) -> bool:
    return source.endswith(SINGLE_FILES)


def is_workflow(source: str) -> bool:
    """True where a model is a workflow of ComfyUI."""
    return source.endswith(WORKFLOW)


def description_of(source: str) -> Description | None:
    """What a folder in diffusers' format, a .safetensors file or a hub id says of its model. None if it is not on this
    machine or cannot be read."""
    if is_workflow(source):
        return Description("", distilled=True)
    try:
        return _read_description(source)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def family_of(source: str) -> Family | None:
    """The family of a model; None as for `description_of`."""
    description = description_of(source)
    return description.family if description else None


@lru_cache
def _read_description(source: str) -> Description:
    """Raises `OSError`, `ValueError`, `KeyError`, `TypeError`, `AttributeError`."""
    path = Path(source).expanduser()
    if is_single_file(source):
        return _description_of_tensors(head_of(path))
    index, network = _config(source, INDEX), _config_of(source, "transformer")
    return Description(
        index["_class_name"],
        told_guidance=bool(network.get("guidance_embeds")),
        distilled=bool(index.get("is_distilled")),
    )


def _description_of_tensors(tensors: Mapping[str, object]) -> Description:
    if transformer := transformer_names.transformer_of(tensors):
        told = transformer_names.is_told_guidance(tensors)
        name = transformer.pipeline if told else _UNTOLD.get(transformer.pipeline, transformer.pipeline)
        return Description(name, told_guidance=told, transformer_alone=True)
    named = checkpoint_names.usual(tensors)
    only_decodes = VAE_DECODER in named and VAE_ENCODER not in named
    return Description(_PIPELINES.get(family_of_tensors(named), ""), only_decodes=only_decodes)


def _config_of(source: str, part: str) -> dict[str, Any]:
    """The configuration of a part of a model; empty where it has none."""
    try:
        return _config(source, f"{part}/{CONFIG}")
    except OSError:
        return {}


def comes_quantised(source: str) -> bool:
    """True where the configuration of a network of a folder or a cached hub id says how its weights are quantised.
    Raises `OSError` or `ValueError`."""
    if is_single_file(source):
        return False
    parts = [name for name, value in _config(source, INDEX).items() if isinstance(value, list)]
    return any("quantization_config" in _config_of(source, part) for part in parts)


def family_of_class(pipeline: str) -> Family:
    """The family of a diffusers pipeline's class name."""
    return BATCHED.get(pipeline, Family.OTHER)


def family_of_tensors(names: Mapping[str, object]) -> Family:
    """The family of a single-file checkpoint, by the names of its tensors."""
    if "conditioner.embedders.1.model.positional_embedding" in names:
        return Family.XL
    encoders = ("cond_stage_model.transformer.text_model.embeddings", "cond_stage_model.model.positional_embedding")
    if any(name.startswith(encoders) for name in names):
        return Family.STABLE_DIFFUSION
    return Family.OTHER


VAE_ENCODER = "first_stage_model.encoder.conv_in.weight"
VAE_DECODER = "first_stage_model.decoder.conv_in.weight"
"""The first layers of the two halves of a VAE in a single file."""

_UNTOLD = {"Flux2Pipeline": "Flux2KleinPipeline"}
"""The pipelines of families whose models have another one where they aren't told the guidance scale."""

EDM_MARKS = ("edm_mean", "edm_vpred.sigma_max")
"""Tensors of single files: Playground 2.5's mean of the latents, and the highest noise level of CosXL."""


def is_edm(source: str) -> bool:
    """True for a folder, a .safetensors file or a hub id of a model with EDM's noise levels. False if it is not on this
    machine or cannot be read."""
    try:
        return _reads_edm(source)
    except (OSError, ValueError, KeyError, TypeError):
        return False


@lru_cache
def _reads_edm(source: str) -> bool:
    """Raises `OSError`, `ValueError`, `KeyError`, `TypeError`."""
    path = Path(source).expanduser()
    if is_single_file(source):
        return any(mark in head_of(path) for mark in EDM_MARKS)
    return has_edm_levels(_config(source, SCHEDULER))


def has_edm_levels(scheduler_config: Mapping[str, Any]) -> bool:
    """True for the config of a scheduler with EDM's noise levels: a class of diffusers made for them, or its Euler with
    continuous timesteps."""
    name: str = scheduler_config["_class_name"]
    return name.startswith("EDM") or scheduler_config.get("timestep_type") == "continuous"


def is_editing(source: str) -> bool:
    """True for a model whose UNet takes the latents of a picture to edit."""
    channels = unet_channels(source)
    return channels is not None and channels[0] == 2 * channels[1]


def unet_channels(source: str) -> tuple[int, int] | None:
    """The input and output channels of a model's UNet. None for a model without one, and for one that is not on this
    machine or cannot be read."""
    try:
        return _read_channels(source)
    except (OSError, ValueError, KeyError, TypeError):
        return None


@lru_cache
def _read_channels(source: str) -> tuple[int, int]:
    """Raises `OSError`, `ValueError`, `KeyError`, `TypeError`."""
    path = Path(source).expanduser()
    if is_single_file(source):
        head = checkpoint_names.usual(head_of(path))
        return head[FIRST_LAYER].shape[1], head[LAST_LAYER].shape[0]
    config = _config(source, UNET)
    return config["in_channels"], config["out_channels"]


def control_types(source: str) -> int | None:
    """How many control types a ControlNet-Union knows; None for another ControlNet, and where nothing of it is on this
    machine."""
    try:
        return _read_control_types(source)
    except (OSError, ValueError):
        return None


@lru_cache
def _read_control_types(source: str) -> int | None:
    types: int | None = _config(source, CONFIG).get("num_control_type")
    return types


def _config(source: str, file: str) -> dict[str, Any]:
    """A JSON file of a folder in diffusers' format, or of a cached hub repository. Raises `OSError` or `ValueError`."""
    folder = Path(source).expanduser()
    config: dict[str, Any] = json.loads((folder / file if folder.is_dir() else cached(source, file)).read_text())
    return config


def cached(hub_id: str, file: str) -> Path:
    """A cached file of a hub repository. Raises `FileNotFoundError` or `ValueError`."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(hub_id, file)
    if not isinstance(found, str):
        raise FileNotFoundError(hub_id)
    return Path(found)
