"""Loads models from folders in diffusers' format, hub ids and single .safetensors files."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import torch

from generation import sources, suitability
from generation.acceleration import UNACCELERATED, Acceleration
from generation.catalogue import ModelSpec, PreviewKind
from generation.engine.conditioning import ip_adapter, stable_diffusion
from generation.engine.conditioning.controlnet import read_controlnet
from generation.engine.conditioning.ip_adapter import IpAdapter
from generation.engine.families import registry
from generation.engine.families.family import FlowFamily
from generation.engine.latents.previews import LatentPreview, TinyDecoder
from generation.engine.models import diffusers_pipeline, quantization, single_file, unet_inputs
from generation.engine.models.acceleration import accelerated
from generation.engine.models.batched_model import AnyBatchedModel
from generation.engine.models.diffusers_pipeline import PipelineModel
from generation.engine.models.flow_model import FlowModel
from generation.engine.models.unet_model import UNetModel
from generation.engine.models.weights_hash import hash_of
from generation.engine.runtime import hub, memory
from generation.engine.runtime.progress import LoadProgress
from generation.errors import InvalidSetting, ModelTooLarge, ModelUnavailable
from generation.sources import Family

log = logging.getLogger(__name__)

_IN_FAMILIES = ("torchvision", "ftfy", "sentencepiece")
_HELPS = '. Try `pip install "noisefox[families]"`'
"""Packages of the extra `families`, and what is said where one is missing."""

Report = Callable[[float], None]
"""Called with the share of the loading that is done, 0 to 1."""

UNGUARDED: dict[str, Any] = {"safety_checker": None, "requires_safety_checker": False}
"""Leaves out the safety checker of Stable Diffusion 1.x; pictures are checked once, when finished."""

OWN_FETCHED, FETCHED = 0.4, 0.5
"""The shares of the whole that are done when the model's own weights are downloaded, and when everything is."""

FILE_READ = 0.8
"""The share of reading a single file that is done when its bytes are in memory, before networks are built."""

LIBRARIES = ("diffusers", "transformers")
SAFETENSORS = "*.safetensors"

UNBUILT = (OSError, ValueError, KeyError, RuntimeError, MemoryError, AttributeError, TypeError, ImportError)
"""Errors of libraries for damaged or unexpected files and for missing packages."""


def load(
    spec: ModelSpec,
    device: torch.device,
    dtype: torch.dtype,
    report: Report = lambda share: None,
    acceleration: Acceleration = UNACCELERATED,
) -> AnyBatchedModel | PipelineModel:
    """Load a model; safetensors only, since pickled weights can run code.

    Raises `ModelUnavailable` with the reason for the log, or its subclass `ModelTooLarge`.
    """
    log.info("loading model %s", spec.name)
    report(0.0)
    told = LoadProgress(report)
    try:
        weights = _fetched(spec.source, told.until(OWN_FETCHED))
        suitability.check_cache(spec)
        unet_inputs.check(str(weights))
        family = sources.family_of(str(weights))
        dtype = _held_by(family, dtype)
        beside = _Beside.of(spec, family, told.until(FETCHED))
        in_pipeline = [*_own_files(spec, weights), *_autoencoder_files(spec)]
        held_on = torch.device("cpu") if acceleration.offload else device
        memory.check_room(spec.name, [*in_pipeline, *beside.files], held_on, dtype, spec.quantize)
        own, others = memory.needed(in_pipeline, dtype), memory.needed(beside.files, dtype)
        reading = told.until(own / max(own + others, 1))
        pipeline = pipeline_of(spec, weights, dtype, reading)
        if spec.quantize:
            quantization.quantize(pipeline, spec.quantize, dtype)
        pipeline = accelerated(pipeline, device, acceleration)
        if flow := registry.family_of(pipeline):
            return flowing(spec, weights, flow, device, dtype)
        if sources.family_of_class(type(pipeline).__name__) is Family.OTHER:
            return diffusers_pipeline.assembled(spec, weights, pipeline, device, dtype, bool(acceleration.offload))
        channels = pipeline.vae.config.latent_channels
        tiny = TinyDecoder.read(beside.tiny, channels, device, dtype) if beside.tiny else None
        model = assembled(spec, weights, pipeline, tiny, device, dtype)
        model.measure_frames()
        beside.add_to(model, pipeline, told)
    except (*UNBUILT, InvalidSetting) as reason:
        if memory.is_exhausted(reason):
            raise ModelTooLarge(f"model {spec.name} does not fit into the memory of {device}: {reason}") from reason
        cause = f"{reason}{_HELPS if any(name in str(reason) for name in _IN_FAMILIES) else ''}"
        raise ModelUnavailable(f"model {spec.name} cannot be loaded from {spec.source}: {cause}") from reason
    return model


