"""Models in less memory than they need: pictures stay the same, wherever the parts of a model are."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from diffusers import FluxTransformer2DModel, StableDiffusionPipeline
from PIL import Image

from generation import plans
from generation.catalogue import Catalogue, ModelSpec
from generation.engine.latents.vae import Autoencoder
from generation.engine.models import placement
from generation.engine.models.batched_model import BatchedModel
from generation.engine.models.loader import needs_here
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import FailureKind
from generation.events import Failed
from generation.jobs import Inputs
from generation.loras import LoraSpec
from generation.plans import EVERYTHING, Plan
from generation.settings import GenerationSettings
from tests.generation.engine import tiny, tiny_guides, tiny_lora, tiny_pipelines
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.stock import Pixels

CPU = torch.device("cpu")
MAKERS: dict[str, Callable[[Path], Path]] = {
    "UNet": tiny.stable_diffusion_1,
    "transformer": tiny.flux,
    "pipeline": partial(tiny_pipelines.saved, tiny_pipelines.aura),
}
PLANS = {
    "encoders leave": Plan(encoders_leave=True),
    "tiles": Plan(tiles=True),
    "both": Plan(encoders_leave=True, tiles=True),
    "blocks": Plan(encoders_leave=True, tiles=True, offload="group"),
    "layers": Plan(encoders_leave=True, tiles=True, offload="sequential"),
}
SIDE = 1024
"""The models' own size, whose decoding takes much of what they need. Pictures are smaller."""


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModelSpec]:
    folders = {name: make(tmp_path_factory.mktemp("models") / name) for name, make in MAKERS.items()}
    return {name: ModelSpec(name, str(folder), width=SIDE, height=SIDE) for name, folder in folders.items()}


@pytest.fixture(scope="module")
def lora(specs: dict[str, ModelSpec], tmp_path_factory: pytest.TempPathFactory) -> LoraSpec:
    pipeline = StableDiffusionPipeline.from_pretrained(specs["UNet"].source, local_files_only=True)
    return LoraSpec("ink", tiny_lora.peft(tmp_path_factory.mktemp("loras") / "ink.safetensors", pipeline))


@pytest.fixture(scope="module")
def at_home(specs: dict[str, ModelSpec], lora: LoraSpec) -> dict[str, tuple[Pixels, Pixels]]:
    """The pictures of models that are on the device as a whole, without and with a LoRA."""
    return {name: both(cache_of(spec, None, lora), spec) for name, spec in specs.items()}


def both(cache: ModelCache, spec: ModelSpec) -> tuple[Pixels, Pixels]:
    driver = LoopDriver(cache)
    return driver.drawn(fox(spec)), driver.drawn(fox(spec, "<lora:ink:0.7>" if spec.name == "UNet" else ""))


def cache_of(spec: ModelSpec, vram: float | None, *loras: LoraSpec) -> ModelCache:
    return ModelCache(Catalogue([spec], loras), CPU, torch.float32, vram=vram)


def fox(spec: ModelSpec, lora: str = "") -> GenerationSettings:
    return replace(spec.preferred.of(f"a fox {lora}", seed=7), width=64, height=64, steps=2)


def room_for(spec: ModelSpec, plan: Plan) -> float:
    """The least memory in which a plan fits."""
    return needs_here(spec, torch.float32).peak(plan) / (1 - plans.SPARE) + 1


