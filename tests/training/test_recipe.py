"""The whole recipe in tiny: every stage runs, and what comes out loads as a stock pipeline."""

import json
import subprocess
import sys
from pathlib import Path

from diffusers import StableDiffusionPipeline
from safetensors import safe_open

from training.networks import LATENT_CHANNELS


def test_every_stage_runs_and_the_model_loads(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training.recipe", "--smoke", "--work", str(tmp_path)]
    subprocess.run(command, check=True, timeout=600, capture_output=True)
    model = tmp_path / "pocket"
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
    assert (tmp_path / "sheet.png").exists()
    assert "<polyline" in (tmp_path / "losses.svg").read_text()
    assert json.loads((tmp_path / "score.json").read_text())["core: concepts drawn"] == 2
