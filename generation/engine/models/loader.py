"""Loads models from folders in diffusers' format, hub ids and single files."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
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
from generation.engine.models import (
    autoencoder_file,
    diffusers_pipeline,
    placement,
    quantization,
    single_file,
    tensors,
    text_encoder_files,
    transformer_file,
    unet_inputs,
)
from generation.engine.models.acceleration import accelerated
from generation.engine.models.batched_model import AnyBatchedModel
from generation.engine.models.companions import TRANSFORMER, VAE, Companions
from generation.engine.models.diffusers_pipeline import PipelineModel
from generation.engine.models.flow_model import FlowModel
from generation.engine.models.prediction import with_prediction
from generation.engine.models.unet_model import UNetModel
from generation.engine.models.weights_hash import hash_of
from generation.engine.runtime import hub, memory
from generation.engine.runtime.progress import LoadProgress
from generation.errors import InvalidSetting, ModelTooLarge, ModelUnavailable
from generation.networks import files_of_part, variant_of
from generation.placement import needs_of
from generation.plans import EVERYTHING, Needs, Plan
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

_BESIDE = ("preview_decoder", "controlnet", "controlnets", "ip_adapter")
"""What a section says of networks beside a model of Stable Diffusion."""

LIBRARIES = ("diffusers", "transformers")

UNBUILT = (OSError, ValueError, LookupError, RuntimeError, MemoryError, AttributeError, TypeError, ImportError)
"""Errors of libraries for damaged or unexpected files and for missing packages."""


def load(
    spec: ModelSpec,
    device: torch.device,
    dtype: torch.dtype,
    report: Report = lambda share: None,
    acceleration: Acceleration = UNACCELERATED,
    room: float | None = None,
) -> AnyBatchedModel | PipelineModel:
    """Load a model, so that it fits into `room` bytes of the device, if that is given; safetensors only, since pickled
    weights can run code.

    Raises `ModelUnavailable` with the reason for the log, or its subclass `ModelTooLarge`.
    """
    log.info("loading model %s", spec.name)
    report(0.0)
    told = LoadProgress(report)
    try:
        weights = _fetched(spec.source, told.until(OWN_FETCHED))
        suitability.check_cache(spec)
        unet_inputs.check(str(weights))
        Companions.of(spec, weights, told.until(OWN_FETCHED))
        family = sources.family_of(str(weights))
        dtype = _held_by(family, dtype)
        beside = _Beside.of(spec, family, told.until(FETCHED))
        in_pipeline = [*_own_files(spec, weights), *_autoencoder_files(spec)]
        room = placement.room_on(device) if room is None else room
        needs = _needs_of(spec, weights, beside, dtype)
        plan = placement.plan_for(spec.name, needs, device, dtype, room, acceleration.offload)
        if beside.adapter:
            plan = plan.by_layers
        own, others = memory.needed(in_pipeline, dtype), memory.needed(beside.files, dtype)
        reading = told.until(own / max(own + others, 1))
        pipeline = pipeline_of(spec, weights, dtype, reading)
        if spec.quantize:
            quantization.quantize(pipeline, spec.quantize, dtype)
        pipeline = accelerated(pipeline, device, acceleration, plan)
        if flow := registry.family_of(pipeline):
            return flowing(spec, weights, flow, device, dtype, plan)
        if sources.family_of_class(type(pipeline).__name__) is Family.OTHER:
            return diffusers_pipeline.assembled(spec, weights, pipeline, device, dtype, plan)
        channels = pipeline.vae.config.latent_channels
        tiny = TinyDecoder.read(beside.tiny, channels, device, dtype) if beside.tiny else None
        model = assembled(spec, weights, pipeline, tiny, device, dtype, plan)
        model.measure_frames()
        beside.add_to(model, pipeline, told)
    except (*UNBUILT, InvalidSetting) as reason:
        if memory.is_exhausted(reason):
            raise ModelTooLarge(f"model {spec.name} does not fit into the memory of {device}: {reason}") from reason
        cause = f"{reason}{_HELPS if any(name in str(reason) for name in _IN_FAMILIES) else ''}"
        raise ModelUnavailable(f"model {spec.name} cannot be loaded from {spec.source}: {cause}") from reason
    return model


def needs_here(spec: ModelSpec, dtype: torch.dtype) -> Needs:
    """What a model on this machine needs. Raises one of `UNBUILT` where it isn't there."""
    weights = _fetched(spec.source, None)
    family = sources.family_of(str(weights))
    beside = _Beside.of(spec, family, None)
    if not _own_files(spec, weights):
        raise FileNotFoundError(f"nothing of {spec.source} is on this machine")
    return _needs_of(spec, weights, beside, _held_by(family, dtype))


