"""Caches between steps: which families can use them, what they cost, and that no picture knows of another."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from diffusers import FluxTransformer2DModel

from generation.catalogue import Catalogue, ModelSpec
from generation.engine.families import registry
from generation.engine.models.step_cache import StepCacheHooks
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import ModelUnavailable
from generation.events import Progress, Started
from generation.pipelines import Guidance
from generation.settings import GenerationSettings
from generation.sources import FLOWING
from generation.step_cache import SUPPORTED, StepCache
from tests.generation.engine import given, tiny
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.families import (
    tiny_chroma,
    tiny_flux_2,
    tiny_krea_2,
    tiny_lumina_2,
    tiny_qwen_image,
    tiny_stable_diffusion_3,
    tiny_z_image,
)
from tests.generation.engine.families.flow import FOX, SAME
from tests.generation.engine.families.showing import showing
from tests.generation.engine.stock import Pixels

CACHES = [each for each in StepCache if each]

PIPELINES: dict[str, Callable[[], Any]] = {
    "FluxPipeline": tiny.flux_pipeline,
    "Flux2Pipeline": tiny_flux_2.dev,
    "QwenImagePipeline": tiny_qwen_image.pipeline,
    "ChromaPipeline": tiny_chroma.pipeline,
    "StableDiffusion3Pipeline": tiny_stable_diffusion_3.pipeline,
    "Krea2Pipeline": lambda: tiny_krea_2.pipeline(is_distilled=True),
    "Lumina2Pipeline": tiny_lumina_2.pipeline,
    "ZImagePipeline": tiny_z_image.pipeline,
}
ALIKE = {
    "FluxKontextPipeline": "FluxPipeline",
    "Flux2KleinPipeline": "Flux2Pipeline",
    "QwenImageEditPipeline": "QwenImagePipeline",
    "QwenImageEditPlusPipeline": "QwenImagePipeline",
}
"""Pipelines with the same class of transformer."""

STEPS = 8


@torch.inference_mode()
def layers_run(pipeline: Any, kind: StepCache) -> tuple[int, int]:
    """How many linear layers run in some steps, where the latents hardly change, and how many there would be."""
    family = registry.family_of(pipeline)
    assert family is not None
    row = replace(family.encode("a fox"), guidance=3.5 if family.guidance is Guidance.TOLD else None)
    linear = [layer for layer in family.transformer.modules() if isinstance(layer, torch.nn.Linear)]
    run = 0

    def counted(*_: Any) -> None:
        nonlocal run
        run += 1

    for layer in linear:
        layer.register_forward_hook(counted)
    hooks = StepCacheHooks(family.transformer, kind)
    hooks.begin([row])
    latents = torch.ones(1, family.channels, 8, 8)
    timestep = torch.tensor([500.0])
    for _ in range(STEPS):
        with hooks.context(row, timestep):
            family.predict(latents, timestep, [row])
    hooks.end()
    return run, STEPS * len(linear)


@pytest.mark.parametrize("name", PIPELINES)
def test_the_table_of_caches_is_what_diffusers_can_do(name: str) -> None:
    able, pipeline = [], PIPELINES[name]()
    transformer = pipeline.transformer
    for kind in CACHES:
        pipeline.transformer = deepcopy(transformer)
        try:
            run, without = layers_run(pipeline, kind)
        except (ValueError, TypeError, AttributeError, IndexError):
            continue
        if run < without:
            able.append(kind)
    assert tuple(able) == SUPPORTED.get(name, ())


def test_pipelines_with_the_same_transformer_have_the_same_caches() -> None:
    assert {*PIPELINES, *ALIKE} == {*FLOWING}
    assert all(SUPPORTED.get(name) == SUPPORTED.get(other) for name, other in ALIKE.items())


def flux() -> Any:
    """With several layers."""
    pipeline = tiny.flux_pipeline()
    shape = dict(pipeline.transformer.config) | {"num_layers": 3, "num_single_layers": 3}
    pipeline.transformer = showing(FluxTransformer2DModel.from_config(shape), 2.0)
    return calm(pipeline)


def qwen_image() -> Any:
    """With several layers."""
    return calm(tiny_qwen_image.pipeline(num_layers=4))


def calm(pipeline: Any) -> Any:
    """Depending less on the timestep: random networks do so much more than trained ones."""
    for layer in pipeline.transformer.time_text_embed.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.weight.data *= 0.05
    return pipeline


SEVERAL_LAYERS: dict[str, Callable[[], Any]] = {"Flux": flux, "Qwen-Image": qwen_image}


class Bench:
    """The same model without a cache, called "plain", and with each, by the name of the cache."""

    def __init__(self, folder: Path) -> None:
        kinds = {"plain": StepCache.NONE} | {kind.value: kind for kind in CACHES}
        specs = [ModelSpec(name, str(folder), width=64, height=64, cache=kind) for name, kind in kinds.items()]
        self.cache = ModelCache(Catalogue(specs), torch.device("cpu"), torch.float32, room=len(specs))

    def driver(self) -> LoopDriver:
        return LoopDriver(self.cache)

    def drawn(self, model: str, **changes: Any) -> Pixels:
        return self.driver().drawn(asked(model, **changes))


def asked(model: str, **changes: Any) -> GenerationSettings:
    return replace(FOX, model=model, **{"steps": 6, **changes})


@pytest.fixture(scope="module", params=SEVERAL_LAYERS)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    made = tmp_path_factory.mktemp("cached")
    torch.manual_seed(0)
    SEVERAL_LAYERS[request.param]().save_pretrained(made)
    return Bench(made)


MEAN_LOSS = 2
"""The mean difference of a cached picture's pixels, of 255; docs/models.md has the measurements."""


