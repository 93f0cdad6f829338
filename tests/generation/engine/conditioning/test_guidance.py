"""UNets that are told the guidance scale: one row a picture, the stock pipelines' pixels, alone and in company."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers import (
    AutoPipelineForImage2Image,
    AutoPipelineForInpainting,
    AutoPipelineForText2Image,
    ControlNetModel,
    LatentConsistencyModelPipeline,
    StableDiffusionControlNetPipeline,
    StableDiffusionPipeline,
)

from generation import images
from generation.catalogue import Catalogue, ModelSpec
from generation.engine.benchmarking import contest
from generation.engine.conditioning import guidance
from generation.engine.conditioning.text_encoders import Conditioning
from generation.engine.denoising.state import DenoisingState, predict
from generation.engine.scheduling.model_cache import ModelCache
from generation.jobs import Draw, Inputs, Job
from generation.settings import GenerationSettings, Sampler
from generation.sources import Family
from tests.generation.engine import tiny, tiny_guides
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.given import MASKED, PICTURE, WELL_INSIDE, mask, picture
from tests.generation.engine.stock import Stock, drawn_as_it_comes, drawn_by_stock

SIZE: dict[str, Any] = {"width": 64, "height": 64}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    made = tmp_path_factory.mktemp("models")
    return {
        "one": str(tiny.latent_consistency(made / "one")),
        "xl": str(tiny.latent_consistency_xl(made / "xl")),
        "by its own name": str(tiny.latent_consistency(made / "own", LatentConsistencyModelPipeline)),
    }


@pytest.fixture(scope="module")
def cache(folders: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> ModelCache:
    specs = [ModelSpec(name, source, width=64, height=64) for name, source in folders.items()]
    control = tmp_path_factory.mktemp("control")
    like = StableDiffusionPipeline.from_pretrained(tiny.stable_diffusion_1(control / "like"))
    controlled = ModelSpec("controlled", folders["one"], controlnet=str(tiny_guides.controlnet(control, like)))
    return ModelCache(Catalogue([*specs, controlled]), torch.device("cpu"), torch.float32, room=4)


@pytest.fixture(scope="module")
def stock(folders: dict[str, str]) -> Stock:
    return Stock(folders)


@pytest.fixture
def fox() -> GenerationSettings:
    return GenerationSettings(
        "a fox", seed=3, model="one", width=64, height=64, steps=4, guidance_scale=8.5, sampler=Sampler.LCM
    )


def forwards(driver: LoopDriver, cache: ModelCache, model: str) -> list[int]:
    """The rows of each forward while the driver runs."""
    rows: list[int] = []
    unet = cache.take(model, lambda share: None).unet
    counting = unet.register_forward_pre_hook(lambda _, inputs: rows.append(len(inputs[0])))
    driver.run()
    counting.remove()
    return rows


@pytest.mark.parametrize("width", [16, 17, 256])
@pytest.mark.parametrize("scale", [1.0, 1.5, 8.5])
def test_the_embedding_of_a_scale_is_that_of_diffusers(width: int, scale: float) -> None:
    stock = StableDiffusionPipeline.get_guidance_scale_embedding(None, torch.tensor([scale - 1]), width)
    assert torch.equal(guidance.embedded(scale, width), stock)


@pytest.mark.parametrize(("model", "clip_skip"), [("one", 1), ("xl", 2)])
@pytest.mark.parametrize("sampler", [Sampler.LCM, Sampler.DDIM])
def test_any_scale_alone_and_in_company_is_the_stock_pipeline_s_and_takes_one_row(
    cache: ModelCache, stock: Stock, fox: GenerationSettings, model: str, clip_skip: int, sampler: Sampler
) -> None:
    fox = replace(fox, model=model, clip_skip=clip_skip, sampler=sampler)
    several = [replace(fox, seed=seed, guidance_scale=scale) for seed, scale in enumerate([1.0, 4.0, 8.5, 12.0])]
    wanted = [stock.drawn(AutoPipelineForText2Image, asked, **SIZE) for asked in several]
    assert all(each.std() > 5 for each in wanted), "pictures that say something"
    again = stock.drawn(AutoPipelineForText2Image, replace(several[1], guidance_scale=8.5), **SIZE)
    assert abs(again - wanted[1]).max() > 5, "the scale shows"
    crowd = LoopDriver(cache)
    for job_id, asked in enumerate(several):
        crowd.admit(job_id, asked)
    assert forwards(crowd, cache, model) == [4] * fox.steps
    for job_id, asked in enumerate(several):
        assert abs(LoopDriver(cache).drawn(asked) - wanted[job_id]).max() <= 1
        assert abs(crowd.pixels(job_id) - wanted[job_id]).max() <= 1
    alone = LoopDriver(cache)
    alone.admit(1, several[2])
    assert forwards(alone, cache, model) == [1] * fox.steps


@pytest.mark.parametrize(("model", "clip_skip"), [("one", 1), ("xl", 2)])
def test_so_are_pictures_that_begin_with_pictures(
    cache: ModelCache, stock: Stock, fox: GenerationSettings, model: str, clip_skip: int
) -> None:
    asked = replace(fox, model=model, clip_skip=clip_skip, sampler=Sampler.DDIM, steps=6, denoising_strength=0.7)
    given: dict[str, Any] = {"image": picture(), "strength": 0.7}
    wanted = stock.drawn(AutoPipelineForImage2Image, asked, **given)
    assert abs(LoopDriver(cache).drawn(asked, PICTURE) - wanted).max() <= 1
    wanted = stock.drawn(AutoPipelineForInpainting, asked, mask_image=mask(), **given, **SIZE)
    assert abs(LoopDriver(cache).drawn(asked, MASKED) - wanted)[WELL_INSIDE].max() <= 1


def test_a_folder_that_names_the_pipeline_of_latent_consistency_models_is_one_of_the_batch(
    cache: ModelCache, folders: dict[str, str], fox: GenerationSettings
) -> None:
    asked = replace(fox, model="by its own name", sampler=Sampler.OWN)
    assert ModelSpec("lcm", folders[asked.model]).family is Family.STABLE_DIFFUSION
    pipeline = LatentConsistencyModelPipeline.from_pretrained(folders[asked.model])
    assert abs(LoopDriver(cache).drawn(asked) - drawn_as_it_comes(pipeline, asked)).max() <= 1


def test_a_controlnet_beside_it_is_not_told(
    cache: ModelCache, folders: dict[str, str], fox: GenerationSettings
) -> None:
    asked, lines = replace(fox, model="controlled", control_scale=0.8), picture()
    network = ControlNetModel.from_pretrained(cache.take("controlled", lambda share: None).spec.controlnet)
    pipeline = StableDiffusionControlNetPipeline.from_pretrained(folders["one"], controlnet=network)
    wanted = drawn_by_stock(pipeline, asked, image=lines, controlnet_conditioning_scale=0.8)
    ours = LoopDriver(cache).drawn(asked, Inputs(control=images.as_png(lines)))
    assert abs(ours - wanted).max() <= 1
    assert abs(ours - LoopDriver(cache).drawn(replace(asked, model="one"))).max() > 5


def test_where_a_step_is_not_guided_it_is_told_1(cache: ModelCache, fox: GenerationSettings) -> None:
    told: list[torch.Tensor | None] = []
    with torch.inference_mode():
        state = DenoisingState(cache.take("one", lambda share: None), replace(fox, guidance_start=0.5))
        while not state.finished:
            told += [prompt.timestep_cond for prompt in state.prompts if isinstance(prompt, Conditioning)]
            [predictions] = predict([state], rows=1)
            state.advance(predictions)
    wanted = [guidance.embedded(scale, 16) for scale in (1.0, 1.0, 8.5, 8.5)]
    assert torch.equal(torch.cat([each for each in told if each is not None]), torch.cat(wanted))


def test_an_explanation_shows_the_prompt_s_own_prediction_beside_the_guided_one(
    cache: ModelCache, fox: GenerationSettings
) -> None:
    driver = LoopDriver(cache)
    driver.loop.admit(Job(1, "one", Draw(fox, explained=True)))
    driver.loop.admit(Job(2, "one", Draw(replace(fox, guidance_scale=1.0), explained=True)))
    driver.run()
    guided, by_itself = (driver.completed(job_id).explanation for job_id in (1, 2))
    assert guided is not None
    assert by_itself is not None
    assert all(fork.guided and fork.merged != fork.with_prompt != fork.without for fork in guided.forks)
    assert not any(fork.guided for fork in by_itself.forks)
    assert guided.forks[0].with_prompt == by_itself.forks[0].with_prompt == by_itself.forks[0].merged
    assert guided.forks[0].without == by_itself.forks[0].without


def test_its_rows_count_once_where_they_are_counted(cache: ModelCache, fox: GenerationSettings) -> None:
    model = cache.take("one", lambda share: None)
    with torch.inference_mode():
        assert len(DenoisingState(model, fox).prompts) == 1
    assert contest.useful(contest.Run(forwards=[2, 2, 2, 2]), [fox], model) == 4 / 8