def needed(spec: ModelSpec, dtype: torch.dtype) -> int:
    """Bytes of the weights of a model on this machine. Raises one of `UNBUILT` where they aren't there."""
    weights = _fetched(spec.source, None)
    family = sources.family_of(str(weights))
    beside = _Beside.of(spec, family, None)
    if not (own := _own_files(spec, weights)):
        raise FileNotFoundError(f"nothing of {spec.source} is on this machine")
    files = [*own, *_autoencoder_files(spec), *beside.files]
    return memory.needed(files, _held_by(family, dtype), spec.quantize)


def assembled(
    spec: ModelSpec, weights: Path, pipeline: Any, tiny: TinyDecoder | None, device: torch.device, dtype: torch.dtype
) -> UNetModel:
    """A model for the step loop, from the parts of diffusers' `pipeline`."""
    vae = pipeline.vae.eval()
    if dtype == torch.float16 and vae.config.force_upcast:
        vae.to(torch.float32)
    return UNetModel(
        spec=spec,
        weights=weights,
        hash=hash_of(weights, spec.source),
        prompts=stable_diffusion.prompt_encoder(pipeline),
        unet=pipeline.unet.eval(),
        vae=vae,
        scheduler_config=dict(pipeline.scheduler.config),
        preview=LatentPreview.fitted_to(vae) if spec.vae else LatentPreview.of_model(spec.source, vae),
        tiny=tiny,
        device=device,
        dtype=dtype,
        pipeline=pipeline,
    )


def flowing(spec: ModelSpec, weights: Path, family: FlowFamily, device: torch.device, dtype: torch.dtype) -> FlowModel:
    """A flow-matching model for the step loop."""
    family.transformer.eval()
    how = "one picture at a time, for its step cache" if spec.cache else "in the shared batch"
    log.info("%s is a %s, drawn %s", spec.name, type(family.pipeline).__name__, how)
    model = FlowModel(
        spec=spec,
        weights=weights,
        hash=hash_of(weights, spec.source),
        family=family,
        vae=family.autoencoder,
        scheduler_config=dict(family.pipeline.scheduler.config),
        preview=LatentPreview.fitted_to(family.autoencoder),
        tiny=None,
        device=device,
        dtype=dtype,
        pipeline=family.pipeline,
    )
    model.measure_frames()
    return model


@dataclass(frozen=True)
class _Beside:
    """Local paths of the networks beside a pipeline: tiny decoder, ControlNet, IP-Adapter and its image encoder."""

    tiny: Path | None = None
    controlnet: Path | None = None
    adapter: Path | None = None
    encoder: Path | None = None

    @classmethod
    def of(cls, spec: ModelSpec, family: Family | None, report: Report | None) -> Self:
        """The networks that a model's spec names, downloaded where needed, as is a replacement autoencoder; without
        `report` nothing is downloaded. Raises `OSError` or `ValueError`."""
        told = report and LoadProgress(report)
        quarters = [told.until(quarter / 4) if told else None for quarter in range(1, 5)]
        if spec.vae:
            _autoencoder_at(spec.vae, quarters[0])
        if family is Family.OTHER:
            if unused := [name for name in ("preview_decoder", "controlnet", "ip_adapter") if getattr(spec, name)]:
                log.warning("%s: %s has no effect: it is for Stable Diffusion", spec.name, ", ".join(unused))
            return cls()
        has_tiny = spec.preview is PreviewKind.TINY
        tiny = hub.network(spec.preview_decoder, quarters[1]) if has_tiny else None
        controlnet = hub.network(spec.controlnet, quarters[2]) if spec.controlnet else None
        if not spec.ip_adapter:
            return cls(tiny, controlnet)
        return cls(tiny, controlnet, *ip_adapter.fetched(spec.ip_adapter, spec.image_encoder, quarters[3]))

    @property
    def files(self) -> list[Path]:
        folders = [folder for folder in (self.tiny, self.controlnet, self.encoder) if folder]
        own = [file for folder in folders for file in _files_of_part(folder)]
        return [*own, self.adapter] if self.adapter else own

    def add_to(self, model: UNetModel, pipeline: Any, told: LoadProgress) -> None:
        """Read the networks into a model."""
        if self.controlnet:
            model.controlnet = read_controlnet(self.controlnet, model.device, model.dtype)
        if self.adapter and self.encoder:
            told.until(1.0)(0.5)
            model.image_prompts = IpAdapter.read(self.adapter, self.encoder, pipeline)
        told.until(1.0)(1.0)


