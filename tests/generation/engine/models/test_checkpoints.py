"""Checkpoints of Stable Diffusion in the forms in which people have them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DiffusionPipeline
from safetensors.torch import load_file, save_file

from generation import abilities
from generation.catalogue import Catalogue, ModelSpec
from generation.engine.models import loader
from generation.engine.scheduling.model_cache import ModelCache
from generation.settings import GenerationSettings
from tests.generation.engine import single_file, tiny
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.stock import Pixels

UNET, VAE, CLIP = "model.diffusion_model.", "first_stage_model.", "cond_stage_model.transformer."
FOX = GenerationSettings("a fox", seed=3, model="mine", width=64, height=64, steps=2, guidance_scale=5.0)

Tensors = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny.checkpoint_1(tmp_path_factory.mktemp("checkpoint") / "folder")
    pipeline = DiffusionPipeline.from_pretrained(folder)
    single_file.write(pipeline, folder.parent / "file.safetensors")
    return folder


@pytest.fixture
def tensors(folder: Path) -> Tensors:
    return load_file(folder.parent / "file.safetensors")


@pytest.fixture(scope="module")
def whole(folder: Path) -> Any:
    return read(folder)


def saved(tensors: Mapping[str, torch.Tensor], file: Path) -> Path:
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file)
    return file


def read(source: Path, vae: str = "") -> Any:
    """The pipeline of a file or a folder."""
    return loader.pipeline_of(ModelSpec("mine", str(source), vae=vae), source, torch.float32)


def drawn(source: Path, **options: Any) -> Pixels:
    spec = ModelSpec("mine", str(source), **options)
    return LoopDriver(ModelCache(Catalogue([spec]), torch.device("cpu"), torch.float32)).drawn(FOX)


def are_same(one: Any, other: Any) -> bool:
    """True where all networks of two pipelines have the same weights."""
    for part in ("unet", "vae", "text_encoder"):
        own, others = (getattr(each, part).state_dict() for each in (one, other))
        if own.keys() != others.keys() or not all(torch.equal(own[name], others[name]) for name in own):
            return False
    return True


def averaged(tensors: Tensors, change: float = 0.0) -> Tensors:
    """A UNet's average, whose names have no dots."""
    inside = {name.removeprefix("model."): tensor for name, tensor in tensors.items() if name.startswith(UNET)}
    return {f"model_ema.{name.replace('.', '')}": tensor + change for name, tensor in inside.items()} | {
        "model_ema.decay": torch.ones(()),
        "model_ema.num_updates": torch.ones((), dtype=torch.int32),
    }


def test_names_of_novel_ai_and_an_averaged_unet_beside_the_unet(tmp_path: Path, tensors: Tensors, whole: Any) -> None:
    old = {name.replace(f"{CLIP}text_model.", CLIP): tensor for name, tensor in tensors.items()}
    assert are_same(read(saved(old | averaged(tensors, 1.0), tmp_path / "old.safetensors")), whole)


def test_an_averaged_unet_is_read_where_it_is_alone(tmp_path: Path, tensors: Tensors, whole: Any) -> None:
    others = {name: tensor for name, tensor in tensors.items() if not name.startswith(UNET)}
    file = saved(others | averaged(tensors), tmp_path / "averaged.safetensors")
    assert are_same(read(file), whole)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_another_vae_completes_a_checkpoint_without_one(
    tmp_path: Path, folder: Path, tensors: Tensors, whole: Any, kind: str
) -> None:
    own = {name: tensor for name, tensor in tensors.items() if name.startswith(VAE)}
    file = saved({name: tensor for name, tensor in tensors.items() if name not in own}, tmp_path / "bare.safetensors")
    with pytest.raises(ValueError, match="holds no VAE; set vae to one, such as stabilityai/sd-vae-ft-mse"):
        read(file)
    place = folder / "vae" if kind == "folder" else next((folder / "vae").glob("*.safetensors"))
    pipeline = read(file, vae=str(place))
    assert are_same(pipeline, whole)
    assert pipeline.vae.config.scaling_factor == whole.vae.config.scaling_factor


