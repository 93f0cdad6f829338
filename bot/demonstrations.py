"""Figures from the command line, through the same worker as the bot."""

import argparse
from pathlib import Path

from bot import explaining
from bot.config import Config
from bot.terminal import NotDrawn, finished, free_path, inputs_of, settings_of
from generation import cost
from generation.jobs import Draw, Job
from generation.local_pool import LocalPool


async def explain(options: argparse.Namespace, config: Config) -> int:
    """Draw a picture and show how, from the inside; print where figure, animation and picture are."""
    settings, inputs = settings_of(options, config.catalogue), inputs_of(options)
    async with LocalPool(config.worker_options) as pool:
        await pool.submit(Job(0, "terminal", Draw(settings, inputs, explained=True)))
        completed = await finished(pool.events(), cost.steps(settings, bool(inputs.image)))
    if completed.explanation is None:
        raise NotDrawn("The worker has sent no explanation.")
    shown = explaining.drawn(completed.explanation, settings, gif=options.gif)
    [picture] = completed.pictures
    name = f"seed-{picture.seed}"
    _write(options.out, f"{name}-explained", shown.figure)
    _write(options.out, f"{name}-steps", shown.animation)
    _write(options.out, name, (picture.png, "png"))
    return 0


def _write(folder: Path, name: str, file: tuple[bytes, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    data, ending = file
    path = free_path(folder, name, ending)
    path.write_bytes(data)
    print(path)
