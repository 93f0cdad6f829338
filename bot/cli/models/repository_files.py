"""Which files of a repository of the hub are needed."""

import fnmatch
from collections.abc import Iterable, Sequence
from pathlib import Path

from huggingface_hub.hf_api import ModelInfo, RepoSibling

from bot.cli.models import hub
from bot.cli.models.errors import UnusableSource
from bot.cli.models.origin import HubFile
from bot.cli.models.remote_file import RemoteFile
from generation import sources
from generation.engine.runtime.hub import ABOUT, UNUSED, WEIGHTS

_WEIGHTS_OF_OTHERS = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.msgpack", "*.h5", "*.onnx*", "*.pb", "*.xml", "*.gguf")


def file(origin: HubFile) -> tuple[ModelInfo, RemoteFile]:
    """A repository, and one file of it. Raises as `about` does."""
    info = hub.about(origin.repository, origin.revision)
    for sibling in info.siblings or []:
        if sibling.rfilename == origin.path:
            return info, hub.remote_file(info, sibling, origin.repository)
    raise UnusableSource(f"{origin.repository} has no file {origin.path}. {single_files(info)}")


def of_pipeline(info: ModelInfo, but: Sequence[str] = ()) -> list[RepoSibling]:
    """The files of a repository in diffusers' format that its pipeline reads, without the parts in `but`.

    Raises `UnusableSource` and `NotReachable`.
    """
    index = hub.configuration(info, sources.INDEX)
    if not index:
        raise UnusableSource(f"{info.id} is not in diffusers' format. {single_files(info)}")
    parts = {
        name
        for name, value in index.items()
        if isinstance(value, list) and value != [None, None] and name not in UNUSED
    } - set(but)
    found = [each for each in info.siblings or [] if each.rfilename.partition("/")[0] in parts]
    indexes = [each for each in info.siblings or [] if each.rfilename == sources.INDEX]
    return [*indexes, *_needed(found)]


def of_network(info: ModelInfo) -> list[RepoSibling]:
    """The files of a repository that holds one network, such as an autoencoder."""
    files = [each for each in info.siblings or [] if "/" not in each.rfilename]
    return [each for each in _needed(files) if _matches(each, [ABOUT, *WEIGHTS])]


def configurations(info: ModelInfo) -> list[RepoSibling]:
    """The small files of a repository from which a network's architecture is read."""
    return [each for each in info.siblings or [] if _matches(each, [ABOUT, f"*/{ABOUT}", "*/*.txt"])]


def _needed(files: Iterable[RepoSibling]) -> list[RepoSibling]:
    """Files without weights of other formats and of other precisions."""
    return [
        each
        for each in files
        if _matches(each, WEIGHTS) or not _matches(each, ["*.safetensors", *_WEIGHTS_OF_OTHERS, "*.fp16.*"])
    ]


def _matches(file: RepoSibling, patterns: Iterable[str]) -> bool:
    name = Path(file.rfilename).name
    return any(fnmatch.fnmatch(file.rfilename if "/" in each else name, each) for each in patterns)


def single_files(info: ModelInfo) -> str:
    """A sentence about the models in one file that a repository has."""
    named = [each.rfilename for each in info.siblings or [] if each.rfilename.endswith((".safetensors", ".gguf"))]
    if not named:
        return "It has no .safetensors or .gguf file either. Choose another."
    return f"Use one of its files: {', '.join(f'{info.id}/{name}' for name in named[:5])}."


def size_of(files: Iterable[RepoSibling]) -> int:
    """Bytes of files."""
    return sum(each.size or 0 for each in files)
