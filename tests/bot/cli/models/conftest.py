"""A folder with a configuration, and a hub and Civitai that have small models."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import constants
from safetensors.numpy import save_file

from bot.cli.models import civitai, remote_file
from generation import sources
from tests.model_hosts import ModelHosts

HEAD = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"
HEAD_XL = "conditioner.embedders.1.model.positional_embedding"
NOISE = np.random.default_rng(0).integers(0, 255, 300_000, np.uint8)
"""What does not shrink, and is longer than one piece of an answer."""


def checkpoint(file: Path, *names: str) -> Path:
    """A file with the names that tell a checkpoint's family, and much else."""
    file.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: np.zeros((1, 4), np.float32) for name in (*names, sources.VAE_DECODER)}
    save_file({"model.diffusion_model.noise": NOISE, **tensors}, file)
    return file


def repository(folder: Path) -> Path:
    """A model in diffusers' format with files of other formats and precisions, and one in a file of its own."""
    index = {
        "_class_name": "StableDiffusionXLPipeline",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
        "image_encoder": [None, None],
    }
    for part in ("unet", "vae", "tokenizer", "safety_checker", "onnx"):
        (folder / part).mkdir(parents=True)
        (folder / part / "config.json").write_text(json.dumps({"sample_size": 128}))
    (folder / "tokenizer" / "merges.txt").write_text("a b\n")
    for part in ("unet", "vae", "safety_checker"):
        for name in ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors"):
            save_file({part: NOISE, name: np.zeros(1)}, folder / part / name)
        (folder / part / "diffusion_pytorch_model.bin").write_bytes(b"not wanted")
    (folder / "model_index.json").write_text(json.dumps(index))
    (folder / "card.json").write_text('{"license": "openrail++"}')
    checkpoint(folder / "foxes.safetensors", HEAD)
    return folder


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hosts")
    repository(folder / "hub" / "owner" / "foxes")
    checkpoint(folder / "civitai" / "2.safetensors", HEAD_XL)
    vae = checkpoint(folder / "hub" / "owner" / "vae" / "diffusion_pytorch_model.safetensors", "decoder")
    (vae.parent / "config.json").write_text("{}")
    (vae.parent / "diffusion_pytorch_model.bin").write_bytes(b"not wanted")
    return folder


@pytest.fixture
def hosts(served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelHosts]:
    """The hub and Civitai, which this program asks instead of the real ones."""
    monkeypatch.setattr(remote_file, "PAUSE", 0.0)
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", civitai.TOKEN_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    with ModelHosts(
        served,
        models={1: {"name": "Foxes", "allowCommercialUse": ["Image"]}, 7: {"name": "Ink"}},
        versions={
            2: {"modelId": 1, "name": "v-pred 2", "baseModel": "NoobAI"},
            8: {"modelId": 7, "name": "v1", "baseModel": "SD 1.5", "model": {"name": "Ink", "type": "LORA"}},
        },
    ) as hosts:
        monkeypatch.setattr(constants, "ENDPOINT", hosts.address)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", hosts.address + "/{repo_id}/resolve/{revision}/{filename}"
        )
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no token"))
        monkeypatch.setenv(civitai.ENDPOINT_VARIABLE, hosts.address)
        yield hosts
