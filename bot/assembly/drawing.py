"""The workers, and what gives them their jobs."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot import worker_pools
from bot.assembly.outgoing import Outgoing
from bot.assembly.store import Store
from bot.config import Config
from bot.jobs.dispatcher import Dispatcher
from bot.jobs.estimates import Estimates
from bot.jobs.results import Results
from bot.jobs.tasks import Tasks
from bot.jobs.workers import Workers
from bot.policy.hints import Hints
from generation.pool import WorkerPool


def workers_of(config: Config, pools: Mapping[str, WorkerPool]) -> Workers:
    models = {each.name: config.pool_of(each) for each in config.models}
    return Workers(
        [worker_pools.named(config, name, pool) for name, pool in pools.items()], lambda model: models.get(model, "")
    )


def dispatcher_of(
    config: Config,
    workers: Workers,
    store: Store,
    outgoing: Outgoing,
    estimates: Estimates,
    now: Callable[[], datetime],
) -> Dispatcher:
    hints = Hints(
        catalogue=config.catalogue, generations=store.generations, people=store.people, rules=store.rules, now=now
    )
    return Dispatcher(
        workers=workers,
        generations=store.generations,
        tasks=Tasks(store.images),
        results=Results(generations=store.generations, images=store.images, hints=hints),
        estimates=estimates,
        delivery=outgoing.updates,
        longest_line=config.longest_line,
    )
