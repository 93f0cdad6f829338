"""Flow-matching models in the chat: the real worker draws with tiny ones, and members do all that they do elsewhere."""

from collections.abc import AsyncIterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from diffusers import FluxKontextPipeline
from PIL import Image, ImageDraw

from bot.config import Config, WorkerConfig
from generation.catalogue import ModelSpec
from generation.local_pool import LocalPool
from generation.settings import Sampler
from generation.step_cache import StepCache
from playground.client.person import File
from tests.generation.engine import tiny
from tests.journeys.conftest import Member, Start, finished, text_of, urls_of
from tests.journeys.test_compare import cells_of, compare, drawn_in, is_sheet
from tests.journeys.test_explain import explained
from tests.journeys.test_result import settings_in


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[ModelSpec, ...]:
    """FLUX.1 dev and Kontext, with random weights."""
    made, dev = tmp_path_factory.mktemp("flow"), tiny.flux_pipeline()
    dev.save_pretrained(made / "dev")
    FluxKontextPipeline(**dev.components).save_pretrained(made / "kontext")
    named = [
        ModelSpec(name, str(made / name), width=64, height=64, steps=3, guidance_scale=3.5, harmless=True)
        for name in ("dev", "kontext")
    ]
    return (*named, replace(named[0], name="cached", cache=StepCache.TAYLORSEER))


@pytest.fixture
async def pool(models: tuple[ModelSpec, ...], worker_command: tuple[str, ...]) -> AsyncIterator[LocalPool]:
    config = Config(models=models, worker=WorkerConfig(dtype="float32"))
    async with LocalPool(config.worker_options, worker_command) as pool:
        yield pool


@pytest.fixture
def house() -> File:
    file, image = BytesIO(), Image.new("RGB", (64, 64), "#87b5e0")
    ImageDraw.Draw(image).rectangle((16, 28, 48, 60), fill="#b03020")
    image.save(file, "PNG")
    return File("house.png", file.getvalue(), "image/png")


async def test_a_sheet_with_and_without_the_step_cache(
    start: Start, member: Member, models: tuple[ModelSpec, ...], tmp_path: Path
) -> None:
    async with start(models=models):
        refused = await member.slash("compare", {"prompt": "a fox", "parameter": "cache", "model": "dev"})
        assert "dev has no step cache to turn off. Choose another model." in text_of(refused.message or {})
        done = await member.see(await compare(member, "cache", prompt="a fox", model="cached", steps=5), is_sheet)
        assert cells_of(done) == ["cache off", "cache on"]
        without, with_cache = map(Image.open, drawn_in(tmp_path))
        assert "Step cache: off" in without.info["parameters"]
        assert "Step cache" not in with_cache.info["parameters"]
        chosen = await member.select(done, "noisefox:cell:1:0", ["0"])
        assert chosen.message is not None
        assert not (await settings_in(member, await member.see_finished(chosen.message))).step_cache


async def test_pictures_form_and_are_changed(
    start: Start, member: Member, models: tuple[ModelSpec, ...], house: File
) -> None:
    async with start(models=models):
        done = await member.imagine("a cute fox girl")
        assert finished(done)
        settings = await settings_in(member, done)
        assert (settings.model, settings.sampler, settings.guidance_scale) == ("dev", Sampler.OWN, 3.5)
        again = await settings_in(member, await member.press(done, "Vary"))
        assert again.variation_strength > 0
        drawn = await member.imagine("a fox girl at home", image=house, strength=0.5, sampler="UniPC", steps=4)
        assert (await settings_in(member, drawn)).sampler is Sampler.UNIPC
        refused = await member.slash("imagine", {"prompt": "a fox", "clip_skip": 2})
        assert "dev doesn't support clip skip." in text_of(refused.message or {})


async def test_a_model_that_edits_looks_at_the_picture(
    start: Start, member: Member, models: tuple[ModelSpec, ...], house: File
) -> None:
    async with start(models=models):
        plain = await member.imagine("make it snow", model="kontext", seed=4)
        edited = await member.imagine("make it snow", model="kontext", seed=4, image=house)
        assert finished(edited)
        assert (await settings_in(member, edited)).denoising_strength == 1
        first, second = [await member.download(urls_of(each)[0]) for each in (plain, edited)]
        assert first != second


async def test_it_is_shown_from_the_inside(start: Start, member: Member, models: tuple[ModelSpec, ...]) -> None:
    async with start(models=models):
        outcome = await member.slash("explain", {"prompt": "a red apple"})
        assert outcome.message is not None
        done = await member.see(outcome.message, explained)
        *halves, _ = [await member.download(url) for url in urls_of(done)]
        assert [Image.open(BytesIO(half)).width for half in halves] == [960, 960]
