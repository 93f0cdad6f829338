"""Find what a model does not draw well yet, so that training can show it more often.

Every thing that is taught is drawn once. Missed are those for which the clean picture nearest at 32x32 pixels is
another thing's. ``work/missed.json`` holds their names; the UNet's training picks them ``unet.MISSED`` times as often.
Seeds are none of those that the score draws with.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tqdm import tqdm

from training.art import Art, load_art
from training.captions import with_article
from training.concepts import known
from training.drawing import draw, load_pipeline
from training.score import NEAREST_SIDE, Artist, nearest_ranks, reference
from training.stage import stage_parser

FIRST_SEED = 500_001
STEPS = 12


def missed(artist: Artist, art: Art, limit: int) -> list[str]:
    """Names of the things, of the first ``limit`` that are taught, whose picture is nearer to another thing."""
    taught = torch.tensor(known(art.concepts))
    wanted = torch.nonzero(taught)[:limit, 0]
    names = [art.concepts[concept].name for concept in wanted.tolist()]
    pictures = artist([with_article(name) for name in names], [FIRST_SEED + n for n in range(len(names))])
    found = nearest_ranks(pictures, reference(art, NEAREST_SIDE), wanted, taught)
    return [name for name, rank in zip(names, found.tolist(), strict=True) if rank > 0]


def find(work: Path, model: Path, limit: int, steps: int = STEPS) -> None:
    """Write ``work/missed.json``."""
    pipeline = load_pipeline(model)
    names = missed(lambda prompts, seeds: draw(pipeline, prompts, seeds, steps=steps), load_art(work), limit)
    (work / "missed.json").write_text(json.dumps(names, indent=1) + "\n")
    tqdm.write(f"missed: {len(names)}")


def read_missed(work: Path) -> frozenset[str]:
    """The result that ``find`` wrote; empty if it never ran."""
    path = work / "missed.json"
    return frozenset(json.loads(path.read_text())) if path.exists() else frozenset()


def main() -> None:
    """``python -m training.missed --work DIR --model DIR [--limit N]``."""
    parser = stage_parser(__doc__)
    parser.add_argument("--model", type=Path, required=True, help="the model to look at")
    parser.add_argument("--limit", type=int, default=2000, help="draw at most so many things")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    find(arguments.work, arguments.model, arguments.limit)


if __name__ == "__main__":
    main()
