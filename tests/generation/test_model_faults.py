"""What the heads of files tell of a model that can't be drawn."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from generation import sources
from generation.catalogue import ModelSpec
from generation.model_faults import faults_of

OWN = "model.diffusion_model.input_blocks.0.0.weight"
CLIP = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"
FLUX = "model.diffusion_model.double_blocks.0.img_attn.qkv.weight"


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    def write(name: str, *tensors: str) -> str:
        save_file({each: np.zeros((2, 2), np.float32) for each in tensors}, tmp_path / name)
        return str(tmp_path / name)

    return write


def test_a_checkpoint_needs_a_vae_of_its_own_or_another(written: Callable[..., str]) -> None:
    source = written("sd.safetensors", OWN, CLIP)
    vae = written("vae.safetensors", "decoder.conv_in.weight", "encoder.conv_in.weight")
    assert faults_of(ModelSpec("sd", source)) == ["sd.safetensors holds no VAE. Set vae to one."]
    assert faults_of(ModelSpec("sd", source, vae=vae)) == []
    assert faults_of(ModelSpec("sd", written("whole.safetensors", OWN, CLIP, sources.VAE_DECODER))) == []
    clip = written("clip_l.safetensors", "text_model.embeddings.token_embedding.weight")
    assert faults_of(ModelSpec("sd", source, vae=clip)) == ["vae: clip_l.safetensors is no VAE."]


def test_other_networks_are_no_models(written: Callable[..., str]) -> None:
    for name in (
        "text_model.embeddings.token_embedding.weight",
        "decoder.conv_in.weight",
        "lora_unet_x.lora_up.weight",
    ):
        [fault] = faults_of(ModelSpec("x", written("x.safetensors", name)))
        assert fault.startswith("x.safetensors has no layers that draw.")


def test_what_is_beside_a_transformer_must_fit(written: Callable[..., str], tmp_path: Path) -> None:
    names = ("double_blocks.0.img_attn.norm.key_norm.scale", "guidance_in.in_layer.weight", "img_in.weight")
    source = written("flux.safetensors", FLUX, *(f"model.diffusion_model.{each}" for each in names))
    [fault] = faults_of(ModelSpec("flux", source))
    assert "holds the transformer of a FluxPipeline alone; set base" in fault
    base = tmp_path / "sd"
    base.mkdir()
    (base / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    [fault] = faults_of(ModelSpec("flux", source, base=str(base)))
    assert fault.startswith("base is a StableDiffusionPipeline, which has no transformer.")
    assert "transformer alone" in faults_of(ModelSpec("flux", source, base=source))[0]
    vae = written("ae.safetensors", "decoder.conv_in.weight")
    faults = faults_of(ModelSpec("flux", source, base="owner/flux", text_encoders=(vae,)))
    assert faults == ["text_encoders: ae.safetensors is a VAE."]
    (tmp_path / "t5.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    faults = faults_of(ModelSpec("flux", source, base="owner/flux", text_encoders=(str(tmp_path / "t5.safetensors"),)))
    assert len(faults) == 1
    assert "Git LFS" in faults[0]


def test_what_is_not_here_has_no_faults() -> None:
    assert faults_of(ModelSpec("gone", "gone.safetensors", vae="gone-too.safetensors")) == []
    assert faults_of(ModelSpec("hub", "owner/model")) == []