def test_a_vae_that_only_decodes_draws_from_words_alone(tmp_path: Path, folder: Path, tensors: Tensors) -> None:
    encoder = (f"{VAE}encoder.", f"{VAE}quant_conv.")
    kept = {name: tensor for name, tensor in tensors.items() if not name.startswith(encoder)}
    file = saved(kept, tmp_path / "decoder.safetensors")
    assert abs(drawn(file) - drawn(folder)).max() <= 1
    able = abilities.of(ModelSpec("mine", str(file)))
    assert (able.takes_picture, able.mask, able.hires, able.blends) == (False,) * 4
    assert able.negative_prompt
    halves = {name.removeprefix(VAE): tensor for name, tensor in kept.items() if name.startswith(VAE)}
    with pytest.raises(ValueError, match=r"half\.safetensors holds only the decoder of a VAE; set vae to a whole"):
        read(folder, vae=str(saved(halves, tmp_path / "half.safetensors")))
    with_vae = abilities.of(ModelSpec("mine", str(file), vae=str(folder / "vae")))
    assert with_vae == abilities.of(ModelSpec("mine", str(folder)))


def test_weights_in_fp8_are_multiplied_by_their_scales(tmp_path: Path, tensors: Tensors) -> None:
    """They are those of a file that has the products in float32. In turn: no scale, one number, one number by the newer
    name, and one for each row."""
    small, right = dict(tensors), dict(tensors)
    for number, name in enumerate(name for name in tensors if name.startswith(UNET) and tensors[name].ndim > 1):
        layer, kind = name.removesuffix(".weight"), number % 4
        rows = tensors[name].flatten(1).abs().amax(1) / 448
        scale = rows if kind == 3 else rows.max() if kind else torch.ones(())
        wide = scale.reshape(-1, *[1] * (tensors[name].ndim - 1))
        small[name] = (tensors[name] / wide).to(torch.float8_e4m3fn)
        right[name] = small[name].float() * wide
        if kind:
            small[layer + (".weight_scale" if kind == 2 else ".scale_weight")] = scale
            small[layer + (".input_scale" if kind == 2 else ".scale_input")] = torch.ones(())
    small["scaled_fp8"] = torch.zeros(2, dtype=torch.float8_e4m3fn)
    one, other = saved(small, tmp_path / "fp8.safetensors"), saved(right, tmp_path / "right.safetensors")
    assert are_same(read(one), read(other))


def test_other_packed_weights_are_refused_by_their_name(tmp_path: Path, tensors: Tensors) -> None:
    layer = f"{UNET}time_embed.0"
    note = torch.tensor(list(json.dumps({"format": "nvfp4"}).encode()), dtype=torch.uint8)
    packed = {
        f"{layer}.weight": tensors[f"{layer}.weight"].to(torch.uint8),
        f"{layer}.weight_scale": torch.ones(4, 4).to(torch.float8_e4m3fn),
        f"{layer}.comfy_quant": note,
    }
    with pytest.raises(ValueError, match="its weights are packed as nvfp4; take it in fp8, bf16 or GGUF"):
        read(saved(tensors | packed, tmp_path / "packed.safetensors"))
    blocks = {f"{layer}.weight": tensors[f"{layer}.weight"].to(torch.float8_e4m3fn)}
    blocks |= {f"{layer}.weight_scale": torch.ones(4, 4)}
    with pytest.raises(ValueError, match=r"scales for blocks, \(4, 4\)"):
        read(saved(tensors | blocks, tmp_path / "blocks.safetensors"))


def test_a_file_without_a_unet_says_so(tmp_path: Path, tensors: Tensors) -> None:
    left = {name: tensor for name, tensor in tensors.items() if not name.startswith(UNET)}
    with pytest.raises(ValueError, match="the file holds no UNet"):
        read(saved(left, tmp_path / "words.safetensors"))
