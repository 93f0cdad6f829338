"""The files that a model of the configuration needs, on this machine and elsewhere."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from huggingface_hub.hf_api import ModelInfo, RepoSibling

from bot.cli.models import describe, hub, repository_files
from bot.cli.models.origin import FILES, parse
from bot.cli.models.remote_file import RemoteFile
from generation import sources
from generation.catalogue import ModelSpec

TRANSFORMERS = ("transformer", "unet")
"""The parts that a model in one file has itself, so that they aren't taken from its base."""

NETWORKS = ("vae", "controlnet", "preview_decoder")
"""The lines of a section that name one network each."""


@dataclass(frozen=True, slots=True)
class Needed:
    """A file that is downloaded by its address."""

    file: RemoteFile
    target: Path


@dataclass(frozen=True, slots=True)
class NeededFromHub:
    """Files of a repository, which go into the hub's cache."""

    info: ModelInfo
    files: tuple[RepoSibling, ...]

    @property
    def missing(self) -> list[RepoSibling]:
        return [each for each in self.files if not hub.is_here(self.info, each)]

    @property
    def large(self) -> list[Needed]:
        """Those of the missing files that the cache keeps by their hashes, and that go there by their address."""
        if not hub.can_link():
            return []
        found = [(each, each.lfs) for each in self.missing if each.lfs and each.lfs.size <= hub.MOST_BYTES]
        needed = [
            Needed(hub.remote_file(self.info, each, self.info.id), hub.blob(self.info.id, lfs.sha256))
            for each, lfs in found
        ]
        return [each for each in needed if not each.target.exists()]

    @property
    def left(self) -> list[RepoSibling]:
        """The large files that only the hub's own library can put into its cache."""
        return [each for each in self.missing if each.lfs and not hub.blob(self.info.id, each.lfs.sha256).exists()]


def on_hub(source: str) -> bool:
    """True for the source of a model or of a part that names a repository of the hub."""
    is_file = source.endswith((*FILES, sources.WORKFLOW)) or Path(source).expanduser().exists()
    return bool(source) and not is_file and _is_id(source)


def _is_id(source: str) -> bool:
    return source.count("/") == 1 and not source.startswith((".", "~", "/"))


def of(spec: ModelSpec, models: dict[str, ModelSpec]) -> list[Needed | NeededFromHub]:
    """What a model needs from elsewhere: its weights, and the networks that its section names.

    Raises `UnusableSource` and `NotReachable`.
    """
    needed: list[Needed | NeededFromHub] = []
    target = Path(spec.source).expanduser()
    if spec.address and not target.exists():
        needed.append(Needed(describe.file_at(parse(spec.address)), target))
    elif on_hub(spec.source):
        info = hub.about(spec.source)
        needed.append(NeededFromHub(info, tuple(repository_files.of_pipeline(info))))
    for source in _networks(spec):
        if on_hub(source):
            info = hub.about(source)
            needed.append(NeededFromHub(info, tuple(repository_files.of_network(info))))
    base: Any = getattr(spec, "base", "")
    if on_hub(base) and base not in models:
        info = hub.about(base)
        needed.append(NeededFromHub(info, tuple(repository_files.of_pipeline(info, but=TRANSFORMERS))))
    if on_hub(spec.config):
        info = hub.about(spec.config)
        needed.append(NeededFromHub(info, tuple(repository_files.configurations(info))))
    return needed


def _networks(spec: ModelSpec) -> list[str]:
    """The sources of the networks beside a model."""
    return [*(getattr(spec, part) for part in NETWORKS), *(source for _, source in spec.controlnets)]


def parts_not_here(spec: ModelSpec) -> list[str]:
    """The repositories of the hub that a model's section names beside its source, and that are not downloaded."""
    named = [*_networks(spec), spec.base]
    return [source for source in named if on_hub(source) and not _cached_weights(source)]


def is_here(spec: ModelSpec) -> bool:
    """True where the model's own weights seem to be on this machine, without a look at them or at the hub."""
    if on_hub(spec.source):
        return spec.family is not None and any(_cached_weights(spec.source))
    return Path(spec.source).expanduser().exists()


def _cached_weights(repository: str) -> list[Path]:
    snapshots = hub.blob(repository, "").parent / "snapshots"
    return [*snapshots.glob("*/*/*.safetensors"), *snapshots.glob("*/*.safetensors")]


def size_here(spec: ModelSpec) -> int:
    """Bytes of the model's own weights on this machine; 0 if they aren't here."""
    if on_hub(spec.source):
        files = {each.resolve() for each in _cached_weights(spec.source)}
    else:
        path = Path(spec.source).expanduser()
        files = {path} if path.is_file() else set(path.rglob("*.safetensors"))
    return sum(each.stat().st_size for each in files if each.is_file())


def origin_of(spec: ModelSpec) -> str:
    """Where a model comes from, for people; of a web address, its server and file."""
    address = urlsplit(spec.address)
    return f"{Path(address.path).name} from {address.hostname}" if address.hostname else spec.address or spec.source
