"""Write the model card: what the model is, what it cannot do, its data, licences and scores."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from training.art import load_art
from training.colours import SUBJECT_COLOURS
from training.concepts import known
from training.fetch import PACKAGES
from training.networks import LATENT_CHANNELS
from training.score import table
from training.stage import stage_parser
from training.unet import BEGUN

TEXT = """\
# Noisefox pocket

A small latent diffusion model that draws emoji-like pictures from a few words. It is trained from nothing by
`training/` in this project, on openly licensed art and on two CPU cores, so that a first picture takes seconds on any
machine and everything about it can be read.

It loads as a `StableDiffusionPipeline` of diffusers, needs no network, and draws best at 128x128, 20 to 30 steps and
guidance 5 to 7. Sides from 96 to 192 work.

## What it was taught
{concepts} things, {core} of them most, in the styles *3d* (the usual one), *flat* and *cartoon*; {colours}
colour words, coloured grounds and ten simple places; two things side by side; a hat or glasses on a head; a person with
an animal's ears. How much of this it can do, the scores below tell.

## What it cannot do
It knows emoji, not the world: no photographs, no scenes beyond the ten, no writing, no counting, at most two things. An
unknown word fades to whatever is nearest. All people are drawn as emoji draw them. Prompts are read up to 30 tokens.

## Parts
| part | what it is |
| --- | --- |
| `vae/` | AutoencoderTiny, {latents} latent channels, an eighth of the size |
| `text_encoder/`, `tokenizer/` | CLIP text transformer, 4 layers, 256 wide; byte-pair encoding of its own |
| `unet/` | UNet2DConditionModel, velocity prediction; clip skip 1 and 2 are both trained |
| `upscaler/` | a residual network with pixel shuffle, four times the size |
| `preview.json` | the linear map from latents to colours (-1 to 1) for live previews |

## Trained on
| package | version | licence |
| --- | --- | --- |
{packages}

`NOTICE.md` carries the notices these licences ask for.

## How long
{times}
{begun}
## Scores
{scores}
"""


EARLIER = """
All parts began with the weights of an earlier pocket model, whose own training is not counted here; those that are not
listed are as they were.
"""


def times(work: Path) -> str:
    """The training time of each stage, from its log."""
    lines = ["| stage | minutes | samples |", "| --- | --- | --- |"]
    for name in ("autoencoder", "decoder", "text_encoder", "unet", "upscaler"):
        log = work / name / "losses.jsonl"
        if log.exists():
            last = json.loads(log.read_text().splitlines()[-1])
            lines.append(f"| {name} | {last['seconds'] / 60:.0f} | {last['samples']:,} |")
    return "\n".join(lines)


def write_card(work: Path, target: Path) -> None:
    """Write ``target/README.md`` from the art, the logs and the last score."""
    art = load_art(work)
    figures = work / "score.json"
    scores = "Not scored yet: `python -m training.score`."
    if figures.exists():
        found = json.loads(figures.read_text())
        command = f"python -m training.score --steps {found['steps drawn']:.0f}"
        command += " --bfloat16" if found.get("drawn in bfloat16") else ""
        scores = f"By `{command}`, seeds and wordings never trained:\n\n{table(found)}"
    text = TEXT.format(
        concepts=f"{sum(known(art.concepts)):,}",
        core=int(np.sum([concept.core for concept in art.concepts])),
        colours=len(SUBJECT_COLOURS),
        latents=LATENT_CHANNELS,
        packages="\n".join(f"| {package.name} | {package.version} | {package.licence} |" for package in PACKAGES),
        times=times(work),
        begun=EARLIER if (work / BEGUN).exists() else "",
        scores=scores,
    )
    target.mkdir(parents=True, exist_ok=True)
    (target / "README.md").write_text(text)


def main() -> None:
    """``python -m training.card --work DIR [--to DIR]``."""
    parser = stage_parser(__doc__)
    parser.add_argument("--to", type=Path, help="the model's folder; WORK/pocket unless said")
    arguments = parser.parse_args()
    write_card(arguments.work, arguments.to or arguments.work / "pocket")


if __name__ == "__main__":
    main()
