"""The Hugging Face hub: what it says of a model, and which files of it are needed."""

import fnmatch
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import (
    HfApi,
    constants,
    get_token,
    hf_hub_download,
    hf_hub_url,
    snapshot_download,
    try_to_load_from_cache,
)
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.file_download import repo_folder_name
from huggingface_hub.hf_api import ModelInfo, RepoSibling
from tqdm.auto import tqdm

from bot.cli.models.errors import NeedsToken, NotReachable, UnusableSource
from bot.cli.models.origin import HubFile
from bot.cli.models.remote_file import RemoteFile
from generation import licences, sources
from generation.engine.runtime.hub import ABOUT, UNUSED, WEIGHTS
from generation.licences import Licence

MOST_BYTES = constants.MAX_HTTP_DOWNLOAD_SIZE
"""Larger files are only given by the protocol of the hub's own library."""

_WEIGHTS_OF_OTHERS = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.msgpack", "*.h5", "*.onnx*", "*.pb", "*.xml", "*.gguf")


def about(repository: str, revision: str | None = None) -> ModelInfo:
    """What the hub says of a repository and its files. Raises `UnusableSource` and `NotReachable`."""
    try:
        return HfApi(endpoint=constants.ENDPOINT).model_info(repository, revision=revision, files_metadata=True)
    except GatedRepoError as refusal:
        raise NeedsToken(f"The hub gives {repository} only to some. {denied(repository)}") from refusal
    except (RepositoryNotFoundError, RevisionNotFoundError) as reason:
        raise UnusableSource(
            f"The hub has no model {repository}, or it is private. Look at its page; for a private one set HF_TOKEN."
        ) from reason
    except ValueError as reason:
        raise UnusableSource(f"{repository} is not a hub id.") from reason
    except (httpx2.HTTPError, OSError) as reason:
        raise _unreachable(reason) from reason


def _unreachable(reason: BaseException) -> NotReachable:
    told = f"answers {reason.response.status_code}" if isinstance(reason, HfHubHTTPError) else "cannot be reached"
    return NotReachable(f"The hub {told}. Try again later.")


def denied(repository: str) -> str:
    """What to do where the hub does not give the files of a repository."""
    page = f"https://huggingface.co/{repository}"
    if get_token():
        return f"Accept its terms at {page} with the account of your HF_TOKEN, or make a token that may read it."
    return f"Accept its terms at {page}, then set HF_TOKEN to a token of your account."


def licence_of(info: ModelInfo) -> Licence:
    """The licence on a model's card."""
    card: Any = info.card_data or {}
    name = card.get("license") or ""
    if isinstance(name, list):
        name = ", ".join(name)
    if name == "other":
        name = card.get("license_name") or "a licence of its own"
    link = card.get("license_link") or ""
    page = f"https://huggingface.co/{info.id}"
    return licences.named(str(name).lower(), link if str(link).startswith("http") else page)


def remote_file(info: ModelInfo, sibling: RepoSibling, repository: str) -> RemoteFile:
    """A file of a repository, to download."""
    url = hf_hub_url(repository, sibling.rfilename, revision=info.sha, endpoint=constants.ENDPOINT)
    return RemoteFile(
        url=url,
        name=Path(sibling.rfilename).name,
        size=sibling.lfs.size if sibling.lfs else sibling.size,
        sha256=sibling.lfs.sha256 if sibling.lfs else "",
        version=sibling.blob_id or "",
        token=get_token() or "",
        denied=denied(repository),
    )


def file(origin: HubFile) -> tuple[ModelInfo, RemoteFile]:
    """A repository, and one file of it. Raises as `about` does."""
    info = about(origin.repository, origin.revision)
    for sibling in info.siblings or []:
        if sibling.rfilename == origin.path:
            return info, remote_file(info, sibling, origin.repository)
    raise UnusableSource(f"{origin.repository} has no file {origin.path}. {_single_files(info)}")


def configuration(info: ModelInfo, path: str) -> dict[str, Any]:
    """A small JSON file of a repository, downloaded into the hub's cache; empty where there is none.

    Raises `NotReachable`.
    """
    if path not in {each.rfilename for each in info.siblings or []}:
        return {}
    try:
        local = hf_hub_download(info.id, path, endpoint=constants.ENDPOINT)
    except GatedRepoError as refusal:
        raise NeedsToken(f"The hub gives {info.id} only to some. {denied(info.id)}") from refusal
    except (httpx2.HTTPError, OSError) as reason:
        raise _unreachable(reason) from reason
    read: dict[str, Any] = json.loads(Path(local).read_text("utf-8"))
    return read


def of_pipeline(info: ModelInfo, but: Sequence[str] = ()) -> list[RepoSibling]:
    """The files of a repository in diffusers' format that its pipeline reads, without the parts in `but`.

    Raises `UnusableSource` and `NotReachable`.
    """
    index = configuration(info, sources.INDEX)
    if not index:
        raise UnusableSource(f"{info.id} is not in diffusers' format. {_single_files(info)}")
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


def _single_files(info: ModelInfo) -> str:
    """A sentence about the models in one file that a repository has."""
    named = [each.rfilename for each in info.siblings or [] if each.rfilename.endswith((".safetensors", ".gguf"))]
    if not named:
        return "It has no .safetensors or .gguf file either. Choose another."
    return f"Use one of its files: {', '.join(f'{info.id}/{name}' for name in named[:5])}."


def size_of(files: Iterable[RepoSibling]) -> int:
    """Bytes of files."""
    return sum(each.size or 0 for each in files)


def blob(repository: str, sha256: str) -> Path:
    """Where the hub's cache keeps a large file of a repository, by its hash."""
    folder = repo_folder_name(repo_id=repository, repo_type="model")
    return Path(constants.HF_HUB_CACHE, folder, "blobs", sha256)


def is_here(info: ModelInfo, sibling: RepoSibling) -> bool:
    """True if the newest version of a file is in the cache."""
    return isinstance(try_to_load_from_cache(info.id, sibling.rfilename, revision=info.sha), str)


def link(info: ModelInfo, files: Iterable[RepoSibling]) -> None:
    """Put files into the cache, where the large ones among them are already, and note them as the newest.

    Raises `NotReachable`.
    """
    names = [each.rfilename for each in files]
    try:
        snapshot_download(info.id, allow_patterns=names, endpoint=constants.ENDPOINT, tqdm_class=_Silent)
    except GatedRepoError as refusal:
        raise NeedsToken(f"The hub gives {info.id} only to some. {denied(info.id)}") from refusal
    except (httpx2.HTTPError, OSError) as reason:
        raise _unreachable(reason) from reason


class _Silent(tqdm):  # type: ignore[type-arg]
    """A bar that is not shown."""

    def __init__(self, *things: Any, **options: Any) -> None:
        super().__init__(*things, **options | {"disable": True})
