"""Models with the noise levels of EDM: their own sampler by default, and a sentence for what cannot follow them."""

from pathlib import Path

import pytest

from generation.catalogue import ModelSpec
from generation.settings import Sampler
from tests.journeys.conftest import Member, Start, finished, text_of
from tests.journeys.test_compare import suggested
from tests.journeys.test_result import more, settings_in

USED = "Use one of: Model's own, Euler, DPM++ 2M, DPM++ 2M Karras, DPM++ 2M SDE Karras."


@pytest.fixture
def edm_model(tmp_path: Path) -> ModelSpec:
    folder = tmp_path / "playground"
    (folder / "scheduler").mkdir(parents=True)
    (folder / "model_index.json").write_text('{"_class_name": "StableDiffusionXLPipeline"}')
    (folder / "scheduler" / "scheduler_config.json").write_text('{"_class_name": "EDMDPMSolverMultistepScheduler"}')
    return ModelSpec("playground", str(folder), width=64, height=64, steps=2)


async def test_its_own_sampler_is_the_default_and_others_are_refused(
    start: Start, member: Member, edm_model: ModelSpec
) -> None:
    async with start(models=(edm_model,)):
        done = await member.imagine("a fox")
        assert finished(done)
        assert (await settings_in(member, done)).sampler is Sampler.OWN
        refused = (await member.slash("imagine", {"prompt": "a fox", "sampler": "Heun"})).message or {}
        assert f"playground can't use the sampler Heun. {USED}" in text_of(refused)
        scheduled = {"prompt": "a fox --schedule beta", "sampler": "Euler"}
        refused = (await member.slash("imagine", scheduled)).message or {}
        assert "can't use the Beta schedule. Use one of: Automatic, Karras, Exponential." in text_of(refused)
        euler = await member.imagine("a fox", sampler="Euler")
        assert (await settings_in(member, euler)).sampler is Sampler.EULER


async def test_what_tries_samplers_tries_those_that_work(start: Start, member: Member, edm_model: ModelSpec) -> None:
    async with start(models=(edm_model,)):
        assert await suggested(member, "values", {"prompt": "a fox", "parameter": "sampler"}) == [
            "Euler, DPM++ 2M Karras"
        ]
        tried = await more(member, await member.imagine("a fox", seed=7), "try-samplers")
        assert (await settings_in(member, tried)).sampler is Sampler.DPMPP_2M_KARRAS
