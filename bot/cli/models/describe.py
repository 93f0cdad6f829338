"""From where a model comes from to what is known of it."""

import dataclasses
from pathlib import Path
from types import MappingProxyType

from safetensors import safe_open

from bot.cli.models import civitai, hub, remote_file, repository_files
from bot.cli.models.errors import UnusableSource
from bot.cli.models.facts import Facts
from bot.cli.models.origin import CivitaiModel, CivitaiVersion, HubFile, HubModel, Local, Origin, WebFile
from bot.cli.models.remote_file import RemoteFile
from generation import sources, usual_settings
from generation.licences import UNSTATED, Licence
from generation.starters import Starter
from generation.transformer_names import transformer_of
from generation.usual_settings import Settings
from generation.weights import SAFETENSORS, fault_of, head_of


def facts_of(origin: Origin, folder: Path) -> Facts:
    """What is known of a model, whose file will be in `folder` if it is one. Raises errors of `bot.cli.models`."""
    match origin:
        case HubModel():
            return _of_repository(origin)
        case Local():
            return _of_local(origin.path)
        case HubFile():
            info, file = repository_files.file(origin)
            title = f"{origin.path} of {origin.repository} on the hub"
            return _of_file(title, file, folder, origin.address, hub.licence_of(info))
        case CivitaiVersion() | CivitaiModel():
            version = civitai.version(origin)
            title = f"{version.title} on Civitai, made from {version.base}"
            address = CivitaiVersion(version.number).address
            asked = remote_file.asked_about(version.file)
            return _of_file(title, asked, folder, address, version.licence, f"{version.title} {version.base}")
        case WebFile():
            file = remote_file.asked_about(_plain(origin))
            return _of_file(origin.address, file, folder, origin.address, UNSTATED)


def file_at(origin: Origin) -> RemoteFile:
    """The file to download from an origin. Raises `UnusableSource` and `NotReachable`."""
    match origin:
        case HubFile():
            return repository_files.file(origin)[1]
        case CivitaiVersion() | CivitaiModel():
            return remote_file.asked_about(civitai.version(origin).file)
        case WebFile():
            return remote_file.asked_about(_plain(origin))
    raise UnusableSource("A model's address must be that of a file. Correct the line `address` of its section.")


def _plain(origin: WebFile) -> RemoteFile:
    return RemoteFile(origin.address, origin.address.partition("?")[0].rpartition("/")[2])


def _of_repository(origin: HubModel) -> Facts:
    info = hub.about(origin.repository)
    files = repository_files.of_pipeline(info)
    hub.configuration(info, "transformer/config.json")
    settings = dict(usual_settings.of(sources.description_of(origin.repository), origin.repository))
    unet = hub.configuration(info, sources.UNET)
    if isinstance(side := unet.get("sample_size"), int) and 8 <= side <= 128:
        settings |= {"width": 8 * side, "height": 8 * side}
    settings.pop("prediction", None)  # its scheduler says it
    return Facts(
        title=f"{origin.repository} on the hub",
        source=origin.repository,
        settings=settings,
        licence=hub.licence_of(info),
        size=repository_files.size_of(files),
        notes=() if not info.gated or all(hub.is_here(info, each) for each in files) else (hub.denied(info.id),),
    )


def _of_local(path: Path) -> Facts:
    if path.is_file() and path.suffix not in (".safetensors", ".gguf"):
        raise UnusableSource(f"{path} is not a .safetensors or .gguf file.")
    if path.is_file() and (fault := fault_of(path)):
        raise UnusableSource(fault)
    if path.is_dir() and not (path / sources.INDEX).is_file():
        raise UnusableSource(f"{path} is not in diffusers' format: it has no {sources.INDEX}.")
    settings = _settings(path, path.name)
    files = [path] if path.is_file() else [each for each in path.rglob("*.safetensors") if each.is_file()]
    return Facts(
        title=str(path),
        source=str(path),
        settings=settings,
        size=sum(each.stat().st_size for each in files),
        notes=_notes(settings),
    )


def _of_file(title: str, file: RemoteFile, folder: Path, address: str, licence: Licence, named: str = "") -> Facts:
    with remote_file.head_of(file) as head:
        settings = _settings(head, f"{file.name} {named}")
    return Facts(
        title=title,
        source=str(folder / file.name),
        settings=settings,
        address=address,
        licence=licence,
        size=file.size,
        notes=_notes(settings),
    )


def _settings(path: Path, name: str) -> Settings:
    """The settings that suit a model on this machine, or one of which only the first bytes are."""
    settings = dict(usual_settings.of(sources.description_of(str(path)), name))
    if base := _base_for(path):
        settings["base"] = base
    if "prediction" in settings and _says_prediction(path):
        del settings["prediction"]
    return MappingProxyType(settings)


def _says_prediction(path: Path) -> bool:
    """True for a checkpoint whose tensors say what it predicts, and for a folder, whose scheduler does."""
    if path.is_dir() or path.suffix != SAFETENSORS:
        return path.is_dir()
    with safe_open(path, "numpy") as tensors:
        return "v_pred" in tensors.keys()  # noqa: SIM118 - it is no mapping


def _base_for(path: Path) -> str:
    """The repository with the other networks of a file that holds a transformer alone; empty for another one."""
    if path.is_dir() or fault_of(path):
        return ""
    transformer = transformer_of(head_of(path))
    return transformer.base if transformer else ""


def _notes(settings: Settings) -> tuple[str, ...]:
    if base := settings.get("base"):
        return (f"It is a transformer alone: its text encoders and VAE come from {base}, and are pulled with it.",)
    if settings:
        return ()
    return ("Its family is not known: set width, height, steps and guidance_scale as its page recommends.",)


def with_starter(facts: Facts, starter: Starter) -> Facts:
    """The facts with the settings and the licence of a starter model, whose card says more than its files."""
    licence = dataclasses.replace(starter.licence, link=facts.licence.link)
    notes = [f"Settings are those of its card on {starter.facts:%d %B %Y}."]
    if starter.settings.keys() & {"vae", "base"}:
        notes.insert(0, f"With the networks that it needs beside its own, {starter.gigabytes:g} GB are downloaded.")
    return dataclasses.replace(facts, settings=starter.settings, licence=licence, notes=tuple(notes))
