"""The contact sheet: 48 prompts, half of them never trained, two seeds each, shown as they come."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from training.art import Pixels
from training.drawing import STEPS, draw, load_pipeline
from training.stage import stage_parser

TRAINED = [
    "an apple",
    "a ball",
    "a cat",
    "a castle",
    "a robot",
    "a rocket",
    "a sunset",
    "a cute fox",
    "a pizza, 3d",
    "a sunflower, cartoon",
    "a penguin, flat icon",
    "a guitar",
    "a birthday cake",
    "a shark",
    "a rose",
    "a unicorn, cartoon style",
    "an owl on black",
    "a ghost at night",
    "a panda, flat",
    "a dragon",
    "a teapot",
    "a cactus in the desert",
    "a laughing face",
    "a house in the snow",
]
UNTRAINED = [
    "a blue banana",
    "a purple fox",
    "a pink elephant",
    "a green rocket in space",
    "a golden penguin",
    "a teal castle, cartoon",
    "a fox and an apple",
    "a dog and a cat",
    "a robot and a sunflower",
    "a crown and a ghost, flat",
    "a cute fox girl",
    "a cat girl",
    "a bear with a top hat",
    "a robot with sunglasses",
    "an owl wearing a crown",
    "a red dragon on yellow",
    "a unicorn under water",
    "a pizza on blue",
    "a tiny whale at the top",
    "a huge strawberry",
    "a puppy",
    "a zebra riding a bicycle",
    "a quiet library",
    "a splendiferous gizmo",
]
TILE, GAP = 128, 6
LETTERS, LINES, LINE_LENGTH = 18, 2, 14
"""Pixels of a prompt's letters, its lines, and characters in each."""


def sheet(pictures: Pixels, prompts: list[str], columns: int = 6) -> Image.Image:
    """Pictures (prompts, seeds, 128, 128, 3), the seeds of a prompt below one another, the prompt above them."""
    seeds, head = pictures.shape[1], LINES * (LETTERS + 4)
    height = head + seeds * TILE
    rows = -(-len(prompts) // columns)
    canvas = Image.new("RGB", (columns * (TILE + GAP), rows * (height + GAP)), "white")
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(LETTERS)
    for number, prompt in enumerate(prompts):
        left, top = number % columns * (TILE + GAP), number // columns * (height + GAP)
        said = textwrap.wrap(prompt, LINE_LENGTH, max_lines=LINES, placeholder="…")
        pen.text((left + 2, top + head - len(said) * (LETTERS + 4)), "\n".join(said), fill="black", font=font)
        for seed in range(seeds):
            canvas.paste(Image.fromarray(pictures[number, seed]), (left, top + head + seed * TILE))
    return canvas


def make(model: Path, target: Path, limit: int = 48, steps: int = STEPS) -> None:
    """Draw the sheet: the trained half first."""
    prompts = [*TRAINED, *UNTRAINED][:limit]
    pipeline = load_pipeline(model)
    drawn = draw(pipeline, [p for p in prompts for _ in range(2)], [n % 2 + 41 for n in range(2 * len(prompts))], steps)
    sheet(np.stack([drawn[0::2], drawn[1::2]], 1), prompts).save(target, optimize=True)
    tqdm.write(f"{target}")


def main() -> None:
    """``python -m training.sheet --work DIR [--model DIR] [--to PNG]``."""
    parser = stage_parser(__doc__)
    parser.add_argument("--model", type=Path, help="the exported model; WORK/pocket unless said")
    parser.add_argument("--to", type=Path, help="the PNG; WORK/sheet.png unless said")
    arguments = parser.parse_args()
    make(arguments.model or arguments.work / "pocket", arguments.to or arguments.work / "sheet.png")


if __name__ == "__main__":
    main()
