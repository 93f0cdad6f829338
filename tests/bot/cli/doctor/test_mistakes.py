"""Everything that is wrong is named in one run of the doctor."""

import json
import struct
from pathlib import Path

import pytest

from tests.bot.cli.program import noisefox

CONFIG = """
[worker]
device = "cuda:7"
dtype = "float12"
divice = "cpu"

[models.pickled]
source = "model.ckpt"

[models.cut]
source = "./cut.safetensors"

[models.pointer]
source = "./cloned"

[models.page]
source = "pocket"
vae = "./page.safetensors"

[models.gone]
source = "./gone.safetensors"

[models.gated]
source = "someone/gated"

[models.misspelt]
source = "someone/modle"
ip_adapter = "someone/guides/models/missing.safetensors"

[models.good]
source = "someone/model"

[vision]
faces = "faces/yunet.onnx"

[loras.ink]
file = "./cut.safetensors"
models = ["other"]
"""

PLANTED = (
    "worker.divice is not a setting. Did you mean device?",
    "worker.dtype: Use one of auto, float32",
    "models.pickled.source: model.ckpt is a pickle",
    "loras.ink.models: [models] has no model 'other'.",
    "There is no bot token.",
    "model cut: cut.safetensors is cut short: ",
    "model pointer: cloned/unet: diffusion_pytorch_model.safetensors is a Git LFS pointer",
    "vae of model page: page.safetensors is a web page",
    "model gone: the file gone.safetensors does not exist",
    "/someone/gated asks for consent. Log in there, accept the terms, and set HF_TOKEN to a token of yours",
    "model misspelt: someone/modle is neither a file or folder here nor a repository on the hub",
    "ip_adapter of model misspelt: someone/guides on the hub has no models/missing.safetensors",
    "vision.faces: the file faces/yunet.onnx does not exist",
    "LoRA ink: cut.safetensors is cut short: ",
    "the device cuda:7 can't be used: ",
)


def plant(folder: Path) -> None:
    """Write the configuration and its files."""
    (folder / "config.toml").write_text(CONFIG)
    head = json.dumps({"weight": {"dtype": "F32", "shape": [100], "data_offsets": [0, 400]}}).encode()
    (folder / "cut.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + b"\0" * 100)
    (folder / "page.safetensors").write_text("<!DOCTYPE html><title>Log in</title>")
    unet = folder / "cloned" / "unet"
    unet.mkdir(parents=True)
    (folder / "cloned" / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3438167536\n"
    (unet / "diffusion_pytorch_model.safetensors").write_text(pointer)


@pytest.mark.usefixtures("hub")
def test_all_planted_mistakes_are_named_in_one_run(tmp_path: Path) -> None:
    plant(tmp_path)
    result = noisefox("doctor", folder=tmp_path)
    assert result.returncode == 1
    assert "ok       configuration: config.toml\n" in result.stdout
    assert "ok       model good: someone/model, will be downloaded from the hub at first use\n" in result.stdout
    missing = [line for line in result.stdout.splitlines() if line.startswith("missing")]
    assert len(missing) == len(PLANTED)
    for line, sentence in zip(missing, PLANTED, strict=True):
        assert sentence in line


def test_what_was_not_checked_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    (tmp_path / "config.toml").write_text('[models.far]\nsource = "someone/model"\n[worker]\ndevice = "cpu"')
    result = noisefox("doctor", folder=tmp_path, token="MTIzNDU2Nzg5MDEyMzQ1Njc4.x.y")
    assert "skipped  model far: someone/model, not checked: http://127.0.0.1:9 can't be reached\n" in result.stdout
    assert result.stdout.endswith("\nNothing is missing, as far as it was checked.\n")
    assert result.returncode == 0


def test_a_config_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("data = ")
    result = noisefox("doctor", folder=tmp_path)
    assert "missing  config.toml cannot be read: " in result.stdout
    assert result.returncode == 1
