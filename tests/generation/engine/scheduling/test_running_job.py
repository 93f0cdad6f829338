"""Before its first step a job encodes its texts and pictures, once and at its own cost."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from generation import images
from generation.catalogue import Catalogue, ModelSpec
from generation.engine.models.unet_model import UNetModel
from generation.engine.scheduling.model_cache import ModelCache
from generation.events import Progress
from generation.jobs import Inputs
from generation.settings import GenerationSettings
from tests.generation.engine import tiny, tiny_guides
from tests.generation.engine.conftest import LoopDriver

CPU = torch.device("cpu")
LIGHT, DARK = (images.as_png(Image.new("RGB", (64, 64), colour)) for colour in ("#c0e0a0", "#203040"))
MASK = images.as_png(Image.linear_gradient("L").resize((64, 64)))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> ModelCache:
    """A model that hears pictures, and one that inpaints."""
    folder = tmp_path_factory.mktemp("models")
    source = tiny.stable_diffusion_1(folder / "model")
    pipeline = StableDiffusionPipeline.from_pretrained(source, local_files_only=True)
    adapter = tiny_guides.ip_adapter(folder / "adapter", pipeline)
    hearing = ModelSpec("hearing", str(source), width=64, height=64, ip_adapter=str(adapter))
    inpainting = ModelSpec("inpainting", str(tiny.inpainting(folder / "inpainting")), width=64, height=64)
    return ModelCache(Catalogue([hearing, inpainting]), CPU, torch.float32, room=2)


@pytest.fixture
def fox() -> GenerationSettings:
    return GenerationSettings("a fox", seed=3, model="hearing", width=64, height=64, steps=4, denoising_strength=0.5)


def watched(monkeypatch: pytest.MonkeyPatch, network: Any, seen: Callable[[], None]) -> None:
    """Tell of each forward of a network."""
    whole = network.forward

    def forward(*given: Any, **named: Any) -> Any:
        seen()
        return whole(*given, **named)

    monkeypatch.setattr(network, "forward", forward)


@pytest.mark.parametrize(
    ("model", "inputs", "encoded"),
    [
        ("hearing", Inputs(LIGHT), 1),
        ("hearing", Inputs(LIGHT, second=DARK), 2),
        ("hearing", Inputs(LIGHT, MASK), 1),
        ("inpainting", Inputs(LIGHT, MASK), 2),
    ],
    ids=["a picture", "two pictures", "a picture with a mask", "inpainting"],
)
def test_a_picture_to_start_from_is_encoded_once_for_all_that_a_job_draws(
    cache: ModelCache,
    fox: GenerationSettings,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    inputs: Inputs,
    encoded: int,
) -> None:
    driver, asked, times = LoopDriver(cache), replace(fox, model=model), list[int]()
    driver.admit(1, replace(asked, seed=5), inputs)
    driver.run()
    watched(monkeypatch, cache.take(model, lambda share: None).vae.encoder, lambda: times.append(1))
    driver.admit(2, replace(asked, count=3), inputs)
    assert len(times) == encoded
    driver.run()
    assert abs(driver.pixels(2, 2) - driver.pixels(1, 0)).max() <= 1, "chance is each picture's own"
    assert abs(driver.pixels(2, 1) - driver.pixels(1, 0)).max() > 1


def test_words_and_pictures_beside_them_are_read_once_for_all_that_a_job_draws(
    cache: ModelCache, fox: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, read = hearing(cache), list[str]()
    watched(monkeypatch, model.prompts.readers[0].text_encoder, lambda: read.append("text"))
    watched(monkeypatch, model.pipeline.image_encoder, lambda: read.append("picture"))
    driver = LoopDriver(cache)
    driver.admit(
        1, replace(fox, prompt="an owl", negative_prompt="fog", count=4), Inputs(image_prompt=LIGHT, second=DARK)
    )
    assert sorted(read) == ["picture", "text", "text"]
    driver.run()
    assert len(driver.completed(1).pictures) == 4


def test_a_job_is_charged_for_its_beginning_and_not_for_the_loading_of_its_model(
    cache: ModelCache, fox: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, model, taken = [0.0], hearing(cache), ModelCache.any

    def passes(seconds: float) -> Callable[[], None]:
        def pass_() -> None:
            now[0] += seconds

        return pass_

    def slowly_taken(self: ModelCache, *given: Any) -> Any:
        now[0] += 100
        return taken(self, *given)

    monkeypatch.setattr(ModelCache, "any", slowly_taken)
    watched(monkeypatch, model.vae.encoder, passes(5))
    watched(monkeypatch, model.unet, passes(1))
    driver = LoopDriver(cache, clock=lambda: now[0])
    driver.admit(1, replace(fox, steps=20, width=128))
    driver.admit(2, replace(fox, steps=20), Inputs(LIGHT))
    while len(driver.events) < 11:
        driver.loop.step()
    order = [event.job_id for event in driver.events if isinstance(event, Progress)]
    assert order[:5] == [1] * 5, "what job 2 has had already"
    assert 2 in order[5:7]


def hearing(cache: ModelCache) -> UNetModel:
    return cache.take("hearing", lambda share: None)