def test_caches_change_pictures_little_and_switched_off_not_at_all(bench: Bench) -> None:
    plain = bench.drawn("plain", steps=10)
    assert plain.std() > 10
    for kind in CACHES:
        assert 0 <= abs(bench.drawn(kind, steps=10) - plain).mean() <= MEAN_LOSS
    changed = bench.drawn(StepCache.TAYLORSEER, steps=10) - plain
    assert changed.any()
    assert abs(bench.drawn(StepCache.TAYLORSEER, steps=10, step_cache=False) - plain).max() <= SAME


@pytest.mark.parametrize("bench", ["Flux"], indirect=True)
@pytest.mark.parametrize("kind", CACHES)
def test_each_picture_is_drawn_as_if_alone(bench: Bench, kind: StepCache) -> None:
    first, second = bench.drawn(kind), bench.drawn(kind, seed=8)
    driver = bench.driver()
    driver.admit(1, asked(kind, count=2))
    driver.admit(2, asked(kind, seed=8))
    driver.admit(3, asked(kind, seed=9))
    for _ in range(5):
        driver.loop.step()
    assert [event.job_id for event in driver.events if isinstance(event, Started)] == [1], "one job at a time"
    driver.loop.cancel(3)
    driver.run()
    assert numpy.array_equal(driver.pixels(1), first)
    assert numpy.array_equal(driver.pixels(1, 1), second)
    assert numpy.array_equal(driver.pixels(2), second)
    told = [event.step for event in driver.of(1) if isinstance(event, Progress)]
    assert told == sorted(told)
    assert all(event.steps == 12 for event in driver.of(1) if isinstance(event, Progress))
    assert f"1 row, {kind} cache" in driver.completed(1).circumstances


@pytest.mark.parametrize("bench", ["Flux"], indirect=True)
def test_a_start_picture_and_a_cancelled_job_leave_nothing_behind(bench: Bench) -> None:
    asked_for = asked(StepCache.FASTER, denoising_strength=0.5)
    before = bench.driver().drawn(asked_for, given.PICTURE)
    driver = bench.driver()
    driver.admit(1, asked(StepCache.FASTER))
    driver.loop.step()
    driver.loop.step()
    driver.loop.cancel(1)
    model = bench.cache.any(StepCache.FASTER, lambda share: None)
    assert not model.pipeline.transformer.is_cache_enabled
    assert numpy.array_equal(bench.driver().drawn(asked_for, given.PICTURE), before)


@pytest.mark.parametrize("bench", ["Flux"], indirect=True)
def test_jobs_of_other_models_have_their_turn(bench: Bench) -> None:
    now = 0.0
    driver = LoopDriver(bench.cache, clock=lambda: now)
    for job_id in (1, 2):
        driver.admit(job_id, asked(StepCache.TAYLORSEER))
    driver.admit(3, asked("plain"))
    driver.loop.step()
    now = 21.0
    driver.loop.step()
    driver.run()
    assert [event.job_id for event in driver.events if isinstance(event, Started)] == [1, 3, 2]
    assert all(driver.completed(job_id) for job_id in (1, 2, 3))


def test_a_family_without_the_cache_is_refused_when_it_is_loaded(tmp_path: Path) -> None:
    source = str(tiny.stable_diffusion_1(tmp_path))
    cache = ModelCache(
        Catalogue([ModelSpec("tiny", source, cache=StepCache.FASTER)]), torch.device("cpu"), torch.float32
    )
    with pytest.raises(ModelUnavailable, match=r"tiny can't use a step cache\. Remove the line\."):
        cache.any("tiny", lambda share: None)
