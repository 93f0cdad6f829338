"""LoRAs of flow-matching models: the pixels that diffusers' own loading gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from safetensors.torch import load_file, save_file

from generation.engine.conditioning import lora_network
from generation.engine.denoising.state import DenoisingState, predict
from generation.errors import LoraUnavailable
from generation.loras import LoraSpec
from generation.settings import GenerationSettings
from tests.generation.engine import tiny, tiny_lora
from tests.generation.engine.families import (
    tiny_chroma,
    tiny_lumina_2,
    tiny_qwen_image,
    tiny_stable_diffusion_3,
    tiny_z_image,
)
from tests.generation.engine.families.flow import FOX, SAME, Flow
from tests.generation.engine.families.test_qwen_image import told as told_qwen
from tests.generation.engine.stock import Pixels

RANK = 3
PROMPT = "a cute fox <lora:style:0.8>"


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    return Flow(tmp_path_factory.mktemp("flux"), tiny.flux_pipeline(), lambda settings: {})


def peft(file: Path, flow: Flow) -> Path:
    return tiny_lora.peft(file, flow.model.pipeline, parts=("transformer", "text_encoder"))


def kohya(file: Path, flow: Flow) -> Path:
    """With the names of the original code, in which query, key and value are one layer."""
    config, chance = flow.model.family.transformer.config, torch.Generator().manual_seed(3)
    width = config.num_attention_heads * config.attention_head_dim
    rows = {
        "double_blocks_0_img_attn_qkv": (width, 3 * width),
        "double_blocks_0_txt_attn_proj": (width, width),
        "double_blocks_0_img_mlp_0": (width, 4 * width),
        "single_blocks_0_linear2": (5 * width, width),
    }
    tensors = {}
    for name, (given, wanted) in rows.items():
        tensors[f"lora_unet_{name}.lora_down.weight"] = 0.3 * torch.randn(RANK, given, generator=chance)
        tensors[f"lora_unet_{name}.lora_up.weight"] = 0.3 * torch.randn(wanted, RANK, generator=chance)
        tensors[f"lora_unet_{name}.alpha"] = torch.tensor(1.5)
    save_file(tensors, file)
    return file


def xlabs(file: Path, flow: Flow) -> Path:
    """With names that diffusers alone knows."""
    width = flow.model.family.transformer.config.num_attention_heads * 16
    chance = torch.Generator().manual_seed(4)
    layer = "double_blocks.0.processor.qkv_lora1"
    down, up = torch.randn(RANK, width, generator=chance), torch.randn(3 * width, RANK, generator=chance)
    save_file({f"{layer}.down.weight": down, f"{layer}.up.weight": up}, file)
    return file


def by_diffusers(flow: Flow, file: Path, parts: Sequence[str] = ("transformer", "text_encoder")) -> Pixels:
    """The picture of diffusers' own pipeline with the file, which changes these parts of it, at 0.8."""

    pipeline = flow.fresh()
    pipeline.load_lora_weights(file)
    pipeline.fuse_lora(components=list(parts), lora_scale=0.8)
    pipeline.unload_lora_weights()
    return flow.stock(FOX, kind=lambda **components: pipeline)


@pytest.mark.parametrize("written", [peft, kohya, xlabs])
def test_pictures_are_those_of_diffusers(flux: Flow, tmp_path: Path, written: Callable[[Path, Flow], Path]) -> None:
    file = written(tmp_path / "style.safetensors", flux)
    plain, expected = flux.stock(FOX), by_diffusers(flux, file)
    assert abs(expected - plain).max() > 5 * SAME, "the LoRA changes nothing"
    with_lora = replace(FOX, prompt=PROMPT)
    with flux.knowing(LoraSpec("style", file)):
        for drawn in (flux.drawn(with_lora), flux.drawn_among_others(with_lora)):
            assert abs(drawn - expected).max() <= SAME
        assert numpy.array_equal(flux.drawn(FOX), plain), "a picture without it is as before"


@dataclass(frozen=True)
class Family:
    """A family whose files are as diffusers and peft write them, or name the transformer by another word."""

    pipeline: Callable[[], Any]
    guided: Callable[[GenerationSettings], dict[str, Any]]
    parts: tuple[str, ...] = ("transformer",)
    named: str = "transformer"