def _needs_of(spec: ModelSpec, weights: Path, beside: "_Beside", dtype: torch.dtype) -> Needs:
    others = memory.needed([*_autoencoder_files(spec), *beside.files], dtype)
    around = Companions.of(spec, weights)
    base, files = (around.folder, around.files) if around else (None, {})
    return needs_of(spec, weights, str(dtype).removeprefix("torch."), spec.quantize, others, base, files)


def assembled(
    spec: ModelSpec,
    weights: Path,
    pipeline: Any,
    tiny: TinyDecoder | None,
    device: torch.device,
    dtype: torch.dtype,
    plan: Plan = EVERYTHING,
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
        scheduler_config=with_prediction(pipeline.scheduler.config, spec.prediction),
        preview=LatentPreview.fitted_to(vae) if spec.vae else LatentPreview.of_model(spec.source, vae),
        tiny=tiny,
        device=device,
        dtype=dtype,
        pipeline=pipeline,
        plan=plan,
    )


def flowing(
    spec: ModelSpec,
    weights: Path,
    family: FlowFamily,
    device: torch.device,
    dtype: torch.dtype,
    plan: Plan = EVERYTHING,
) -> FlowModel:
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
        plan=plan,
    )
    model.measure_frames()
    return model


@dataclass(frozen=True)
class _Beside:
    """Local paths of the networks beside a pipeline: tiny decoder, ControlNets, IP-Adapter and its image encoder."""

    tiny: Path | None = None
    controlnets: Mapping[str, Path] = field(default_factory=dict)
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
            if unused := [name for name in _BESIDE if getattr(spec, name)]:
                log.warning("%s: %s has no effect: it is for Stable Diffusion", spec.name, ", ".join(unused))
            return cls()
        has_tiny = spec.preview is PreviewKind.TINY
        tiny = hub.network(spec.preview_decoder, quarters[1]) if has_tiny else None
        controlnets = {name: hub.network(source, quarters[2]) for name, source in spec.control_networks.items()}
        if not spec.ip_adapter:
            return cls(tiny, controlnets)
        return cls(tiny, controlnets, *ip_adapter.fetched(spec.ip_adapter, spec.image_encoder, quarters[3]))

    @property
    def files(self) -> list[Path]:
        folders = [folder for folder in (self.tiny, *self.controlnets.values(), self.encoder) if folder]
        own = [file for folder in folders for file in files_of_part(folder)]
        return [*own, self.adapter] if self.adapter else own

    def add_to(self, model: UNetModel, pipeline: Any, told: LoadProgress) -> None:
        """Read the networks into a model."""
        model.controlnets = {
            name: read_controlnet(folder, model.device, model.dtype) for name, folder in self.controlnets.items()
        }
        if self.adapter and self.encoder:
            told.until(1.0)(0.5)
            model.image_prompts = IpAdapter.read(self.adapter, self.encoder, pipeline)
        told.until(1.0)(1.0)


def files_of(weights: Path) -> list[Path]:
    """The files that a model's weights are read from; of a network with variants, those without fp16."""
    if weights.is_file():
        return [weights]
    return [file for name in _parts(weights) for file in files_of_part(weights / name)]


def _fetched(source: str, report: Report | None) -> Path:
    """The local folder or file of a source, downloaded from the hub where needed. Without `report` nothing is
    downloaded."""
    path = Path(source).expanduser()
    sources.check("source", source)
    if path.is_dir() or sources.is_single_file(source):
        return path.resolve(strict=True)
    return hub.model(source, report)


