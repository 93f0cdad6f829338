"""Flow-matching models in the shared batch: all that a member sees of any other model."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from itertools import count
from typing import Any

import numpy
import pytest
import torch
from PIL import Image

from generation.catalogue import Catalogue
from generation.engine.families.family import packed
from generation.engine.latents import noise
from generation.engine.models.flow_model import FlowModel
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import FailureKind
from generation.events import Cancelled, Completed, Explaining, Failed, Loading, Progress, Started
from generation.jobs import Draw, Inputs, Job, Manner, Upscale
from generation.pipelines import Guidance
from generation.settings import GenerationSettings, Sampler
from tests.generation.engine import given, tiny
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.families import tiny_qwen_image, tiny_z_image
from tests.generation.engine.families.flow import FOX, OTHERS, SAME, Flow

FAMILIES: dict[str, Callable[[], Any]] = {
    "Flux": tiny.flux_pipeline,
    "Qwen-Image": tiny_qwen_image.pipeline,
    "Z-Image": tiny_z_image.pipeline,
}


@pytest.fixture(scope="module", params=FAMILIES)
def flow(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Flow:
    return Flow(tmp_path_factory.mktemp("flow"), FAMILIES[request.param](), lambda settings: {})


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    return Flow(tmp_path_factory.mktemp("flux"), tiny.flux_pipeline(), lambda settings: {"guidance_scale": 3.5})


def test_in_strict_mode_neighbours_do_not_change_a_bit(flow: Flow) -> None:
    def driver() -> LoopDriver:
        return LoopDriver(flow.cache, BatchSizing(8, strict=True))

    alone, together = driver(), driver()
    for job_id, other in enumerate(OTHERS, start=2):
        together.admit(job_id, other)
    together.loop.step()
    assert numpy.array_equal(alone.drawn(FOX), together.drawn(FOX))


def test_jobs_join_and_leave_with_progress_and_previews_at_every_step(flow: Flow) -> None:
    ticks = count()
    driver = LoopDriver(flow.cache, clock=lambda: float(next(ticks)))
    driver.admit(1, replace(FOX, count=2))
    driver.loop.step()
    driver.admit(2, replace(FOX, steps=2, seed=3))
    driver.run()
    kinds = [type(event) for event in driver.of(1) if not isinstance(event, Loading | Progress)]
    assert kinds == [Started, Completed]
    said = [event for event in driver.of(1) if isinstance(event, Progress)]
    assert {(each.step, len(each.previews)) for each in said} >= {(1, 2), (2, 2), (3, 2)}
    assert (said[0].previews[0].width, said[0].previews[0].height) == (8, 8)
    ended = [event.job_id for event in driver.events if isinstance(event, Completed)]
    assert ended == [2, 1], "the shorter one leaves first"
    assert [picture.seed for picture in driver.completed(1).pictures] == [FOX.seed, FOX.seed + 1]
    assert abs(driver.pixels(1, 1) - flow.drawn(replace(FOX, seed=FOX.seed + 1))).max() <= SAME


def test_a_cancelled_one_leaves_between_two_steps(flow: Flow) -> None:
    driver = LoopDriver(flow.cache)
    driver.admit(1, replace(FOX, steps=50))
    driver.admit(2, FOX)
    driver.loop.step()
    driver.loop.cancel(1)
    driver.run()
    assert isinstance(driver.of(1)[-1], Cancelled)
    assert abs(driver.pixels(2) - flow.drawn(FOX)).max() <= SAME


@pytest.mark.parametrize(
    "changes",
    [{"variation_strength": 0.3, "variation_seed": 5}, {"seed_width": 128, "seed_height": 64}],
    ids=["a variation", "the noise of another size"],
)
def test_noise_is_varied_and_linked_to_its_size(flux: Flow, changes: dict[str, Any]) -> None:
    settings = replace(FOX, **changes)
    latents = noise.starting_noise(settings, flux.model.latent_channels, noise.source(settings.seed))
    expected = flux.stock(FOX, latents=packed(latents))
    assert abs(flux.drawn(settings) - expected).max() <= SAME
    assert abs(flux.drawn(FOX) - expected).max() > SAME


def test_guidance_in_some_steps_and_a_sheet_of_samplers(flow: Flow) -> None:
    cells = tuple(replace(FOX, sampler=sampler) for sampler in (Sampler.EULER, Sampler.HEUN, Sampler.UNIPC))
    driver = LoopDriver(flow.cache)
    driver.loop.admit(Job(1, "me", Draw(FOX, cells=cells)))
    driver.admit(2, replace(FOX, guidance_end=0.5))
    driver.run()
    euler, *others = (driver.pixels(1, index) for index in range(3))
    assert abs(euler - flow.drawn(FOX)).max() <= SAME
    assert all(abs(euler - other).max() > SAME for other in others)
    assert abs(driver.pixels(2) - flow.drawn(FOX)).max() > SAME


def test_a_look_inside_ends_with_the_picture(flow: Flow) -> None:
    driver = LoopDriver(flow.cache)
    driver.loop.admit(Job(1, "me", Draw(FOX, explained=True)))
    driver.run()
    explanation = driver.completed(1).explanation
    assert explanation is not None
    shares = [moment.noise for moment in explanation.moments]
    assert shares == sorted(shares, reverse=True)
    assert (shares[0], shares[-1]) == (1.0, 0.0)
    assert explanation.told is (flow.model.family.guidance is Guidance.TOLD)
    assert any(isinstance(event, Explaining) for event in driver.of(1))
    last = explanation.moments[-1].picture
    assert numpy.array_equal(numpy.frombuffer(last.rgb, numpy.uint8).reshape(64, 64, 3), driver.pixels(1))


def test_a_size_that_it_does_not_draw_is_rounded_and_recorded(flow: Flow) -> None:
    driver = LoopDriver(flow.cache)
    driver.admit(1, replace(FOX, width=120, height=72))
    driver.run()
    [picture] = driver.completed(1).pictures
    assert (picture.width, picture.height) == (128, 64)
    text = Image.open(BytesIO(picture.png)).info["parameters"]
    assert "Size: 128x64" in text


def test_a_default_that_it_cannot_follow_is_left_out(flux: Flow) -> None:
    """As of a request that was planned before the model's files were here."""
    spec = replace(flux.spec, sampler=Sampler.DDIM, clip_skip=2)
    driver = LoopDriver(ModelCache(Catalogue([spec]), torch.device("cpu"), torch.float32))
    assert abs(driver.drawn(replace(FOX, sampler=Sampler.DDIM, clip_skip=2)) - flux.drawn(FOX)).max() <= SAME
    [picture] = driver.completed(1).pictures
    assert "Sampler: Model's own" in Image.open(BytesIO(picture.png)).info["parameters"]