def files_of(weights: Path) -> list[Path]:
    """The files that a model's weights are read from; of a network with variants, those without fp16."""
    if weights.is_file():
        return [weights]
    return [file for name in _parts(weights) for file in _files_of_part(weights / name)]


def _fetched(source: str, report: Report | None) -> Path:
    """The local folder or file of a source, downloaded from the hub where needed. Without `report` nothing is
    downloaded."""
    path = Path(source).expanduser()
    sources.check("source", source)
    if path.suffix == ".gguf":
        raise ValueError("GGUF files are not supported; take the model as a folder in diffusers' format or a hub id")
    if path.is_dir() or sources.is_single_file(source):
        return path.resolve(strict=True)
    return hub.model(source, report)


def pipeline_of(spec: ModelSpec, weights: Path, dtype: torch.dtype, report: Report = lambda share: None) -> Any:
    """diffusers' pipeline of a folder or a file, with the autoencoder that the spec names. Raises one of `UNBUILT`."""
    own, other = (memory.needed(files, dtype) for files in (_own_files(spec, weights), _autoencoder_files(spec)))
    reading = LoadProgress(report).until(own / max(own + other, 1))
    if weights.is_file():
        pipeline = _from_file(spec, weights, dtype, reading)
    else:
        pipeline = _from_folder(weights, dtype, reading, but=("vae",) if spec.vae else ())
    if spec.vae:
        found = _autoencoder_at(spec.vae, None)
        pipeline.register_modules(vae=_autoencoder(found, pipeline.vae, weights, dtype))
    report(1.0)
    return pipeline


def _from_folder(folder: Path, dtype: torch.dtype, report: Report, but: tuple[str, ...]) -> Any:
    """Read a pipeline part by part, to report progress."""
    from diffusers import DiffusionPipeline
    from transformers import PreTrainedModel

    parts = {name: kind for name, kind in _parts(folder).items() if name not in but}
    for name in parts:
        _refuse_pickles(folder / name)
        quantization.check_part(folder / name)
    sizes = {name: sum(file.stat().st_size for file in _files_of_part(folder / name)) for name in parts}
    read: dict[str, Any] = {}
    for name, kind in parts.items():
        named = "dtype" if issubclass(kind, PreTrainedModel) else "torch_dtype"
        variant = _variant(folder / name)
        read[name] = kind.from_pretrained(
            str(folder / name), use_safetensors=True, local_files_only=True, variant=variant, **{named: dtype}
        )
        quantization.keep_float8(read[name], _files_of_part(folder / name), dtype)
        report(sum(sizes[each] for each in read) / max(sum(sizes.values()), 1))
    index = json.loads((folder / sources.INDEX).read_text())
    left_out = {name: None for name, value in index.items() if name in but or value == [None, None]}
    given = read | left_out | {name: value for name, value in UNGUARDED.items() if name in index}
    return DiffusionPipeline.from_pretrained(folder, dtype=dtype, use_safetensors=True, local_files_only=True, **given)


def _from_file(spec: ModelSpec, file: Path, dtype: torch.dtype, report: Report) -> Any:
    single_file.read_ahead(file, LoadProgress(report).until(FILE_READ))
    if not spec.config:
        with TemporaryDirectory() as workspace:
            return single_file.read(file, dtype, Path(workspace))
    import diffusers
    from diffusers.loaders.single_file_utils import SingleFileComponentError

    config = diffusers.DiffusionPipeline.load_config(str(Path(spec.config).expanduser()))
    kind = getattr(diffusers, config["_class_name"])
    try:
        return kind.from_single_file(
            str(file), config=str(Path(spec.config).expanduser()), torch_dtype=dtype, local_files_only=True
        )
    except SingleFileComponentError as reason:
        raise ValueError("the file does not hold all networks of its family; take the model as a folder") from reason


