"""Score the finished model, with seeds and wordings it was not trained on.

Two judges name what was drawn: the nearest clean picture at 32x32 pixels (of any style), and the classifier. Colour
obedience, diversity, decibels and seconds follow. ``python -m training.score`` prints the table of the model card.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from training.art import Art, Pixels, load_art
from training.autoencoder import held_out_decibels
from training.captions import with_article
from training.classifier import SIDE, Classifier, load_classifier
from training.colours import HUES, hue_distance, mean_hue, to_hsv, unseen
from training.concepts import known
from training.crops import held_out_pictures, on_ground, shrink
from training.drawing import STEPS, draw, load_pipeline
from training.stage import stage_parser
from training.upscaler import draw_large, load_upscaler, measure

WORDINGS = ("{}", "picture of {}", "can you draw {}", "{}, nice and clean", "please, {}", "i would like {}")
FIRST_SEED = 700_001
NEAREST_SIDE = 32

Artist = Callable[[list[str], list[int]], Pixels]
"""Prompts and seeds to pictures (N, 128, 128, 3)."""


def reference(art: Art, side: int) -> tuple[Tensor, Tensor]:
    """All clean pictures on white as rows (N, 3 * side * side) in 0..1, and their concepts (N,)."""
    pictures = torch.from_numpy(np.stack([shrink(picture, 128) for picture in art.pictures])).permute(0, 3, 1, 2)
    seen = (on_ground(pictures, torch.ones(1, 3, 1, 1)) + 1) / 2
    return F.interpolate(seen, size=side, mode="area").flatten(1), torch.tensor([concept for concept, _ in art.rows])


def as_batch(pictures: Pixels, side: int) -> Tensor:
    """Drawn pictures (N, H, W, 3) as (N, 3, side, side) in 0..1."""
    floats = torch.from_numpy(pictures.astype(np.float32)).permute(0, 3, 1, 2) / 255
    return F.interpolate(floats, size=side, mode="area")


def ranks(distances: Tensor, owners: Tensor, wanted: Tensor, allowed: Tensor) -> Tensor:
    """Rank (N,), from 0, of each wanted concept among the allowed ones, a concept being as near as its nearest picture.

    ``distances`` (N, pictures), ``owners`` (pictures,), ``wanted`` (N,), ``allowed`` (concepts,) of bool.
    """
    nearest = torch.full((len(distances), len(allowed)), torch.inf)
    nearest.scatter_reduce_(1, owners.expand_as(distances), distances, "amin")
    nearest[:, ~allowed] = torch.inf
    return (nearest < nearest.gather(1, wanted[:, None])).sum(1)


def nearest_ranks(pictures: Pixels, clean: tuple[Tensor, Tensor], wanted: Tensor, allowed: Tensor) -> Tensor:
    """Rank (N,) of each wanted concept by how near ``clean`` pictures, a ``reference``, are to what was drawn."""
    rows, owners = clean
    return ranks(torch.cdist(as_batch(pictures, NEAREST_SIDE).flatten(1), rows), owners, wanted, allowed)


def accuracy(artist: Artist, art: Art, judge: Classifier, limit: int) -> dict[str, float]:
    """Both judges over core and other known concepts, ``limit`` of each drawn once.

    The nearest picture is sought among the clean pictures of the same half, core or rest, in all styles; the
    classifier chooses among all known concepts.
    """
    clean = reference(art, NEAREST_SIDE)
    is_core, is_known = torch.tensor([concept.core for concept in art.concepts]), torch.tensor(known(art.concepts))
    scores: dict[str, float] = {}
    for name, allowed in (("core", is_core), ("rest", is_known & ~is_core)):
        wanted = torch.nonzero(allowed)[:, 0]
        wanted = wanted[torch.randperm(len(wanted), generator=torch.Generator().manual_seed(3))[:limit]]
        if not len(wanted):
            continue
        prompts = [
            WORDINGS[n % len(WORDINGS)].format(with_article(art.concepts[c].name))
            for n, c in enumerate(wanted.tolist())
        ]
        pictures = artist(prompts, [FIRST_SEED + n for n in range(len(prompts))])
        found = nearest_ranks(pictures, clean, wanted, allowed)
        scores[f"{name}: concepts drawn"] = float(len(wanted))
        scores[f"{name}: nearest picture, top-1"] = (found == 0).float().mean().item()
        scores[f"{name}: nearest picture, top-5"] = (found < 5).float().mean().item()
        with torch.no_grad():
            answers = judge(as_batch(pictures, SIDE) * 2 - 1).masked_fill(~is_known, -torch.inf)
        scores[f"{name}: classifier among all, top-1"] = (answers.argmax(1) == wanted).float().mean().item()
    return scores


def obedience(artist: Artist, art: Art, limit: int) -> dict[str, float]:
    """Share of unseen pairs of thing and colour whose subject's mean hue is within 30 degrees of the word's."""
    groups = ("animals-nature", "food-drink", "travel-places", "objects", "activities")
    pairs = [(c.name, w) for c in art.concepts if c.core and c.group in groups for w in HUES if unseen(c.name, w)]
    pairs = [pairs[n] for n in np.random.default_rng(4).permutation(len(pairs))[:limit]]
    if not pairs:
        return {}
    prompts = [with_article(f"{word} {without_colour(name)}") for name, word in pairs]
    pictures = artist(prompts, [FIRST_SEED + 5000 + n for n in range(len(prompts))])
    good = 0
    for picture, (_, word) in zip(pictures, pairs, strict=True):
        opaque = np.concatenate([picture, np.full((*picture.shape[:2], 1), 255, np.uint8)], -1)
        hsv, _ = to_hsv(opaque)
        subject = ((hsv[..., 1] > 0.15) | (hsv[..., 2] < 0.85)).astype(np.float32)
        hue = mean_hue(hsv, subject)
        good += int(hue is not None and float(hue_distance(hue, HUES[word])) <= 30)
    return {"colour obeyed, unseen pairs": good / len(pairs), "colour pairs drawn": float(len(pairs))}


def without_colour(name: str) -> str:
    """A name without its own colour word: "red apple" is "apple"."""
    return " ".join(word for word in name.split() if word not in HUES) or name


@torch.no_grad()
def diversity(artist: Artist, art: Art, judge: Classifier, limit: int) -> dict[str, float]:
    """Mean distance in the classifier's features between eight seeds of a prompt, over that between concepts."""
    core = [concept.name for concept in art.concepts if concept.core]
    names = [core[n] for n in np.random.default_rng(6).permutation(len(core))[:limit]]
    prompts = [with_article(name) for name in names for _ in range(8)]
    pictures = artist(prompts, [FIRST_SEED + 9000 + n for n in range(len(prompts))])
    features = judge.features(as_batch(pictures, SIDE) * 2 - 1).view(len(names), 8, -1)
    within = torch.stack([torch.pdist(eight).mean() for eight in features]).mean().item()
    between = torch.pdist(features[:, 0]).mean().item() if len(names) > 1 else float("nan")
    return {"diversity: seeds over concepts": within / between}


