"""Paint scenes and keep their latents, once, so that training the UNet never waits for a picture.

``work/latents/clean.pt`` holds every clean picture and three poses of each, as little changed as a second picture may
be; ``scenes-000.pt`` and so on hold 4,096 random scenes each, grouped by canvas ("128x128": scenes as JSON and float16
latents (N, 8, H/8, W/8)). More shards may be added at any time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderTiny
from torch import Tensor
from tqdm import tqdm

from training.art import Art, Pixels, load_art
from training.concepts import known
from training.networks import half_where_fast
from training.paint import paint
from training.scenes import Scene, SceneMaker
from training.stage import save_atomically, stage_parser

SHARD = 4096
POSES = 3


@dataclass
class Group:
    """Scenes of one canvas and their latents (N, 8, H/8, W/8), float16."""

    scenes: list[Scene]
    latents: Tensor


class StaleLatents(RuntimeError):
    """Latents on disk were made by another encoder."""


def encoder_mark(model: AutoencoderTiny) -> str:
    """A short fingerprint of the encoder: latents are only good with the decoder that belongs to it."""
    digest = hashlib.sha256()
    for parameter in model.encoder.parameters():
        digest.update(parameter.detach().float().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def load_autoencoder(work: Path) -> AutoencoderTiny:
    """The trained autoencoder, with the later decoder where there is one."""
    folder = work / "decoder/model" if (work / "decoder/model").exists() else work / "autoencoder/model"
    model: AutoencoderTiny = AutoencoderTiny.from_pretrained(folder, local_files_only=True)
    return model.eval()


@cache
def opened(work: Path) -> Art:
    """The art, opened once a process."""
    return load_art(work)


def painted(work: Path, job: tuple[Scene, int]) -> tuple[Scene, Pixels]:
    """One scene and its picture; runs in a worker process."""
    scene, seed = job
    return scene, paint(scene, opened(work), np.random.default_rng(seed))


@torch.no_grad()
def encoded(model: AutoencoderTiny, pictures: list[Pixels]) -> Tensor:
    """Latents, float16, of pictures (H, W, 3) of one size."""
    pixels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
    with half_where_fast():
        latents: Tensor = model.encode(pixels.contiguous(memory_format=torch.channels_last)).latents
    return latents.half()


def encode_all(model: AutoencoderTiny, work: Path, jobs: list[tuple[Scene, int]], name: str) -> dict[str, Any]:
    """Paint and encode; the result is what a shard holds."""
    groups: dict[str, dict[str, Any]] = {}
    waiting: dict[str, list[tuple[Scene, Pixels]]] = {}

    def flush(canvas: str) -> None:
        scenes, pictures = zip(*waiting.pop(canvas), strict=True)
        group = groups.setdefault(canvas, {"scenes": [], "latents": []})
        group["scenes"] += [json.dumps(scene.to_json()) for scene in scenes]
        group["latents"].append(encoded(model, list(pictures)))

    with ProcessPoolExecutor(2) as pool:
        results: Iterable[tuple[Scene, Pixels]] = pool.map(partial(painted, work), jobs, chunksize=32)
        for scene, picture in tqdm(results, total=len(jobs), desc=name, mininterval=2.0):
            canvas = f"{scene.width}x{scene.height}"
            waiting.setdefault(canvas, []).append((scene, picture))
            if len(waiting[canvas]) == 16:
                flush(canvas)
    for canvas in list(waiting):
        flush(canvas)
    for group in groups.values():
        group["latents"] = torch.cat(group["latents"])
    return {"encoder": encoder_mark(model), "groups": groups}


def clean_jobs(maker: SceneMaker, rows: Iterable[tuple[int, str]]) -> list[tuple[Scene, int]]:
    """Scenes and seeds of the clean picture of each thing and style, of those with ears, and of their poses."""
    clean = [maker.clean(thing, style) for thing, style in rows] + maker.eared()
    posed = [replace(scene, kind="posed") for _ in range(POSES) for scene in clean]
    return [(scene, 0) for scene in clean] + [(scene, seed) for seed, scene in enumerate(posed)]


def make(work: Path, shards: int, shard_size: int = SHARD) -> None:
    """Make whatever of the clean latents and the first ``shards`` shards is missing."""
    art = load_art(work)
    maker, taught = SceneMaker(art.concepts, art.rows), known(art.concepts)
    model = load_autoencoder(work).to(memory_format=torch.channels_last)
    folder = work / "latents"
    if not (folder / "clean.pt").exists():
        jobs = clean_jobs(maker, [row for row in art.rows if taught[row[0]]])
        save_atomically(encode_all(model, work, jobs, "clean"), folder / "clean.pt")
    for shard in range(shards):
        path = folder / f"scenes-{shard:03}.pt"
        if not path.exists():
            chance = np.random.default_rng(1000 + shard)
            jobs = [(maker.draw(chance), shard * shard_size + number) for number in range(shard_size)]
            save_atomically(encode_all(model, work, jobs, path.stem), path)


def read(work: Path, names: Iterable[str]) -> Iterator[tuple[str, Group]]:
    """(canvas, group) of the named files; raises ``StaleLatents`` where the encoder has changed since."""
    mark = encoder_mark(load_autoencoder(work))
    for name in names:
        saved = torch.load(work / "latents" / name, weights_only=True)
        if saved["encoder"] != mark:
            raise StaleLatents(f"{name} was made by another encoder: delete {work / 'latents'} and make it anew")
        for canvas, group in saved["groups"].items():
            scenes = [Scene.from_json(json.loads(row)) for row in group["scenes"]]
            yield canvas, Group(scenes, group["latents"])


def load_clean(work: Path) -> Group:
    """All clean pictures' latents."""
    return next(read(work, ["clean.pt"]))[1]


def load_scenes(work: Path) -> dict[str, Group]:
    """All random scenes made so far, by canvas."""
    names = sorted(path.name for path in (work / "latents").glob("scenes-*.pt"))
    groups: dict[str, list[Group]] = {}
    for canvas, group in read(work, names):
        groups.setdefault(canvas, []).append(group)
    return {
        canvas: Group([s for part in parts for s in part.scenes], torch.cat([part.latents for part in parts]))
        for canvas, parts in groups.items()
    }


def main() -> None:
    """``python -m training.latents --work DIR --shards N``."""
    parser = stage_parser(__doc__)
    parser.add_argument("--shards", type=int, default=6)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    make(arguments.work, arguments.shards, 64 if arguments.smoke else SHARD)


if __name__ == "__main__":
    main()
