"""The files, folders and hub repositories of models, LoRAs and embeddings."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shlex import quote

from bot.cli.doctor import hub
from bot.cli.doctor.findings import Finding
from bot.config import Config
from generation import model_faults, sources
from generation.catalogue import OPEN_NSFW
from generation.comfy import graph
from generation.comfy.nodes import BrokenWorkflow
from generation.sources import INDEX
from generation.vision import MTCNN, YUNET
from generation.weights import fault_of

WEIGHTS = (".safetensors", ".gguf")
"""The suffixes of files that hold weights."""

PARTS = ("vae", "config", "safety_checker", "preview_decoder", "controlnet", "ip_adapter")
"""The settings of a model that name a file, a folder or a hub id."""

LOOKING = ("segmenter", "captioner", "background", "depth", "pose", "faces")
"""The settings of [vision] that do."""

CONFIGURATION = "config"
"""The one of them of which no weights are read."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file, a folder or a hub id that the configuration names. `setting` is where, such as `source` or `vae`."""

    what: str
    setting: str
    source: str
    hint: str = ""
    """What to do where it isn't here."""

    @property
    def path(self) -> Path:
        return Path(self.source).expanduser()

    @property
    def repository(self) -> tuple[str, list[str]] | None:
        """A hub id, and the files that its repository must have; None for a path on this machine."""
        parts = self.source.split("/")
        if self.path.is_absolute() or parts[0] in (".", "..", "~") or self.source.endswith(YUNET):
            return None
        if self.source.endswith(WEIGHTS):
            return ("/".join(parts[:2]), ["/".join(parts[2:])]) if self.setting == "ip_adapter" else None
        return self.source, [INDEX] if self.setting == "source" else []


async def model_findings(config: Config) -> list[Finding]:
    """A finding for each part of a model, all asked for at once, and one for each LoRA and embedding with a fault."""
    looking = [asyncio.to_thread(_finding, part) for part in _parts(config)]
    return [*await asyncio.gather(*looking), *_misfits(config), *_faults(config)]


def _misfits(config: Config) -> Iterator[Finding]:
    """What keeps models from being drawn though their parts are sound."""
    for name in config.catalogue.names:
        for fault in model_faults.misfits_of(config.catalogue.completed(name)):
            yield False, f"model {name}: {fault}"


def _parts(config: Config) -> Iterator[Part]:
    for model in config.models:
        pull = f". Run `noisefox models pull {quote(model.name)}`" if model.address else ""
        yield Part(f"model {model.name}", "source", model.source, pull)
        if model.base and model.base not in config.catalogue.names:
            yield Part(f"base of model {model.name}", "base", model.base)
        for encoder in model.text_encoders:
            yield Part(f"text_encoders of model {model.name}", "text_encoders", encoder)
        for setting in PARTS:
            if source := getattr(model, setting):
                yield Part(f"{setting} of model {model.name}", setting, source)
        for kind, source in model.controlnets:
            yield Part(f"controlnets.{kind} of model {model.name}", "controlnets", source)
    if config.safety.checker:
        yield Part("safety.checker", "safety_checker", config.safety.checker)
    for setting in LOOKING:
        if source := getattr(config.vision, setting):
            yield Part(f"vision.{setting}", setting, source)


def _faults(config: Config) -> Iterator[Finding]:
    for kind, specs in (("LoRA", config.loras), ("embedding", config.embeddings)):
        for spec in specs:
            if fault := fault_of(spec.file):
                yield False, f"{kind} {spec.name}: {fault}"


def _finding(part: Part) -> Finding:
    state, sentence = _found(part)
    return state, f"{part.what}: {sentence}"


def _found(part: Part) -> Finding:
    if part.source in (OPEN_NSFW, MTCNN):
        return True, f"{part.source}, installed"
    if sources.is_workflow(part.source):
        return _workflow(part)
    if part.path.is_dir():
        return _folder(part)
    if part.source.endswith(YUNET):
        return _yunet(part)
    if part.path.is_file():
        fault = fault_of(part.path)
        return not fault, fault or _described(part)
    if part.repository:
        return hub.looked_up(*part.repository)
    if part.source.endswith(WEIGHTS):
        return False, f"the file {part.path} does not exist{part.hint}"
    return _folder(part)


def _workflow(part: Part) -> Finding:
    try:
        graph.read(part.source)
    except BrokenWorkflow as reason:
        return False, str(reason)
    return True, f"a workflow of ComfyUI, in {part.path}"


def _yunet(part: Part) -> Finding:
    if not part.path.is_file():
        return False, f"the file {part.path} does not exist"
    if find_spec("cv2") is None:
        return False, '.onnx files need one more package. Run `pip install "noisefox[yunet]"`'
    return True, str(part.path)


def _folder(part: Part) -> Finding:
    if part.setting == "source" and not (part.path / INDEX).is_file():
        return False, f"{part.path} has no model in diffusers' format"
    if not part.path.is_dir():
        return False, f"the folder {part.path} does not exist"
    if part.setting == CONFIGURATION:
        return True, str(part.path)
    weights = sorted(file for file in part.path.rglob("*") if file.suffix in WEIGHTS)
    if not weights:
        return False, f"{part.path} has no {WEIGHTS[0]} files: get the model in that format"
    faults = [f"{file.parent}: {fault}" for file in weights if (fault := fault_of(file))]
    return not faults, " ".join(faults) or _described(part)


def _described(part: Part) -> str:
    if part.setting != "source":
        return str(part.path)
    return f"{sources.family_of(part.source) or 'a model'}, in {part.path}"
