"""The sections of a configuration, and `Config`, which holds them all."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot import text_files, token_text
from bot.config.mistakes import ConfigError
from bot.config.values import path_of
from bot.config.web import WebConfig
from bot.config.workers import ComfyConfig, PoolConfig, WorkerConfig, is_address
from generation import wire
from generation.catalogue import POCKET, Catalogue, ModelSpec
from generation.embeddings import EmbeddingSpec
from generation.errors import InvalidSetting
from generation.local_pool import LOCAL
from generation.loras import LoraSpec
from generation.prompts import word_lists
from generation.prompts.choices import WordLists
from generation.settings import Limits
from generation.upscaling import UpscalerName
from generation.vision import VisionModels

TOKEN_VARIABLE = token_text.VARIABLE
DISCORD_API = "https://discord.com/api/v10"
HOST_LIMITS = Limits(steps=150, side=2048, count=4, waiting=10, looks=25, server_looks=100)


@dataclass(frozen=True, slots=True)
class DiscordConfig:
    """`api_base` is the URL of Discord's HTTP API; `token_file` is a file that contains only the bot's token."""

    api_base: str = DISCORD_API
    token_file: str = ""

    def __post_init__(self) -> None:
        if not is_address(self.api_base):
            raise InvalidSetting("api_base", f"Use an address such as {DISCORD_API}, with a port of 1 to 65535 if any.")


@dataclass(frozen=True, slots=True)
class UpscalingConfig:
    """The upscaler for requests that name none."""

    upscaler: UpscalerName = UpscalerName.AUTO


@dataclass(frozen=True, slots=True)
class SafetyConfig:
    """The safety checker for servers with an NSFW filter: a directory in diffusers' format, a hub id or `OPEN_NSFW`."""

    checker: str = ""


@dataclass(frozen=True, slots=True)
class WildcardsConfig:
    """The folder of the host's word lists, for `__name__` in prompts."""

    folder: Path | None = None

    def __post_init__(self) -> None:
        try:
            self.read()
        except word_lists.NotText as reason:
            raise InvalidSetting("folder", f"The word list {reason} isn't plain text. Save it in UTF-8.") from None
        except OSError as reason:
            raise InvalidSetting("folder", f"It can't be read: {reason.strerror}.") from None

    def read(self) -> WordLists:
        """The lists by name. Raises `OSError` and `NotText`."""
        return word_lists.read(self.folder) if self.folder else {}


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
    worker: WorkerConfig = field(default_factory=WorkerConfig)
    """Of [worker], or else of the first section of [workers] that draws with the host's own models."""
    workers: tuple[tuple[str, PoolConfig], ...] = ()
    """The sections of [workers] by name; empty where there is only [worker]."""
    upscaling: UpscalingConfig = UpscalingConfig()
    safety: SafetyConfig = SafetyConfig()
    limits: Limits = HOST_LIMITS
    bans: BansConfig = BansConfig()
    edit_model: str = ""
    """The model that changes the pictures of others as words say."""
    wildcards: WildcardsConfig = WildcardsConfig()
    vision: VisionModels = field(default_factory=VisionModels)
    web: WebConfig = field(default_factory=WebConfig)
    models: tuple[ModelSpec, ...] = (POCKET,)
    loras: tuple[LoraSpec, ...] = ()
    embeddings: tuple[EmbeddingSpec, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @property
    def catalogue(self) -> Catalogue:
        """The models, LoRAs and embeddings to choose from."""
        return Catalogue(self._checked_models, self.loras, self.embeddings, self.edit_model, self.vision)

    @property
    def _checked_models(self) -> tuple[ModelSpec, ...]:
        """The models, each with its own safety checker or the one of [safety]."""
        usual = self.safety.checker
        return tuple(replace(each, safety_checker=each.safety_checker or usual) for each in self.models)

    @property
    def pools(self) -> dict[str, PoolConfig]:
        """The pools of workers by name."""
        return dict(self.workers) or {LOCAL: self.worker}

    @property
    def draws_here(self) -> bool:
        """True where a worker of this machine draws."""
        return any(type(each) is WorkerConfig for each in self.pools.values())

    @property
    def devices_here(self) -> list[str]:
        """The devices that workers of this machine draw on, by the names that the configuration has for them."""
        local = (each for each in self.pools.values() if type(each) is WorkerConfig)
        return list(dict.fromkeys(device for each in local for device in each.devices or (each.device,)))

    @property
    def longest_line(self) -> int:
        """Waiting requests of all members together: as many as the pools take, each its own."""
        return sum(each.longest_line for each in self.pools.values())

    def pool_of(self, model: ModelSpec) -> str:
        """The pool that draws a model: the one that it names, or the first that can."""
        if model.workers:
            return model.workers
        fitting = (name for name, each in self.pools.items() if isinstance(each, ComfyConfig) == model.is_workflow)
        return next(fitting, next(iter(self.pools)))

    @property
    def worker_options(self) -> wire.Configure:
        """The configuration as a worker process reads it, which may need each of the models but workflows."""
        return self._options(self.worker, tuple(each for each in self._checked_models if not each.is_workflow))

    def options_of(self, pool: str) -> wire.Configure:
        """The configuration as the workers of a pool read it, with the models that it draws."""
        section = self.pools[pool]
        assert isinstance(section, WorkerConfig)
        options = self._options(section, tuple(each for each in self._checked_models if self.pool_of(each) == pool))
        return options if pool == LOCAL else replace(options, measurements=self.data / f"measured-{pool}.json")

    def _options(self, worker: WorkerConfig, models: tuple[ModelSpec, ...]) -> wire.Configure:
        return wire.Configure(
            models=models,
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
            vram=worker.vram_bytes,
            upscaler=self.upscaling.upscaler,
            faces=self.vision.faces,
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
