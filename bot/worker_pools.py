"""The pools of workers that a configuration describes."""

from bot.config import Config, WorkerConfig
from bot.jobs.workers import NamedPool
from generation.comfy_pool import ComfyPool
from generation.local_pool import LocalPool
from generation.pool import WorkerPool


def pool(config: Config, name: str) -> LocalPool | ComfyPool:
    """A pool of the configuration, by its name. Use as `async with`."""
    section = config.pools[name]
    if isinstance(section, WorkerConfig):
        return LocalPool(config.options_of(name), devices=section.devices)
    models = [each for each in config.models if config.pool_of(each) == name]
    return ComfyPool(section.addresses, models, max_pictures=section.max_pictures, step_seconds=section.step_seconds)


def named(config: Config, name: str, pool: WorkerPool) -> NamedPool:
    """A pool as the queue sees it."""
    section = config.pools.get(name)
    if not isinstance(section, WorkerConfig):
        return NamedPool(name, pool)
    return NamedPool(name, pool, section.models_in_memory, section.model_wait_seconds)
