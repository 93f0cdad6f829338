"""Make the pocket model from nothing: every stage in order, each going on where it was stopped.

``python -m training.recipe`` takes about eight hours of two free cores; ``--smoke`` runs the same stages in tiny on the
dozen pictures kept in the project and takes less than a minute. Stopped in the middle (Ctrl-C, SIGTERM), it is given
the same command again.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import torch
from tqdm import tqdm

from training import (
    art,
    autoencoder,
    card,
    classifier,
    export,
    fetch,
    latents,
    missed,
    plot,
    score,
    sheet,
    text_encoder,
    tokenizer,
    unet,
    upscaler,
)
from training.drawing import STEPS
from training.stage import stage_parser

Stages = dict[str, Callable[[], object]]
MINUTES = {"autoencoder": 40, "decoder": 30, "text_encoder": 11, "unet": 360, "upscaler": 20, "classifier": 20}
SHARDS = 6
SMOKE_MINUTES = 0.002


def unless(made: Path, stage: Callable[[], object]) -> Callable[[], object]:
    """The stage, or nothing once what it makes is there: later stages hold on to it."""
    return lambda: None if made.exists() else stage()


def stages(work: Path, model: Path, smoke: bool, share: float = 1.0, begin: Path | None = None) -> Stages:
    """Every stage by name, in order; ``share`` scales all training times; ``begin`` is a model to begin with."""
    minutes = {name: SMOKE_MINUTES if smoke else value * share for name, value in MINUTES.items()}
    return {
        "fetch": lambda: fetch.fetch(work, sample=smoke),
        "art": unless(work / "art/index.json", lambda: art.clean(work)),
        "autoencoder": unless(
            work / "autoencoder/model", lambda: autoencoder.train(work, minutes["autoencoder"], False, smoke, begin)
        ),
        "decoder": unless(work / "decoder/model", lambda: autoencoder.train(work, minutes["decoder"], True, smoke)),
        "tokenizer": unless(
            work / "tokenizer/merges.txt",
            lambda: tokenizer.take(work, begin) if begin else tokenizer.train(work, smoke),
        ),
        "latents": lambda: latents.make(work, 1 if smoke else SHARDS, 48 if smoke else latents.SHARD),
        "text_encoder": lambda: text_encoder.train(work, minutes["text_encoder"], smoke, begin),
        "missed": lambda: (
            missed.find(work, begin, 2 if smoke else 2000, 2 if smoke else missed.STEPS) if begin else None
        ),
        "unet": lambda: unet.train(work, minutes["unet"], smoke, begin),
        "upscaler": lambda: upscaler.train(work, minutes["upscaler"], smoke, begin),
        "export": lambda: export.export(work, model),
        "classifier": lambda: classifier.train(work, minutes["classifier"], smoke),
        "score": lambda: tqdm.write(score.table(score.score(work, model, 2 if smoke else 2000, 2 if smoke else STEPS))),
        "card": lambda: card.write_card(work, model),
        "sheet": lambda: sheet.make(model, work / "sheet.png", 2 if smoke else 48, 2 if smoke else STEPS),
        "plot": lambda: plot.plot(work, work / "losses.svg"),
    }


def main() -> None:
    """Run ``python -m training.recipe [--work DIR] [--to DIR] [--from STAGE] [--until STAGE] [--share X] [--smoke]``.

    ``--from-model DIR`` begins with a finished model.
    """
    parser = stage_parser(__doc__)
    names = list(stages(Path(), Path(), False))
    parser.add_argument("--to", type=Path, help="where the model goes; WORK/pocket unless said")
    parser.add_argument("--from", dest="first", choices=names, default=names[0], help="the stage to begin with")
    parser.add_argument("--until", dest="last", choices=names, default=names[-1], help="the stage to end with")
    parser.add_argument("--from-model", type=Path, help="begin with the weights of this model, such as the shipped")
    parser.add_argument("--share", type=float, default=1.0, help="scale all training times")
    arguments = parser.parse_args()
    os.nice(0 if arguments.smoke else 10)
    torch.set_num_threads(arguments.threads)
    target = arguments.to or arguments.work / "pocket"
    todo = stages(arguments.work, target, arguments.smoke, arguments.share, arguments.from_model)
    for name in names[names.index(arguments.first) : names.index(arguments.last) + 1]:
        tqdm.write(f"== {name}")
        todo[name]()


if __name__ == "__main__":
    main()