def pipeline_of(spec: ModelSpec, weights: Path, dtype: torch.dtype, report: Report = lambda share: None) -> Any:
    """diffusers' pipeline of a folder or a file, with the autoencoder that the spec names. Raises one of `UNBUILT`."""
    own, other = (memory.needed(files, dtype) for files in (_own_files(spec, weights), _autoencoder_files(spec)))
    reading = LoadProgress(report).until(own / max(own + other, 1))
    around = Companions.of(spec, weights)
    if weights.is_file() and not around:
        pipeline = _from_file(spec, weights, dtype, reading)
    else:
        home = around.folder if around else weights
        given = _given(around, weights, dtype, reading) if around else {}
        pipeline = _from_folder(home, dtype, reading, (VAE,) if spec.vae else (), given)
        if spec.vae:
            pipeline.register_modules(vae=_autoencoder(_autoencoder_at(spec.vae, None), home, dtype))
    report(1.0)
    return pipeline


def _from_folder(
    folder: Path, dtype: torch.dtype, report: Report, but: tuple[str, ...], given: Mapping[str, Any]
) -> Any:
    """Read a pipeline part by part, to report progress; the parts in `given` are read already."""
    from diffusers import DiffusionPipeline
    from transformers import PreTrainedModel

    parts = {name: kind for name, kind in _parts(folder).items() if name not in but and name not in given}
    for name in parts:
        _refuse_pickles(folder / name)
        quantization.check_part(folder / name)
    sizes = {name: sum(file.stat().st_size for file in files_of_part(folder / name)) for name in parts}
    read: dict[str, Any] = {}
    for name, kind in parts.items():
        named = "dtype" if issubclass(kind, PreTrainedModel) else "torch_dtype"
        variant = variant_of(folder / name)
        read[name] = kind.from_pretrained(
            str(folder / name), use_safetensors=True, local_files_only=True, variant=variant, **{named: dtype}
        )
        quantization.keep_float8(read[name], files_of_part(folder / name), dtype)
        report(sum(sizes[each] for each in read) / max(sum(sizes.values()), 1))
    index = json.loads((folder / sources.INDEX).read_text())
    left_out = {name: None for name, value in index.items() if name in but or value == [None, None]}
    read |= {**given, **left_out} | {name: value for name, value in UNGUARDED.items() if name in index}
    return DiffusionPipeline.from_pretrained(folder, dtype=dtype, use_safetensors=True, local_files_only=True, **read)


def _given(around: Companions, file: Path, dtype: torch.dtype, report: Report) -> dict[str, Any]:
    """The parts of a pipeline that aren't read from its base: the transformer, and those in files of their own."""
    single_file.read_ahead(file, LoadProgress(report).until(FILE_READ))
    kinds = _parts(around.folder)
    index = json.loads((around.folder / sources.INDEX).read_text())
    seeing = registry.reads_pictures(index["_class_name"])
    given = {TRANSFORMER: transformer_file.read(kinds[TRANSFORMER], file, around.folder, dtype)}
    quantization.keep_float8(given[TRANSFORMER], [file], dtype)
    for name, source in around.encoders.items():
        home = around.folder / name
        given[name] = text_encoder_files.read(kinds[name], source, home, dtype, sees_pictures=seeing)
    if around.inside:
        given |= _inside(around, file, kinds, dtype)
    return given


def _inside(around: Companions, file: Path, kinds: Mapping[str, Any], dtype: torch.dtype) -> dict[str, Any]:
    """The parts that are in the same file as the transformer."""
    found = tensors.read(file, dtype)
    read: dict[str, Any] = {}
    for name, prefix in around.inside.items():
        own = {each.removeprefix(prefix): tensor for each, tensor in found.items() if each.startswith(prefix)}
        if name == VAE and not around.vae:
            config = json.loads((around.folder / VAE / sources.CONFIG).read_text())
            read[name] = autoencoder_file.from_tensors(kinds[name], own, config, dtype, file.name)
        elif name != VAE:
            config = kinds[name].config_class.from_pretrained(str(around.folder / name), local_files_only=True)
            read[name] = text_encoder_files.from_tensors(
                kinds[name], own, config, dtype, file.name, sees_pictures=False
            )
    return read


