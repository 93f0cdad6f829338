"""`noisefox models check`: reads the files of models."""

import re
from collections.abc import Iterator
from pathlib import Path

from bot.cli.models import describe, files, hub, remote_file
from bot.cli.models.errors import NotReachable, UnusableSource
from bot.cli.models.origin import parse
from generation import model_faults, sources
from generation.catalogue import ModelSpec
from generation.comfy import graph
from generation.comfy.nodes import BrokenWorkflow

_BY_HASH = re.compile(r"[0-9a-f]{64}")
"""The name of a large file in the hub's cache: its SHA-256."""


def faults_of(spec: ModelSpec) -> list[str]:
    """What is wrong with the files of a model, each in a sentence."""
    if not files.is_here(spec):
        if spec.address or files.on_hub(spec.source):
            return [f"It is not downloaded. Run `noisefox models pull {spec.name}`."]
        return [f"{spec.source} does not exist. Correct its source."]
    if missing := files.parts_not_here(spec):
        return [f"{', '.join(missing)} is not downloaded. Run `noisefox models pull {spec.name}`."]
    if files.on_hub(spec.source):
        return [*_of_cache(spec.source), *model_faults.faults_of(spec)]
    if spec.is_workflow:
        return list(_of_workflow(spec.source))
    path = Path(spec.source).expanduser()
    if path.is_dir():
        found = [path] if (path / sources.INDEX).is_file() else []
        missing = [] if found else [f"{path} is not in diffusers' format: it has no {sources.INDEX}."]
        return [*missing, *model_faults.faults_of(spec)]
    return [*model_faults.faults_of(spec), *_differences(spec, path)]


def said_of(spec: ModelSpec) -> list[str]:
    """What a model takes, a line each, where that depends on its file: on a workflow of ComfyUI."""
    if not spec.is_workflow or faults_of(spec):
        return []
    found = graph.described(graph.read(spec.source))
    return [*(f"takes {each}" for each in found.takes), *found.lacks]


def _of_workflow(source: str) -> Iterator[str]:
    try:
        graph.read(source)
    except BrokenWorkflow as reason:
        yield str(reason)


def _differences(spec: ModelSpec, path: Path) -> Iterator[str]:
    """Whether a file is still the one that its page describes."""
    if not spec.address:
        return
    try:
        announced = describe.file_at(parse(spec.address))
    except (NotReachable, UnusableSource):
        return
    if announced.size is not None and path.stat().st_size != announced.size:
        yield f"{path} is not as long as its page says. Delete it and download it again."
    elif announced.sha256 and remote_file.sha256_of(path) != announced.sha256.lower():
        yield f"{path} is damaged, or its page has another version now. Delete it and download it again."


def _of_cache(repository: str) -> Iterator[str]:
    """Whether the large files in the hub's cache have the hashes that they are named by."""
    for blob in sorted(hub.blob(repository, "").parent.glob("blobs/*")):
        if _BY_HASH.fullmatch(blob.name) and remote_file.sha256_of(blob) != blob.name:
            yield f"{blob} is damaged. Delete it and run `noisefox models pull` again."
