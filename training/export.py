"""Put the model together: a diffusers pipeline in half precision, the upscaler, preview coefficients, card, notices.

The folder loads with ``StableDiffusionPipeline.from_pretrained`` and no network. Beside the pipeline's own parts lie
``upscaler/`` and ``preview.json``, the linear map from latents to colours that a live preview uses.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline, UNet2DConditionModel
from torch import Tensor
from tqdm import tqdm
from transformers import CLIPTextModel

from training.art import load_art
from training.card import write_card
from training.crops import on_ground, shrink
from training.fetch import SAMPLE
from training.latents import load_autoencoder, load_clean
from training.stage import stage_parser
from training.takeover import blend
from training.tokenizer import load_tokenizer
from training.unet import SCHEDULE, averaged
from training.upscaler import load_upscaler, save

LARGEST = 60_000_000


def preview_coefficients(work: Path, limit: int = 1000) -> dict[str, list[list[float]] | list[float] | float]:
    """Least squares from a latent's channels to the mean colour of its 8x8 pixels, -1..1, over clean pictures.

    ``factors`` (channels, 3) and ``bias`` (3,): colour = latent @ factors + bias.
    """
    art, clean = load_art(work), load_clean(work)
    bare = [number for number, scene in enumerate(clean.scenes) if scene.kind == "clean" and scene.ears is None]
    bare = bare[:: max(1, len(bare) // limit)]
    latents, scenes = clean.latents[bare].float(), [clean.scenes[number] for number in bare]
    pictures = np.stack([shrink(art.picture(scene.things[0], scene.style), 128) for scene in scenes])
    pixels = on_ground(torch.from_numpy(pictures).permute(0, 3, 1, 2), torch.ones(1, 3, 1, 1))
    colours = torch.nn.functional.avg_pool2d(pixels, 8).permute(0, 2, 3, 1).reshape(-1, 3)
    rows = latents.permute(0, 2, 3, 1).reshape(-1, latents.shape[1])
    known = torch.cat([rows, torch.ones(len(rows), 1)], 1)
    solved: Tensor = torch.linalg.lstsq(known, colours).solution
    error = (known @ solved - colours).square().mean().sqrt().item()
    factors = [[round(value, 5) for value in row] for row in solved[:-1].tolist()]
    return {
        "factors": factors,
        "bias": [round(value, 5) for value in solved[-1].tolist()],
        "rms_error": round(error, 4),
    }


def scheduler() -> DPMSolverMultistepScheduler:
    """DPM-Solver++ 2M (arXiv 2211.01095) on the schedule the UNet was trained with."""
    return DPMSolverMultistepScheduler(
        **SCHEDULE,
        prediction_type="v_prediction",
        algorithm_type="dpmsolver++",
        solver_order=2,
        steps_offset=1,
        timestep_spacing="trailing",
    )


def export(work: Path, target: Path, from_model: Path | None = None, share: float = 1.0) -> int:
    """Write the whole model to ``target``; return its size in bytes, at most 60 MB.

    Where training began with a finished model, ``share`` says how much is taken of the way from that to what it became:
    less than 1 keeps more of what it was, a little more than 1 goes on as training would have.
    """
    tokenizer = load_tokenizer(work)
    unet, text = averaged(work)
    if from_model:
        earlier = UNet2DConditionModel.from_pretrained(from_model / "unet", local_files_only=True)
        blend(unet, earlier.state_dict(), share)
        earlier = CLIPTextModel.from_pretrained(from_model / "text_encoder", local_files_only=True)
        blend(text, earlier.state_dict(), share)
    pipeline = StableDiffusionPipeline(
        vae=load_autoencoder(work),
        text_encoder=text,
        tokenizer=tokenizer,
        unet=unet,
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.to(torch.float16).save_pretrained(target, safe_serialization=True)
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(work / "tokenizer" / name, target / "tokenizer" / name)
    if (work / "upscaler/model").exists():
        save(load_upscaler(work / "upscaler/model"), target / "upscaler", half=True)
    (target / "preview.json").write_text(json.dumps(preview_coefficients(work), indent=1) + "\n")
    for name in ("NOTICE.md", "LICENSE-APACHE-2.0.txt"):
        shutil.copy(SAMPLE / name, target / name)
    write_card(work, target)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    if size > LARGEST:
        raise RuntimeError(f"the model is {size / 1e6:.1f} MB, more than {LARGEST / 1e6:.0f}")
    tqdm.write(f"{target}: {size / 1e6:.1f} MB")
    return size


def main() -> None:
    """``python -m training.export --work DIR --to DIR [--from-model DIR --share X]``."""
    parser = stage_parser(__doc__)
    parser.add_argument("--from-model", type=Path, help="the model that training began with")
    parser.add_argument("--share", type=float, default=1.0, help="of the way from there to what it became; 1: all")
    parser.add_argument("--to", type=Path, help="where the model goes; WORK/pocket unless said")
    arguments = parser.parse_args()
    export(arguments.work, arguments.to or arguments.work / "pocket", arguments.from_model, arguments.share)


if __name__ == "__main__":
    main()