FAMILIES = {
    "Stable Diffusion 3.5": Family(
        tiny_stable_diffusion_3.pipeline, tiny_stable_diffusion_3.told, ("transformer", "text_encoder")
    ),
    "Z-Image": Family(tiny_z_image.pipeline, tiny_z_image.told),
    "Z-Image by others": Family(tiny_z_image.pipeline, tiny_z_image.told, named="diffusion_model"),
    "Chroma": Family(tiny_chroma.pipeline, tiny_chroma.told),
    "Lumina 2": Family(tiny_lumina_2.pipeline, tiny_lumina_2.told),
}


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_pictures_of_other_families_are_those_of_diffusers(family: Family, tmp_path: Path) -> None:
    flow = Flow(tmp_path / "model", family.pipeline(), family.guided)
    written = tiny_lora.peft(tmp_path / "written.safetensors", flow.model.pipeline, parts=family.parts)
    tensors = {name.replace("transformer.", f"{family.named}."): each for name, each in load_file(written).items()}
    save_file(tensors, file := tmp_path / "style.safetensors")
    plain, expected = flow.stock(FOX), by_diffusers(flow, file, family.parts)
    assert abs(expected - plain).max() > 5 * SAME, "the LoRA changes nothing"
    with flow.knowing(LoraSpec("style", file)):
        assert abs(flow.drawn(replace(FOX, prompt=PROMPT)) - expected).max() <= SAME


@pytest.mark.parametrize("prefix", ["transformer", "diffusion_model"])
def test_pictures_of_qwen_image_are_those_of_diffusers(tmp_path: Path, prefix: str) -> None:
    qwen = Flow(tmp_path / "qwen", tiny_qwen_image.pipeline(), told_qwen)
    file = tiny_lora.peft(tmp_path / "style.safetensors", qwen.model.pipeline, parts=("transformer",))
    renamed = {name.replace("transformer", prefix, 1): tensor for name, tensor in load_file(file).items()}
    save_file(renamed, file)
    plain, expected = qwen.stock(FOX), by_diffusers(qwen, file, parts=["transformer"])
    assert abs(expected - plain).max() > 5 * SAME, "the LoRA changes nothing"
    with qwen.knowing(LoraSpec("style", file)):
        for drawn in (qwen.drawn(replace(FOX, prompt=PROMPT)), qwen.drawn_among_others(replace(FOX, prompt=PROMPT))):
            assert abs(drawn - expected).max() <= SAME


@pytest.mark.parametrize("mark", ["oft_blocks", "oft_diag", "boft_R"])
def test_other_kinds_are_refused_by_their_names(flux: Flow, tmp_path: Path, mark: str) -> None:
    save_file({f"transformer.x.{mark}": torch.ones(1)}, file := tmp_path / "other.safetensors")
    with (
        flux.knowing(LoraSpec("style", file)),
        pytest.raises(LoraUnavailable, match=r"it is a B?OFT, which is not supported"),
    ):
        flux.model.encode_prompts(replace(FOX, prompt=PROMPT))


def test_beside_the_layers_of_a_large_network_pictures_are_the_same(
    flux: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alone, among others, and to the last bit with any neighbours where those are kept apart."""
    monkeypatch.setattr(lora_network, "MERGED_BYTES", 0)
    monkeypatch.setattr(lora_network, "SMALL_BYTES", -1)
    file = kohya(tmp_path / "style.safetensors", flux)
    plain, expected = flux.stock(FOX), by_diffusers(flux, file)
    with_lora = replace(FOX, prompt=PROMPT)
    with flux.knowing(LoraSpec("style", file)):
        for drawn in (flux.drawn(with_lora), flux.drawn_among_others(with_lora)):
            assert abs(drawn - expected).max() <= SAME
        first, others = (DenoisingState(flux.model, replace(with_lora, seed=seed)) for seed in (7, 9))
        [alone], [beside, _] = predict([first], 4), predict([first, others], 4)
        assert all(torch.equal(*pair) for pair in zip(alone, beside, strict=True))
        assert numpy.array_equal(flux.drawn(FOX), plain), "a picture without it is as before"


def test_a_lora_of_another_family_is_refused(flux: Flow, tmp_path: Path) -> None:
    file = tmp_path / "style.safetensors"
    save_file({f"transformer.nowhere.lora_{half}.weight": torch.ones(2, 2) for half in "AB"}, file)
    with flux.knowing(LoraSpec("style", file)), pytest.raises(LoraUnavailable, match="has no nowhere"):
        flux.model.encode_prompts(replace(FOX, prompt=PROMPT))
