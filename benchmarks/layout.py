"""Channels-last memory format: seconds of 16 mixed jobs in both formats and by the stock pipeline, in turns, in float32
on the CPU. Prints the medians of all rounds.

    python -m benchmarks.layout [--rows 32] [--rounds 3]
"""

import argparse
from dataclasses import replace
from statistics import median

import torch

from generation.catalogue import Catalogue
from generation.engine.benchmarking import bench
from generation.engine.benchmarking.contest import drawn_by_stock, drawn_by_us
from generation.engine.benchmarking.stock_unet import stock_of
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache

LAYOUTS = {"channels first": torch.contiguous_format, "channels last": torch.channels_last}


def layouts(rows: int, rounds: int, jobs: int = bench.JOBS) -> dict[str, float]:
    """The median seconds of each way, in batches of at most so many rows."""
    caches = {name: _cache(layout) for name, layout in LAYOUTS.items()}
    model = next(iter(caches.values())).take(Catalogue().default.name, lambda share: None)
    stock, mixed = stock_of(model), list(bench.mixed_jobs(model, jobs))
    seconds: dict[str, list[float]] = {name: [] for name in (*LAYOUTS, "stock pipeline")}
    for cache in caches.values():
        drawn_by_us(cache, [replace(each, steps=2) for each in mixed], BatchSizing(rows))
    for _ in range(rounds):
        for name, cache in caches.items():
            seconds[name].append(drawn_by_us(cache, mixed, BatchSizing(rows)).seconds)
        seconds["stock pipeline"].append(drawn_by_stock(stock, model.device, mixed).seconds)
    return {name: median(taken) for name, taken in seconds.items()}


def _cache(layout: torch.memory_format) -> ModelCache:
    cache = ModelCache(Catalogue(), torch.device("cpu"), torch.float32)
    model = cache.take(Catalogue().default.name, lambda share: None)
    for network in (model.unet, model.vae):
        network.to(memory_format=layout)
    return cache


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    for name, taken in layouts(arguments.rows, arguments.rounds).items():
        print(f"{name:16}{taken:8.2f} s")


if __name__ == "__main__":
    main()
