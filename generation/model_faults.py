"""What is wrong with a model on this machine, as far as the heads of its files tell."""

from collections.abc import Iterator
from pathlib import Path

from generation import checkpoint_names, sources, transformer_names
from generation.catalogue import ModelSpec
from generation.sources import Family
from generation.weights import fault_of, head_of

_OWN = "model.diffusion_model."
"""How the names of the network's tensors begin in a checkpoint."""

_VAE_PREFIXES = ("first_stage_model.", "vae.", "")


def faults_of(spec: ModelSpec) -> list[str]:
    """A sentence for everything that keeps a model from being drawn. Files that aren't here have no faults."""
    return [*_of_source(spec), *_of_vae(spec), *_of_encoders(spec), *_of_base(spec)]


def alone(pipeline: str, base: str, or_else: str = "") -> str:
    """What to set for a file with the transformer of a `pipeline` alone, of which `base` is an example."""
    return (
        f"the file holds the transformer of a {pipeline} alone; set {or_else}base to another model of the config, or "
        f"to a folder or a hub id in diffusers' format of the same family, such as {base}"
    )


def _of_source(spec: ModelSpec) -> Iterator[str]:
    path = Path(spec.source).expanduser()
    if path.is_dir():
        for each in sorted(path.rglob("*.safetensors")):
            if fault := fault_of(each):
                yield f"{each.parent}: {fault}"
    if not path.is_file():
        return
    if fault := fault_of(path):
        yield fault
        return
    head = head_of(path)
    if transformer := transformer_names.transformer_of(head):
        if not (spec.base or spec.config):
            yield f"{alone(transformer.pipeline, transformer.base)}."
    elif not any(name.startswith(_OWN) for name in head):
        yield f"{path.name} has no layers that draw. Name the model itself, not its text encoder, its VAE or a LoRA."
    elif not spec.vae and _is_stable_diffusion(spec) and sources.VAE_DECODER not in checkpoint_names.usual(head):
        yield f"{path.name} holds no VAE. Set vae to one."


def _is_stable_diffusion(spec: ModelSpec) -> bool:
    return sources.family_of(spec.source) in (Family.STABLE_DIFFUSION, Family.XL)


def _of_vae(spec: ModelSpec) -> Iterator[str]:
    if not (spec.vae and (path := Path(spec.vae).expanduser()).is_file()):
        return
    if fault := fault_of(path):
        yield f"vae: {fault}"
    elif not any(name.startswith(f"{prefix}decoder.") for name in head_of(path) for prefix in _VAE_PREFIXES):
        yield f"vae: {path.name} is no VAE."


def _of_encoders(spec: ModelSpec) -> Iterator[str]:
    for each in spec.text_encoders:
        path = Path(each).expanduser()
        if not path.is_file():
            continue
        if fault := fault_of(path):
            yield f"text_encoders: {fault}"
        elif any(name.startswith(("decoder.conv", "first_stage_model.")) for name in head_of(path)):
            yield f"text_encoders: {path.name} is a VAE."


def _of_base(spec: ModelSpec) -> Iterator[str]:
    if not spec.base:
        return
    described = sources.description_of(spec.base)
    if spec.base == spec.source or (described and described.transformer_alone):
        yield "base names a file with a transformer alone. Name a folder or a hub id in diffusers' format."
    elif described and described.family is not Family.OTHER:
        yield f"base is a {described.pipeline}, which has no transformer. Name a model of the file's own family."
