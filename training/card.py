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

A small latent diffusion model that draws emoji-like pictures from a few words. `training/` in this project trains it
from scratch, on openly licensed art and two CPU cores. A first picture takes seconds on any machine, and everything
about the model can be read.

It loads as a `StableDiffusionPipeline` of diffusers and needs no download. It works best at 128x128, with 20 to 30
steps and guidance 5 to 7. Sides from 96 to 192 work.

## What it can do
{concepts} things, {core} of them trained most, in three styles: *3d* (the default), *flat* and *cartoon*.
{colours} colour words, coloured backgrounds and ten simple places. Two things side by side, a hat or glasses on a head,
a person with an animal's ears. The scores below say how well.

## What it cannot do
It knows emoji, not the world: no photographs, no text, no counting, no scenes beyond the ten places, and at most two
things. An unknown word turns into the nearest known thing. People look like emoji. A prompt is read up to 30 tokens.

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

`NOTICE.md` has the notices that these licences require.

## Training time
{times}
{begun}
## Scores
{scores}
"""


EARLIER = """
All parts started from the weights of an earlier pocket model, whose training is not counted here. Parts that are not
listed are unchanged.
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
