"""The sections of a configuration, and `Config`, which holds them all."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from bot import redaction, text_files, token_text
from bot.config.mistakes import ConfigError
from bot.config.values import path_of
from generation import acceleration, wire
from generation.acceleration import Acceleration
from generation.catalogue import POCKET, Catalogue, ModelSpec
from generation.embeddings import EmbeddingSpec
from generation.errors import InvalidSetting
from generation.loras import LoraSpec
from generation.settings import Bounds, Limits
from generation.upscaling import UpscalerName

TOKEN_VARIABLE = token_text.VARIABLE
DISCORD_API = "https://discord.com/api/v10"
HOST_LIMITS = Limits(steps=150, side=2048, count=4, waiting=10)
DEVICES = re.compile(r"auto|cpu|mps|(cuda|rocm)(:\d+)?")
DTYPES = ("auto", "float32", "bfloat16", "float16")


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
                text = text_files.read(path_of(self.discord.token_file, "discord.token_file"))
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
