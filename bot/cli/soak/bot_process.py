"""The bot under test: the real one as `noisefox run` starts it, with a worker that draws tiny pictures.

On SIGUSR1 its disk is full (no file can be written), until SIGUSR1 comes again.
"""

import argparse
import asyncio
import resource
import signal
import sys
from pathlib import Path
from types import FrameType

from bot import app, config
from generation.local_pool import LocalPool

WORKER = (sys.executable, "-m", "generation.tiny_worker")


def toggle_full_disk(_: int, __: FrameType | None) -> None:
    """Forbid this process to write into any file, or allow it again. The kernel says "file too large" then, where a
    full disk says "no space left"; both are an `OSError`, and an error of SQLite's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if soft == 0 else 0, hard))


async def serve(settings: config.Config, token: str) -> int:
    """Be the bot until told to stop."""
    async with LocalPool(settings.worker_options, WORKER) as pool:
        return await app.serve(app.running(settings, token, pool=pool))


def main() -> int:
    """Read the options and be the bot."""
    parser = argparse.ArgumentParser(prog="python -m bot.cli.soak.bot_process", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--blocks", type=Path, help="measure the event loop's longest blocks, and write them here")
    options = parser.parse_args()
    signal.signal(signal.SIGUSR1, toggle_full_disk)
    settings = config.load(options.config)
    return asyncio.run(serve(settings, settings.token()))


if __name__ == "__main__":
    sys.exit(main())
