"""Downloads from the Hugging Face hub, with progress."""

import json
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from huggingface_hub import constants, hf_hub_download, snapshot_download
from huggingface_hub.errors import DryRunError, GatedRepoError
from tqdm.auto import tqdm

from generation import sources
from generation.disk import check_room

Report = Callable[[float], None]
"""Called with the share that is done, 0 to 1."""


def silent(share: float) -> None:
    """A report that tells nobody."""


WEIGHTS = tuple(
    f"{stem}{number}.safetensors" for stem in ("model", "diffusion_pytorch_model") for number in ("", "-?????-of-?????")
)
"""Patterns of the files that hold a network's weights, without variants such as fp16."""

ABOUT = "*.json"
SMALL = (ABOUT, "*.txt", "*.model", "*.jinja")
"""Patterns of configurations and tokenizers."""

UNUSED: dict[str, None] = {"safety_checker": None}
"""The parts of a pipeline that aren't downloaded."""


def model(source: str, report: Report | None) -> Path:
    """The folder of a model in diffusers' format. Its weights are downloaded with `report`, the rest by diffusers.
    Without `report` nothing is downloaded.

    Raises `OSError` or `ValueError` where it is neither on this machine nor on the hub.
    """
    if report is None:
        return fetched(source, _weights_of(source, here=True), None)
    from diffusers import DiffusionPipeline

    with suppress(OSError):
        fetched(source, _weights_of(source), report)
    try:
        return Path(DiffusionPipeline.download(source, use_safetensors=True, **UNUSED))
    except OSError as reason:
        if not _is_gated(reason):
            raise
        raise OSError(
            f"the hub gives {source} only to accounts that have accepted its terms; accept them on its page, and set "
            "HF_TOKEN to a token of that account"
        ) from reason


def _is_gated(error: BaseException | None) -> bool:
    """True for the hub's refusal of a repository with terms, whatever a library has made of it."""
    while error is not None:
        if isinstance(error, GatedRepoError):
            return True
        error = error.__cause__ or error.__context__
    return False


def network(source: str, report: Report | None) -> Path:
    """The folder of one network in diffusers' format, downloaded where needed. Raises as `model` does."""
    return _folder(source, [ABOUT, *WEIGHTS], report)


def transformer(source: str, report: Report | None) -> Path:
    """The folder of a model of transformers with its tokenizer, downloaded where needed. Raises as `model` does."""
    return _folder(source, [*SMALL, *WEIGHTS], report)


def around(source: str, report: Report | None) -> Path:
    """The folder of a model in diffusers' format with its configurations and tokenizers alone, downloaded where needed.
    Raises as `model` does."""
    return _folder(source, SMALL, report)


def parts(source: str, names: Collection[str], report: Report | None) -> Path:
    """The folder of a model in diffusers' format with the weights of these parts. Raises as `model` does."""
    return _folder(source, [*SMALL, *(f"{name}/{file}" for name in names for file in WEIGHTS)], report)


def _folder(source: str, patterns: Sequence[str], report: Report | None) -> Path:
    """A folder of this machine as it is, or that of a repository with the files that match."""
    local = Path(source).expanduser()
    return local if local.is_dir() else fetched(source, patterns, report)


def fetched(repository: str, patterns: Sequence[str], report: Report | None) -> Path:
    """The folder of a repository with all files that match one of `patterns`; without `report` nothing is downloaded.
    Raises as `model` does."""
    wanted = list(patterns)
    if report is None:
        return Path(snapshot_download(repository, allow_patterns=wanted, local_files_only=True))
    try:
        planned = snapshot_download(repository, allow_patterns=wanted, dry_run=True)
    except DryRunError:
        planned = []
    missing = sum(file.file_size or 0 for file in planned if file.will_download)
    check_room(Path(constants.HF_HUB_CACHE), missing, repository)
    return Path(snapshot_download(repository, allow_patterns=wanted, tqdm_class=_bar(missing, report)))


def _weights_of(source: str, *, here: bool = False) -> list[str]:
    """Patterns of a pipeline's weight files; with `here`, from the index downloaded before."""
    index = json.loads(Path(hf_hub_download(source, sources.INDEX, local_files_only=here)).read_text())
    named = [name for name, value in index.items() if isinstance(value, list) and value != [None, None]]
    return [f"{part}/{file}" for part in named if part not in UNUSED for file in WEIGHTS]


def _bar(total: int, report: Report) -> "type[tqdm[Any]]":
    """A tqdm class that draws nothing and reports the share of `total` bytes downloaded."""

    class Bar(tqdm):  # type: ignore[type-arg]
        def __init__(self, *things: Any, **options: Any) -> None:
            super().__init__(*things, **options | {"disable": True})
            self._of_bytes = options.get("unit") == "B"
            self._bytes = 0.0

        def update(self, n: float | None = 1) -> None:
            self._bytes += n or 0
            if self._of_bytes and total:
                report(min(self._bytes / total, 1.0))

    return Bar