def seconds(artist: Artist) -> float:
    """Seconds of one guided picture of 25 steps at 128x128, the best of three."""
    taken = []
    for seed in range(3):
        start = time.perf_counter()
        artist(["a cute fox"], [seed])
        taken.append(time.perf_counter() - start)
    return min(taken)


def score(work: Path, model: Path, limit: int, steps: int = STEPS, bfloat16: bool = False) -> dict[str, float]:
    """All figures, also written to ``work/score.json``; seconds are always those of 25 steps in float32."""
    art, judge, pipeline = load_art(work), load_classifier(work), load_pipeline(model)
    artist = partial(draw, pipeline, steps=steps, bfloat16=bfloat16)
    figures = {"steps drawn": float(steps), "drawn in bfloat16": float(bfloat16)}
    figures |= accuracy(artist, art, judge, limit)
    figures |= obedience(artist, art, min(limit, 120))
    figures |= diversity(artist, art, judge, min(limit, 24))
    figures["autoencoder, held out, dB"] = held_out_decibels(pipeline.vae, held_out_pictures(art))
    if (model / "upscaler").exists():
        ours, lanczos = measure(load_upscaler(model / "upscaler"), draw_large(work, art, True, 48))
        figures |= {"upscaler, held out, dB": ours, "Lanczos, held out, dB": lanczos}
    figures["seconds a picture (25 steps, guided, 128x128)"] = seconds(partial(draw, pipeline, steps=STEPS))
    (work / "score.json").write_text(json.dumps(figures, indent=2) + "\n")
    return figures


def table(figures: dict[str, float]) -> str:
    """The figures as a Markdown table."""
    rows = [
        f"| {name} | {value:.0f} |" if "drawn" in name else f"| {name} | {value:.2f} |"
        for name, value in figures.items()
    ]
    return "\n".join(["| what | figure |", "| --- | --- |", *rows])


def main() -> None:
    """``python -m training.score --work DIR [--model DIR] [--limit N] [--steps N] [--bfloat16]``."""
    parser = stage_parser(__doc__)
    parser.add_argument("--model", type=Path, help="the exported model; WORK/pocket unless said")
    parser.add_argument("--limit", type=int, default=2000, help="draw at most so many concepts of each kind")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--bfloat16", action="store_true", help="draw in bfloat16 what is judged: faster")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    model = arguments.model or arguments.work / "pocket"
    tqdm.write(table(score(arguments.work, model, arguments.limit, arguments.steps, arguments.bfloat16)))


if __name__ == "__main__":
    main()
