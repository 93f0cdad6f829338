"""GPU settings, as far as a CPU can test them: pictures stay the same."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch.nn.attention import SDPBackend

from generation.acceleration import UNACCELERATED, Acceleration
from generation.catalogue import Catalogue, ModelSpec
from generation.engine.models.acceleration import Preferring, accelerated
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import InvalidSetting, ModelUnavailable
from generation.settings import GenerationSettings
from tests.generation.engine import tiny
from tests.generation.engine.conftest import LoopDriver

CPU = torch.device("cpu")
GROUPS = [Acceleration(fuse_projections=True), Acceleration(attention="_native_math"), Acceleration(offload="group")]
GROUPS += [Acceleration(offload="sequential"), Acceleration(compile=True)]
NAMES = ["fused", "math", "group", "sequential", "compiled"]


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModelSpec]:
    makers: dict[str, Callable[[Path], Path]] = {"one": tiny.stable_diffusion_1, "flux": tiny.flux}
    return {
        name: ModelSpec(name, str(make(tmp_path_factory.mktemp(name))), width=64, height=64)
        for name, make in makers.items()
    }


@pytest.fixture
def fox(specs: dict[str, ModelSpec]) -> GenerationSettings:
    return replace(specs["one"].preferred.of("a fox", seed=7), steps=3)


def cache_with(spec: ModelSpec, acceleration: Acceleration) -> ModelCache:
    return ModelCache(Catalogue([spec]), CPU, torch.float32, acceleration=acceleration)


@pytest.mark.parametrize("acceleration", GROUPS, ids=NAMES)
@pytest.mark.parametrize("name", ["one", "flux"])
def test_the_picture_stays_what_it_is(
    specs: dict[str, ModelSpec], acceleration: Acceleration, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "flux" and acceleration.attention:
        acceleration = Acceleration(attention="native")
    monkeypatch.setattr("generation.engine.models.acceleration.COMPILE", {"backend": "eager"})
    asked, drawn = replace(specs[name].preferred.of("a fox", seed=7), steps=3), []
    for each in (UNACCELERATED, acceleration):
        drawn.append(LoopDriver(cache_with(specs[name], each)).drawn(asked))
    assert abs(drawn[0] - drawn[1]).max() <= 1
    assert drawn[0].std() > 1


def test_the_network_is_what_was_asked_for(specs: dict[str, ModelSpec]) -> None:
    def unet(acceleration: Acceleration) -> torch.nn.Module:
        found = cache_with(specs["one"], acceleration).take("one", on_load=lambda share: None).unet
        assert isinstance(found, torch.nn.Module)
        return found

    plain = unet(UNACCELERATED)
    attention = "down_blocks.1.attentions.0.transformer_blocks.0.attn1"
    assert not hasattr(plain.get_submodule(attention), "to_qkv")
    assert hasattr(unet(Acceleration(fuse_projections=True)).get_submodule(attention), "to_qkv")
    flash = unet(Acceleration(attention="_native_flash")).get_submodule(attention)
    assert isinstance(flash.processor, Preferring)
    assert flash.processor._kernels[0] is SDPBackend.FLASH_ATTENTION
    block = attention.removesuffix(".attn1")
    assert plain.get_submodule(block)._compiled_call_impl is None
    assert unet(Acceleration(compile=True)).get_submodule(block)._compiled_call_impl is not None
    assert hasattr(unet(Acceleration(offload="sequential")).get_submodule(f"{attention}.to_q"), "_diffusers_hook")


@pytest.mark.parametrize(("name", "attention"), [("one", "sage"), ("one", "xformers"), ("flux", "flash")])
def test_attention_that_a_model_or_this_machine_has_not_makes_it_unavailable(
    specs: dict[str, ModelSpec], name: str, attention: str
) -> None:
    with pytest.raises(ModelUnavailable, match=attention.removeprefix("_")):
        cache_with(specs[name], Acceleration(attention=attention)).any(name, on_load=lambda share: None)


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidSetting, match=r"one of native, .*; not flashy"):
        Acceleration(attention="flashy")
    with pytest.raises(InvalidSetting, match="one of group, sequential; not model"):
        Acceleration(offload="model")


@pytest.mark.parametrize("wanted", GROUPS[:2], ids=NAMES[:2])
def test_a_pipeline_without_a_network_of_steps_is_placed_and_cannot_be_accelerated(wanted: Acceleration) -> None:
    pipeline = SimpleNamespace(to=lambda device: None)
    assert accelerated(pipeline, CPU, UNACCELERATED) is pipeline
    with pytest.raises(ValueError, match="neither a UNet nor a transformer"):
        accelerated(pipeline, CPU, wanted)
