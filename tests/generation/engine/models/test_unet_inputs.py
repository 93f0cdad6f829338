"""UNets that need what nobody can give them are refused when the model is loaded, before their weights are read."""

import json
from pathlib import Path

import pytest
import torch
from diffusers import DiffusionPipeline

from generation.catalogue import ModelSpec
from generation.engine.models import loader
from generation.engine.models.loader import load
from generation.errors import ModelUnavailable
from tests.generation.engine import single_file, tiny

NEEDS = {5: "a depth map, which people can't give it here", 7: "a small picture to enlarge"}


def refusal(source: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(loader, "pipeline_of", lambda *_: pytest.fail("the weights were read"))
    with pytest.raises(ModelUnavailable) as refused:
        load(ModelSpec("mine", str(source)), torch.device("cpu"), torch.float32)
    return str(refused.value)


def folder_with(channels: int, folder: Path, kind: str) -> Path:
    """A tiny model's folder whose configs say that it is another one."""
    made = tiny.stable_diffusion_1(folder)
    index, unet = made / "model_index.json", made / "unet" / "config.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"_class_name": kind}))
    unet.write_text(json.dumps(json.loads(unet.read_text()) | {"in_channels": channels}))
    return made


@pytest.mark.parametrize(
    ("channels", "kind"),
    [
        (5, "StableDiffusionDepth2ImgPipeline"),
        (5, "StableDiffusionPipeline"),
        (7, "StableDiffusionUpscalePipeline"),
        (7, "StableDiffusionPipeline"),
    ],
)
def test_folders_of_depth_models_and_upscalers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channels: int, kind: str
) -> None:
    told = refusal(folder_with(channels, tmp_path / "model", kind), monkeypatch)
    assert f"its UNet takes {channels} channels: besides latents it needs {NEEDS[channels]}" in told
    assert "\n" not in told


@pytest.mark.parametrize("channels", NEEDS)
def test_single_files_of_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channels: int) -> None:
    pipeline = DiffusionPipeline.from_pretrained(tiny.stable_diffusion_1(tmp_path / "folder"))
    first = {"model.diffusion_model.input_blocks.0.0.weight": torch.zeros(32, channels, 3, 3)}
    file = single_file.write(pipeline, tmp_path / "file.safetensors", first)
    assert f"its UNet takes {channels} channels" in refusal(file, monkeypatch)


def test_any_other_number_of_channels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = refusal(folder_with(6, tmp_path / "model", "StableDiffusionPipeline"), monkeypatch)
    assert "its UNet takes 6 channels, and latents have 4" in told
