"""The host's configuration: config.toml and the environment, read into one frozen `Config`."""

from bot.config.entries import EMBEDDED
from bot.config.mistakes import ConfigError
from bot.config.reading import FILE, load, located, read
from bot.config.settings import (
    DISCORD_API,
    HOST_LIMITS,
    TOKEN_VARIABLE,
    BansConfig,
    Config,
    DiscordConfig,
    SafetyConfig,
    UpscalingConfig,
    WildcardsConfig,
)
from bot.config.web import WebConfig
from bot.config.workers import ComfyConfig, PoolConfig, RayConfig, WorkerConfig, WorkerKind

__all__ = [
    "DISCORD_API",
    "EMBEDDED",
    "FILE",
    "HOST_LIMITS",
    "TOKEN_VARIABLE",
    "BansConfig",
    "ComfyConfig",
    "Config",
    "ConfigError",
    "DiscordConfig",
    "PoolConfig",
    "RayConfig",
    "SafetyConfig",
    "UpscalingConfig",
    "WebConfig",
    "WildcardsConfig",
    "WorkerConfig",
    "WorkerKind",
    "load",
    "located",
    "read",
]
