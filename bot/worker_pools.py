"""The pools of workers that a configuration describes."""

from bot.config import ComfyConfig, Config, RayConfig, WorkerConfig
from bot.jobs.workers import NamedPool
from generation.comfy_pool import ComfyPool
from generation.local_pool import LocalPool
from generation.pool import WorkerPool
from generation.ray_pool import RayPool


def pool(config: Config, name: str) -> LocalPool | RayPool | ComfyPool:
    """A pool of the configuration, by its name. Use as `async with`. Raises `RayMissing`."""
    section = config.pools[name]
    if isinstance(section, ComfyConfig):
        models = [each for each in config.models if config.pool_of(each) == name]
        pictures, seconds = section.max_pictures, section.step_seconds
        return ComfyPool(section.addresses, models, max_pictures=pictures, step_seconds=seconds)
    options = config.options_of(name)
    if isinstance(section, RayConfig):
        return RayPool(options, address=section.address, actors=section.actors)
    return LocalPool(options, devices=section.devices)


def named(config: Config, name: str, pool: WorkerPool) -> NamedPool:
    """A pool as the queue sees it."""
    section = config.pools.get(name)
    if not isinstance(section, WorkerConfig):
        return NamedPool(name, pool)
    return NamedPool(name, pool, section.models_in_memory, section.model_wait_seconds)
