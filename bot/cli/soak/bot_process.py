"""The bot under test: the real one as `noisefox run` starts it, with a worker that draws tiny pictures.

On SIGUSR1 its disk is full (no file can be written), until SIGUSR1 comes again. On SIGUSR2 it forgets how long its
event loop was blocked so far.
"""

import argparse
import asyncio
import os
import resource
import signal
import sys
from dataclasses import replace
from pathlib import Path
from types import FrameType

from bot import app, config
from bot.cli.soak.blocks import Blocks
from bot.cli.soak.ray_nodes import LOOPBACK
from generation.local_pool import LOCAL, LocalPool
from generation.ray_pool import RayPool
from generation.tiny_worker import STEP_SECONDS

WORKER = (sys.executable, "-m", "generation.tiny_worker")


def toggle_full_disk(_: int, __: FrameType | None) -> None:
    """Forbid this process to write into any file, or allow it again. The kernel says "file too large" then, where a
    full disk says "no space left"; both are an `OSError`, and an error of SQLite's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if soft == 0 else 0, hard))


def pool_of(settings: config.Config, worker: tuple[str, ...], ray: str | None) -> LocalPool | RayPool:
    """One worker of this machine, or two on the Ray cluster at an address."""
    if ray is None:
        return LocalPool(settings.worker_options, worker)
    os.environ.update(LOOPBACK)
    return RayPool(replace(settings.worker_options, device="cpu"), address=ray, actors=2, command=worker)


async def serve(settings: config.Config, worker: tuple[str, ...], ray: str | None) -> int:
    """Be the bot until told to stop."""
    async with pool_of(settings, worker, ray) as pool:
        pools = {LOCAL: pool}
        return await app.serve(app.running(settings, settings.token(), pools=pools, reconcile_every=2.0, waits=True))


def main() -> int:
    """Read the options and be the bot."""
    parser = argparse.ArgumentParser(prog="python -m bot.cli.soak.bot_process", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--blocks", type=Path, help="measure the event loop's longest blocks, and write them here")
    parser.add_argument("--step-seconds", default=str(STEP_SECONDS), help="how long the worker takes for a step")
    parser.add_argument("--ray", help="draw on the Ray cluster at this address")
    options = parser.parse_args()
    signal.signal(signal.SIGUSR1, toggle_full_disk)
    blocks = Blocks()
    if options.blocks:
        signal.signal(signal.SIGUSR2, lambda *_: blocks.reset())
        blocks.install()
    status = asyncio.run(serve(config.load(options.config), (*WORKER, options.step_seconds), options.ray))
    if options.blocks:
        blocks.save(options.blocks)
    return status


if __name__ == "__main__":
    sys.exit(main())