def test_what_it_does_not_support_is_refused_before_a_step(flux: Flow) -> None:
    asked: list[GenerationSettings] = [
        replace(FOX, sampler=Sampler.DDIM),
        replace(FOX, clip_skip=2),
        replace(FOX, hires_factor=2.0),
        replace(FOX, guidance_rescale=0.5),
        replace(FOX, prompt="a fox BREAK a hat"),
    ]
    driver = LoopDriver(flux.cache)
    for job_id, settings in enumerate(asked):
        driver.admit(job_id, settings)
    picture = given.PICTURE.image
    driver.admit(len(asked), FOX, Inputs(control=picture))
    driver.admit(len(asked) + 1, FOX, Inputs(image_prompt=picture))
    driver.loop.admit(Job(len(asked) + 2, "me", Upscale(FOX, picture, manner=Manner.CREATIVE)))
    driver.run()
    endings = [driver.of(job_id)[-1] for job_id in range(len(asked) + 3)]
    kinds = [ending.kind for ending in endings if isinstance(ending, Failed)]
    assert kinds == [FailureKind.UNSUITABLE] * len(endings)
    assert not any(isinstance(event, Progress) for event in driver.events)


def test_half_precision_is_bfloat16(flux: Flow) -> None:
    half = ModelCache(Catalogue([flux.spec]), torch.device("cpu"), torch.float16).any("tiny", lambda share: None)
    assert isinstance(half, FlowModel)
    assert half.dtype == half.family.transformer.dtype == torch.bfloat16


def test_an_embedding_is_computed_once_for_all_who_ask_for_it(flux: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    words: list[torch.Tensor] = []
    encoder = flux.model.pipeline.text_encoder_2
    hook = encoder.register_forward_pre_hook(lambda _, given: words.append(given[0]))
    try:
        for seed in range(3):
            flux.drawn(replace(FOX, prompt="a prompt that comes again", seed=seed, steps=1))
    finally:
        hook.remove()
    assert len(words) <= 1 + 1, "the prompt, and the empty one"