@pytest.mark.parametrize(
    ("name", "plan"),
    [(name, plan) for name in MAKERS for plan in PLANS.values() if name == "UNet" or plan.offload != "sequential"],
)
def test_a_picture_is_the_same_by_every_plan(
    specs: dict[str, ModelSpec],
    at_home: dict[str, tuple[Pixels, Pixels]],
    lora: LoraSpec,
    name: str,
    plan: Plan,
    caplog: pytest.LogCaptureFixture,
) -> None:
    spec = specs[name]
    cache = cache_of(spec, room_for(spec, plan), lora)
    with caplog.at_level(logging.INFO):
        drawn, changed = both(cache, spec)
    model = cache.any(name, lambda share: None)
    assert model.plan == plan
    assert f"on cpu: {plan.told}" in caplog.text
    plain, with_lora = at_home[name]
    assert (drawn == plain).all(), "to the last bit"
    assert abs(changed - with_lora).max() <= 1, "the LoRA is computed beside layers that are streamed"
    assert streams(model.pipeline.text_encoder) is plan.encoders_leave
    assert streams(model.pipeline.components.get("unet") or model.pipeline.transformer) is bool(plan.offload)
    assert not streams(model.pipeline.vae)
    large = torch.zeros(1, 4, SIDE // 8, SIDE // 8)
    asked = spec.preferred.of("a fox", 1)
    assert plan.tiles is (model.autoencoder.cuts(large) if isinstance(model, BatchedModel) else model.cuts(asked))


def streams(network: torch.nn.Module) -> bool:
    return any(hasattr(part, "_diffusers_hook") for part in network.modules())


def test_image_prompts_work_with_a_streamed_network(specs: dict[str, ModelSpec], tmp_path: Path) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(specs["UNet"].source, local_files_only=True)
    spec = replace(specs["UNet"], ip_adapter=str(tiny_guides.ip_adapter(tmp_path, pipeline)))
    data = BytesIO()
    Image.new("RGB", (64, 64), "red").save(data, "PNG")
    asked, looked_at = replace(fox(spec), prompt="a fox"), Inputs(image_prompt=data.getvalue())
    whole, streamed = (cache_of(spec, vram) for vram in (None, room_for(spec, PLANS["blocks"])))
    assert (LoopDriver(whole).drawn(asked, looked_at) == LoopDriver(streamed).drawn(asked, looked_at)).all()
    assert streamed.any("UNet", lambda share: None).plan == PLANS["layers"], "diffusers forgets what is added to blocks"


def test_a_gpu_fetches_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    streamed: list[dict[str, object]] = []
    monkeypatch.setattr("diffusers.hooks.apply_group_offloading", lambda network, **how: streamed.append(how))
    for how in ("group", "sequential"):
        placement._place("unet", torch.nn.Linear(1, 1), torch.device("cuda"), Plan(offload=how))
    blocks, layers = streamed
    assert blocks["use_stream"] is layers["use_stream"] is True
    assert (blocks["offload_type"], blocks["num_blocks_per_group"]) == ("block_level", 1)
    assert layers["offload_type"] == "leaf_level"


def test_as_many_blocks_stay_as_there_is_room_for() -> None:
    network = FluxTransformer2DModel(
        num_layers=2,
        num_single_layers=6,
        in_channels=4,
        attention_head_dim=16,
        num_attention_heads=1,
        joint_attention_dim=16,
        pooled_projection_dim=16,
        axes_dims_rope=(4, 4, 8),
    )
    blocks = [*network.transformer_blocks, *network.single_transformer_blocks]
    sizes = [sum(weight.nbytes for weight in block.parameters()) for block in blocks]
    kept = sum(sizes) * 2 // 3
    placement._place("transformer", network, CPU, Plan(True, True, "group", kept))
    streamed = [streams(block) for block in blocks]
    staying = sum(size for size, is_streamed in zip(sizes, streamed, strict=True) if not is_streamed)
    assert kept - max(sizes) < staying <= kept
    assert (True, True) not in pairwise(streamed), "spread among those that stay"
    assert len(network.transformer_blocks) == 2, "the network is what it was"


@pytest.mark.parametrize("name", MAKERS)
def test_a_prompt_that_comes_again_is_not_encoded_again(
    specs: dict[str, ModelSpec], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = LoopDriver(cache_of(specs[name], room_for(specs[name], PLANS["encoders leave"])))
    model = driver.loop._cache.any(name, lambda share: None)
    encoded: list[object] = []
    model.pipeline.text_encoder.register_forward_hook(lambda *given: encoded.append(given))
    asked = replace(fox(specs[name]), prompt="a fox")
    first = driver.drawn(asked)
    once = len(encoded)
    driver.admit(2, replace(asked, seed=8))
    driver.admit(3, asked)
    driver.run()
    assert len(encoded) == once > 0
    assert (driver.pixels(3) == first).all()
    driver.admit(4, replace(asked, prompt="a hen"))
    driver.run()
    assert len(encoded) > once
    assert (driver.pixels(4) != first).any()


def test_a_model_for_which_no_plan_has_room_fails_in_one_sentence(specs: dict[str, ModelSpec]) -> None:
    driver = LoopDriver(cache_of(specs["UNet"], 1000))
    driver.admit(1, fox(specs["UNet"]))
    driver.run()
    ending = driver.of(1)[-1]
    assert isinstance(ending, Failed)
    assert ending.kind is FailureKind.MODEL_TOO_LARGE
    assert "does not fit into 0.0 GB of cpu. It needs" in ending.detail


def test_a_model_joins_others_only_where_it_is_as_fast_as_alone(specs: dict[str, ModelSpec]) -> None:
    one = replace(specs["UNet"], width=64, height=64)
    both = [replace(one, name="first"), replace(one, name="second")]
    needs = needs_here(one, torch.float32)

    def cache(vram: float, room: int = 2) -> ModelCache:
        made = ModelCache(Catalogue(both), CPU, torch.float32, room=room, vram=vram)
        made.any("first", lambda share: None)
        return made

    roomy = cache((needs.peak(EVERYTHING) + needs.weights) / (1 - plans.SPARE) + 1)
    assert roomy.has_place("second", in_use=["first"])
    tight = cache(needs.peak(EVERYTHING) / (1 - plans.SPARE) + 1)
    assert not tight.has_place("second", in_use=["first"]), "it would be streamed"
    assert tight.has_place("second", in_use=[]), "what is idle leaves"
    assert tight.any("second", lambda share: None).plan == EVERYTHING
    assert tight.names == ["second"]
    assert not cache_of(one, 1000).has_place(one.name, in_use=[]), "it fits nowhere"


def test_an_autoencoder_of_a_short_memory_begins_with_tiles() -> None:
    network = tiny.autoencoder(sample_size=2048)
    assert not Autoencoder(network).cuts(torch.zeros(1, 4, 128, 128))
    assert Autoencoder(network, cut=True).cuts(torch.zeros(1, 4, 128, 128))
    assert not Autoencoder(network, cut=True).cuts(torch.zeros(1, 4, 64, 64)), "a picture as small as a tile"
