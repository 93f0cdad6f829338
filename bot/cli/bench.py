"""`noisefox bench`: the speed of the engine, compared with the stock pipeline."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from bot.cli.drawer import worker_options
from bot.config import Config
from generation import wire
from generation.environment import for_worker
from generation.local_worker import QUIET

SPREAD = "_spread"
"""What the name of a ratio's spread ends in."""


def bench(options: argparse.Namespace, config: Config) -> int:
    """Measure the engine, in a process of its own because it imports torch."""
    model = config.catalogue.get(options.model).name if options.model else config.catalogue.default.name
    command = [sys.executable, "-m", "generation.engine.benchmarking.bench", model]
    packed = wire.pack(worker_options(config))
    environment = QUIET | for_worker(os.environ)
    engine = subprocess.run(command, input=packed, env=environment, stdout=subprocess.PIPE, check=False)
    if engine.returncode:
        return engine.returncode
    figures = json.loads(engine.stdout)
    rounded = {key: round(value, 3) if isinstance(value, float) else value for key, value in figures.items()}
    print(json.dumps(rounded) if options.json else "\n".join(lines(rounded)))
    return 0


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    """A line for each figure, with its spread, and a word where that is so large that the figure says little."""
    unsettled = figures["unsettled"]
    for name, value in figures.items():
        if name == "unsettled" or name.endswith(SPREAD):
            continue
        spread = figures.get(name + SPREAD)
        told = "" if spread is None else f"spread {100 * spread:.0f} %"
        marked = ", ".join(filter(None, (told, "unsettled" if name in unsettled else "")))
        yield f"{name:30}{value!s:10}{marked}".rstrip()
