"""The models, LoRAs and embeddings of a configuration: sections that have a name of their own."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.config.mistakes import ConfigError, Mistakes
from bot.config.tables import section
from bot.config.values import typed
from bot.config.workers import SECTIONS, ComfyConfig, PoolConfig, WorkerConfig, WorkerKind
from generation import loras
from generation.catalogue import POCKET, POCKET_DIRECTORY, ModelSpec
from generation.comfy.graph import recommended
from generation.errors import InvalidSetting
from generation.names import normal

EMBEDDED = "pocket"
"""The `source` of the small model that ships with Noisefox."""

POOL_NAME = re.compile("[A-Za-z0-9_-]{1,40}")
"""The name of a section of [workers], which becomes part of a file's name."""

_SOURCES = f'Set it to a directory, a hub id, a .safetensors file, or "{EMBEDDED}".'


def models(table: Any, mistakes: Mistakes) -> tuple[ModelSpec, ...]:
    """The models of [models] whose sources can be used."""
    found: list[ModelSpec] = []
    with mistakes.kept("models"):
        for name, entry in typed(table, dict, "models").items():
            with mistakes.kept(f"models.{name}"):
                found += _model(name, entry, mistakes)
        if not table:
            raise ConfigError("[models] is empty. Add at least one model, or remove the section.")
    return tuple(found)


def _model(name: str, entry: Any, mistakes: Mistakes) -> Iterator[ModelSpec]:
    where = f"models.{name}"
    entry = typed(entry, dict, where)
    embedded = entry.get("source") == EMBEDDED
    example = POCKET if embedded else replace(ModelSpec("example", ""), **recommended(str(entry.get("source", ""))))
    if embedded:
        entry = entry | {"source": str(POCKET_DIRECTORY)}
    model = replace(section(example, entry, where, mistakes, but={"name"}), name=name)
    if "source" not in entry:
        raise ConfigError(f"{where} has no source. {_SOURCES}")
    if f"{where}.source" not in mistakes:
        if not model.source.strip():
            raise ConfigError(f"{where}.source is empty. {_SOURCES}")
        yield model


def workers(table: Any, mistakes: Mistakes) -> dict[str, Any]:
    """The sections of [workers], by name, and the first of them that is not of ComfyUI."""
    found: dict[str, PoolConfig] = {}
    with mistakes.kept("workers"):
        for name, entry in typed(table, dict, "workers").items():
            with mistakes.kept(f"workers.{name}"):
                found[name] = _pool(name, entry, mistakes)
        if not table:
            raise ConfigError("[workers] is empty. Add a section such as [workers.gpu], or remove it.")
    first = next((each for each in found.values() if isinstance(each, WorkerConfig)), WorkerConfig())
    return {"workers": tuple(found.items()), "worker": first}


def _pool(name: str, entry: Any, mistakes: Mistakes) -> PoolConfig:
    where = f"workers.{name}"
    if not POOL_NAME.fullmatch(name):
        raise ConfigError(f"{where}: Use letters, digits, - and _ for the name.")
    entry = dict(typed(entry, dict, where))
    kind = typed(entry.pop("kind", WorkerKind.LOCAL.value), WorkerKind, f"{where}.kind")
    pool: PoolConfig = section(SECTIONS[kind], entry, where, mistakes)
    if isinstance(pool, ComfyConfig) and not pool.addresses and f"{where}.addresses" not in mistakes:
        raise ConfigError(f'{where} has no addresses. Set them, such as ["http://127.0.0.1:8188"].')
    return pool


def files(kind: Any, name: str, table: Any, models: Collection[str], mistakes: Mistakes) -> tuple[Any, ...]:
    """LoRAs or embeddings: the ones with a section of their own, then the other files of the folder by their names."""
    found: list[Any] = []
    with mistakes.kept(name):
        entries = dict(typed(table, dict, name))
        folder = entries.pop("folder", None)
        for each, entry in entries.items():
            with mistakes.kept(f"{name}.{each}"):
                found += _file(kind, f"{name}.{each}", each, entry, models, mistakes)
        if folder is not None:
            found += _in_folder(kind, name, folder, found, entries, mistakes)
    return tuple(found)


def _file(kind: Any, where: str, name: str, entry: Any, models: Collection[str], mistakes: Mistakes) -> Iterator[Any]:
    spec = section(kind("example", Path(f"example{loras.SUFFIX}")), entry, where, mistakes, but={"name"})
    for model in spec.models:
        if normal(model) not in map(normal, models):
            mistakes.add(f"{where}.models", f"{where}.models: [models] has no model {model!r}.")
    spec = replace(spec, name=name)
    if f"{where}.file" not in mistakes:
        if not spec.file.is_file():
            raise ConfigError(f"{where}.file must be a .safetensors file that exists.")
        yield spec


def _in_folder(
    kind: Any, name: str, folder: Any, named: Collection[Any], names: Collection[str], mistakes: Mistakes
) -> Iterator[Any]:
    """The files of a folder that have no section of their own."""
    where = f"{name}.folder"
    try:
        found = loras.files_in(typed(folder, Path, where))
    except OSError as reason:
        raise ConfigError(f"{where} cannot be read: {reason.strerror}.") from reason
    taken = {spec.file.resolve() for spec in named}
    for file in found:
        if file.resolve() not in taken and normal(file.stem) not in map(normal, names):
            try:
                yield kind(name=file.stem, file=file)
            except InvalidSetting as refusal:
                mistakes.add(where, f"{where}: {file.name!r} must be renamed. {refusal}")
