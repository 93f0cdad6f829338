"""The whole recipe in tiny: every stage runs, and what comes out loads as a stock pipeline."""

import json
import shutil
import sys
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors import safe_open
from safetensors.torch import load_file

from training import recipe
from training.networks import LATENT_CHANNELS


def run(work: Path, *options: str) -> None:
    """The program, in this process: its libraries take longer to import than a whole recipe in tiny."""
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["recipe", "--smoke", "--threads", "1", "--work", str(work), *options])
        recipe.main()
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder in which the whole recipe has run."""
    folder = tmp_path_factory.mktemp("recipe")
    run(folder)
    return folder


def test_every_stage_runs_and_the_model_loads(work: Path) -> None:
    model = work / "pocket"
    pipeline = StableDiffusionPipeline.from_pretrained(model, local_files_only=True)
    assert pipeline.unet.config.in_channels == LATENT_CHANNELS
    assert pipeline.tokenizer.model_max_length == 32
    for name in ("vocab.json", "merges.txt", "tokenizer.json"):
        assert (model / "tokenizer" / name).exists()
    with safe_open(model / "unet/diffusion_pytorch_model.safetensors", framework="pt") as weights:
        assert {weights.get_slice(key).get_dtype() for key in weights.keys()} == {"F16"}  # noqa: SIM118
    preview = json.loads((model / "preview.json").read_text())
    assert (len(preview["factors"]), len(preview["bias"])) == (LATENT_CHANNELS, 3)
    card = (model / "README.md").read_text()
    assert "classifier among all" in card
    assert (model / "NOTICE.md").exists()
    assert (work / "sheet.png").exists()
    assert "<polyline" in (work / "losses.svg").read_text()
    assert json.loads((work / "score.json").read_text())["core: concepts drawn"] == 2


def test_training_goes_on_from_a_finished_model(work: Path, tmp_path: Path) -> None:
    """``--from-model`` needs no checkpoints of the first training, only the model."""
    begun = work / "pocket"
    for made in ("packages", "art"):
        shutil.copytree(work / made, tmp_path / made)
    run(tmp_path, "--from-model", str(begun), "--until", "export")
    for part in ("vae/diffusion_pytorch_model", "unet/diffusion_pytorch_model", "text_encoder/model"):
        before, after = (load_file(model / f"{part}.safetensors") for model in (begun, tmp_path / "pocket"))
        moved = sum(float((after[name].float() - weight.float()).square().sum()) for name, weight in before.items())
        size = sum(float(weight.float().square().sum()) for weight in before.values())
        assert 0 < moved < 0.1 * size, f"{part} was not taken over and trained on"
    assert (tmp_path / "pocket/tokenizer/vocab.json").read_text() == (begun / "tokenizer/vocab.json").read_text()