def _from_file(spec: ModelSpec, file: Path, dtype: torch.dtype, report: Report) -> Any:
    """A pipeline from a checkpoint that holds all its networks; its autoencoder may be replaced."""
    single_file.read_ahead(file, LoadProgress(report).until(FILE_READ))
    config = hub.around(spec.config, lambda share: None) if spec.config else None
    vae = _autoencoder_at(spec.vae, None) if spec.vae else None
    if config and sources.family_of(str(file)) is Family.OTHER:
        return _from_file_of_another_family(file, config, vae, dtype)
    with TemporaryDirectory() as workspace:
        return single_file.read(file, dtype, Path(workspace), config=config, vae=vae)


def _from_file_of_another_family(file: Path, config: Path, vae: Path | None, dtype: torch.dtype) -> Any:
    import diffusers
    from diffusers.loaders.single_file_utils import SingleFileComponentError

    kind = getattr(diffusers, json.loads((config / sources.INDEX).read_text())["_class_name"])
    try:
        pipeline = kind.from_single_file(str(file), config=str(config), torch_dtype=dtype, local_files_only=True)
    except SingleFileComponentError as reason:
        raise ValueError("the file does not hold all networks of its family; take the model as a folder") from reason
    if vae:
        pipeline.register_modules(vae=_autoencoder(vae, config, dtype))
    return pipeline


def _own_files(spec: ModelSpec, weights: Path) -> list[Path]:
    """The files of a model that are read, without an autoencoder that is replaced."""
    if around := Companions.of(spec, weights):
        left = [name for name in _parts(around.folder) if name not in around.elsewhere]
        others = [file for name in left for file in files_of_part(around.folder / name)]
        return [weights, *(file for files in around.files.values() for file in files), *others]
    replaced = weights / VAE if spec.vae else None
    return [file for file in files_of(weights) if file.parent != replaced]


def _autoencoder_files(spec: ModelSpec) -> list[Path]:
    """The files of the autoencoder that replaces the model's own, on this machine."""
    if not spec.vae:
        return []
    found = _autoencoder_at(spec.vae, None)
    return files_of_part(found) if found.is_dir() else [found]


def _autoencoder_at(source: str, report: Report | None) -> Path:
    """The path of a replacement autoencoder: a .safetensors file, or a folder, downloaded where needed. Without
    `report` nothing is downloaded."""
    sources.check("vae", source)
    path = Path(source).expanduser()
    if sources.is_single_file(source):
        return path
    return path / "vae" if (path / "vae").is_dir() else hub.network(source, report)


def _autoencoder(found: Path, home: Path, dtype: torch.dtype) -> Any:
    """Read an autoencoder of the class of the model's own, from a folder, or from a file with the shapes of that
    one. `home` is the model's folder, which has both."""
    kind = _parts(home)[VAE]
    if found.is_dir():
        return kind.from_pretrained(str(found), torch_dtype=dtype, use_safetensors=True, local_files_only=True)
    config = json.loads((home / VAE / sources.CONFIG).read_text())
    return autoencoder_file.read(kind, found, config, dtype)


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


def _refuse_pickles(folder: Path) -> None:
    pickled = [file.name for file in folder.iterdir() if file.suffix in sources.PICKLED] if folder.is_dir() else []
    if pickled and not files_of_part(folder):
        raise ValueError(
            f"{folder.name}/{pickled[0]} is pickled, and reading it could run any code; take the model as .safetensors"
        )


def _held_by(family: Family | None, dtype: torch.dtype) -> torch.dtype:
    """The dtype for a family: activations of those after Stable Diffusion XL overflow float16."""
    return torch.bfloat16 if family is Family.OTHER and dtype is torch.float16 else dtype
