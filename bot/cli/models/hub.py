"""The Hugging Face hub: what it says of a model, and its cache on this machine."""

import json
from collections.abc import Iterable
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
from huggingface_hub.file_download import are_symlinks_supported, repo_folder_name
from huggingface_hub.hf_api import ModelInfo, RepoSibling
from tqdm.auto import tqdm

from bot.cli.models.errors import NeedsToken, NotReachable, UnusableSource
from bot.cli.models.remote_file import RemoteFile
from generation import licences
from generation.licences import Licence

MOST_BYTES = constants.MAX_HTTP_DOWNLOAD_SIZE
"""Larger files are only given by the protocol of the hub's own library."""


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
    except UnicodeEncodeError as reason:
        raise NeedsToken("HF_TOKEN has a character that no token has. Copy it again.") from reason
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


def blob(repository: str, sha256: str) -> Path:
    """Where the hub's cache keeps a large file of a repository, by its hash."""
    folder = repo_folder_name(repo_id=repository, repo_type="model")
    return Path(constants.HF_HUB_CACHE, folder, "blobs", sha256)


def is_here(info: ModelInfo, sibling: RepoSibling) -> bool:
    """True if the newest version of a file is in the cache."""
    return isinstance(try_to_load_from_cache(info.id, sibling.rfilename, revision=info.sha), str)


def can_link() -> bool:
    """True where files of the cache can have two names. Elsewhere the hub's own library places them itself."""
    return are_symlinks_supported(constants.HF_HUB_CACHE)


def link(info: ModelInfo, files: Iterable[RepoSibling], *, silent: bool) -> None:
    """Put files into the cache, and note them as the newest; `silent` where the large ones are in it already.

    Raises `NotReachable`.
    """
    names = [each.rfilename for each in files]
    try:
        snapshot_download(
            info.id, allow_patterns=names, endpoint=constants.ENDPOINT, tqdm_class=_Silent if silent else tqdm
        )
    except GatedRepoError as refusal:
        raise NeedsToken(f"The hub gives {info.id} only to some. {denied(info.id)}") from refusal
    except (httpx2.HTTPError, OSError) as reason:
        raise _unreachable(reason) from reason


class _Silent(tqdm):  # type: ignore[type-arg]
    """A bar that is not shown."""

    def __init__(self, *things: Any, **options: Any) -> None:
        super().__init__(*things, **options | {"disable": True})