def _own_files(spec: ModelSpec, weights: Path) -> list[Path]:
    """The files of a model that are read, without an autoencoder that is replaced."""
    replaced = weights / "vae" if spec.vae else None
    return [file for file in files_of(weights) if file.parent != replaced]


def _autoencoder_files(spec: ModelSpec) -> list[Path]:
    """The files of the autoencoder that replaces the model's own, on this machine."""
    if not spec.vae:
        return []
    found = _autoencoder_at(spec.vae, None)
    return _files_of_part(found) if found.is_dir() else [found]


def _autoencoder_at(source: str, report: Report | None) -> Path:
    """The path of a replacement autoencoder: a .safetensors file, or a folder, downloaded where needed. Without
    `report` nothing is downloaded."""
    sources.check("vae", source)
    path = Path(source).expanduser()
    if sources.is_single_file(source):
        return path
    return path / "vae" if (path / "vae").is_dir() else hub.network(source, report)


def _autoencoder(found: Path, own: Any, weights: Path, dtype: torch.dtype) -> Any:
    """Read an autoencoder of the class of the model's `own`, from a folder, or from a .safetensors file with the shapes
    of that one. Where `own` was left out, its class and shapes are those in the model's folder."""
    kind = _parts(weights)["vae"] if own is None else type(own)
    if found.is_dir():
        return kind.from_pretrained(str(found), torch_dtype=dtype, use_safetensors=True, local_files_only=True)
    if not hasattr(kind, "from_single_file"):
        raise ValueError(f"vae: a {kind.__name__} is read from a folder in diffusers' format, not from one file")
    with TemporaryDirectory() as workspace:
        if own is None:
            config = json.loads((weights / "vae" / "config.json").read_text())
            Path(workspace, "config.json").write_text(json.dumps(config))
        else:
            own.save_config(workspace)
        return kind.from_single_file(str(found), config=workspace, torch_dtype=dtype, local_files_only=True)


def _parts(folder: Path) -> dict[str, Any]:
    """The classes of a pipeline's networks, by part name. Raises `OSError` or `ValueError`."""
    if not (folder / sources.INDEX).is_file():
        raise ValueError(f"the folder holds no {sources.INDEX}, so it is not in diffusers' format")
    index = json.loads((folder / sources.INDEX).read_text())
    return {name: kind for name, kind in _classes(index) if hasattr(kind, "num_parameters")}


def _classes(index: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in index.items():
        match value:
            case [str(library), str(kind)] if library in LIBRARIES and name not in UNGUARDED:
                yield name, _class_of(library, kind, index["_class_name"])


def _class_of(library: str, kind: str, pipeline: str) -> Any:
    """A class of a library, or of the package of a pipeline that brings its own."""
    import diffusers

    package = getattr(diffusers, pipeline).__module__.rpartition(".")[0]
    return getattr(import_module(package), kind, None) or getattr(import_module(library), kind)


def _files_of_part(folder: Path) -> list[Path]:
    variant = _variant(folder)
    return [file for file in folder.glob(SAFETENSORS) if (".fp16." in file.name) == (variant == "fp16")]


def _variant(folder: Path) -> str | None:
    """The variant "fp16" where there are no other weights; None otherwise."""
    names = [file.name for file in folder.glob(SAFETENSORS)]
    return "fp16" if names and all(".fp16." in name for name in names) else None


def _refuse_pickles(folder: Path) -> None:
    pickled = [file.name for file in folder.iterdir() if file.suffix in sources.PICKLED] if folder.is_dir() else []
    if pickled and not _files_of_part(folder):
        raise ValueError(
            f"{folder.name}/{pickled[0]} is pickled, and reading it could run any code; take the model as .safetensors"
        )


def _held_by(family: Family | None, dtype: torch.dtype) -> torch.dtype:
    """The dtype for a family: activations of those after Stable Diffusion XL overflow float16."""
    return torch.bfloat16 if family is Family.OTHER and dtype is torch.float16 else dtype
