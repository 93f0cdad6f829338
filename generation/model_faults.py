"""What is wrong with a model on this machine, as far as the heads of its files tell."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from generation import checkpoint_names, sources, transformer_names
from generation.catalogue import ModelSpec
from generation.sources import Family
from generation.weights import Weight, fault_of, head_of

_OWN = "model.diffusion_model."
"""How the names of the network's tensors begin in a checkpoint."""

_VAE_PREFIXES = ("first_stage_model.", "vae.", "")


def faults_of(spec: ModelSpec) -> list[str]:
    """A sentence for everything that keeps a model from being drawn. Files that aren't here have no faults."""
    return [*_damage_of(spec), *misfits_of(spec)]


def misfits_of(spec: ModelSpec) -> list[str]:
    """Those of the faults that sound files have: what the model lacks, and what isn't for it."""
    return [*_of_source(spec), *_of_vae(spec), *_of_encoders(spec), *_of_base(spec)]


def alone(pipeline: str, base: str, or_else: str = "") -> str:
    """What to set for a file with the transformer of a `pipeline` alone, of which `base` is an example."""
    return (
        f"the file holds the transformer of a {pipeline} alone; set {or_else}base to another model of the config, or "
        f"to a folder or a hub id in diffusers' format of the same family, such as {base}"
    )


def _damage_of(spec: ModelSpec) -> Iterator[str]:
    path = Path(spec.source).expanduser()
    files = (
        [(f"{each.parent}: ", each) for each in sorted(path.rglob("*.safetensors"))] if path.is_dir() else [("", path)]
    )
    files += [("vae: ", Path(spec.vae).expanduser())] if spec.vae else []
    files += [("text_encoders: ", Path(each).expanduser()) for each in spec.text_encoders]
    for where, file in files:
        if file.is_file() and (fault := fault_of(file)):
            yield f"{where}{fault}"


def _sound_head(source: str) -> Mapping[str, Weight]:
    """The tensors of a file; none for one that is damaged, not here, or no file."""
    path = Path(source).expanduser()
    return head_of(path) if source and path.is_file() and not fault_of(path) else {}


def _of_source(spec: ModelSpec) -> Iterator[str]:
    name, head = Path(spec.source).name, _sound_head(spec.source)
    if not head:
        return
    if transformer := transformer_names.transformer_of(head):
        if not (spec.base or spec.config):
            yield f"{alone(transformer.pipeline, transformer.base)}."
    elif not any(each.startswith(_OWN) for each in head):
        yield f"{name} has no layers that draw. Name the model itself, not its text encoder, its VAE or a LoRA."
    elif not spec.vae and _is_stable_diffusion(spec) and sources.VAE_DECODER not in checkpoint_names.usual(head):
        yield f"{name} holds no VAE. Set vae to one."


def _is_stable_diffusion(spec: ModelSpec) -> bool:
    return sources.family_of(spec.source) in (Family.STABLE_DIFFUSION, Family.XL)


def _of_vae(spec: ModelSpec) -> Iterator[str]:
    head = _sound_head(spec.vae)
    if head and not any(name.startswith(f"{prefix}decoder.") for name in head for prefix in _VAE_PREFIXES):
        yield f"vae: {Path(spec.vae).name} is no VAE."


def _of_encoders(spec: ModelSpec) -> Iterator[str]:
    for each in spec.text_encoders:
        if any(name.startswith(("decoder.conv", "first_stage_model.")) for name in _sound_head(each)):
            yield f"text_encoders: {Path(each).name} is a VAE."


def _of_base(spec: ModelSpec) -> Iterator[str]:
    if not spec.base:
        return
    described = sources.description_of(spec.base)
    if spec.base == spec.source or (described and described.transformer_alone):
        yield "base names a file with a transformer alone. Name a folder or a hub id in diffusers' format."
    elif described and described.family is not Family.OTHER:
        yield f"base is a {described.pipeline}, which has no transformer. Name a model of the file's own family."
