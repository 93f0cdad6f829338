"""A drawing from the inside: the recorded values are those of the drawing, and nobody pays for them but its owner."""

import json
from collections.abc import Generator, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from PIL import Image

from generation.catalogue import POCKET, Catalogue
from generation.engine.conditioning import guidance
from generation.engine.denoising.state import DenoisingState
from generation.engine.denoising.trace import TraceStep
from generation.engine.explain import Recorder
from generation.engine.latents import noise
from generation.engine.models.unet_model import UNetModel
from generation.engine.scheduling.background import SHARE, Background
from generation.engine.scheduling.model_cache import ModelCache
from generation.events import Cancelled, Completed, Explaining, Loading, Progress
from generation.explanation import MOMENTS, Explanation, spread
from generation.jobs import Draw, Inputs, Job
from generation.pictures import Preview
from generation.settings import GenerationSettings, Sampler
from tests.generation.engine import tiny
from tests.generation.engine.conftest import LoopDriver

Pixels = numpy.ndarray[Any, Any]

NO_INPUTS = Inputs()


@pytest.fixture(autouse=True)
def inference() -> Iterator[None]:
    with torch.inference_mode():
        yield


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> ModelCache:
    """One model that predicts noise, one that predicts velocity."""
    folder = tmp_path_factory.mktemp("tiny")
    models = [
        replace(POCKET, name="tiny", source=str(tiny.stable_diffusion_1(folder / "1"))),
        replace(POCKET, name="velocity", source=str(tiny.stable_diffusion_2(folder / "2"))),
    ]
    return ModelCache(Catalogue(models), torch.device("cpu"), torch.float32, room=2)


@pytest.fixture
def model(cache: ModelCache) -> UNetModel:
    return cache.take("tiny", on_load=lambda share: None)


@pytest.fixture
def driver(cache: ModelCache) -> LoopDriver:
    return LoopDriver(cache)


@pytest.fixture
def fox() -> GenerationSettings:
    return GenerationSettings(
        prompt="a fox", seed=7, model="tiny", width=64, height=96, steps=6, guidance_scale=5.0, negative_prompt="hands"
    )


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[TraceStep]:
    """All glimpses that recorders keep."""
    glimpses: list[TraceStep] = []
    whole = Recorder._keep

    def keep(self: Recorder, glimpse: TraceStep) -> None:
        glimpses.append(glimpse)
        whole(self, glimpse)

    monkeypatch.setattr(Recorder, "_keep", keep)
    return glimpses


def admit(
    driver: LoopDriver,
    job_id: int,
    settings: GenerationSettings,
    inputs: Inputs = NO_INPUTS,
    *,
    explained: bool = True,
) -> None:
    driver.loop.admit(Job(job_id, f"owner {job_id}", Draw(settings, inputs, explained=explained)))


def explained(
    driver: LoopDriver, settings: GenerationSettings, job_id: int = 1, inputs: Inputs = NO_INPUTS
) -> Explanation:
    admit(driver, job_id, settings, inputs)
    driver.run()
    explanation = driver.completed(job_id).explanation
    assert explanation is not None
    return explanation


def a_picture(width: int, height: int) -> bytes:
    data = BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(data, "PNG")
    return data.getvalue()


def pixels(picture: Preview | bytes) -> Pixels:
    if isinstance(picture, bytes):
        return numpy.asarray(Image.open(BytesIO(picture)), dtype=int)
    return numpy.frombuffer(picture.rgb, numpy.uint8).reshape(picture.height, picture.width, 3).astype(int)


@pytest.mark.parametrize("scale", [5.0, 1.0])
@pytest.mark.parametrize("sampler", [Sampler.DPMPP_2M_KARRAS, Sampler.EULER_ANCESTRAL, Sampler.HEUN, Sampler.PLMS])
def test_an_explained_picture_is_the_same_to_the_byte(
    driver: LoopDriver, fox: GenerationSettings, sampler: Sampler, scale: float
) -> None:
    settings = replace(fox, sampler=sampler, guidance_scale=scale)
    explanation = explained(driver, settings)
    admit(driver, 2, settings, explained=False)
    driver.run()
    [picture], [plain] = driver.completed(1).pictures, driver.completed(2).pictures
    assert picture == plain
    assert driver.completed(2).explanation is None
    last = explanation.moments[-1]
    assert (pixels(last.picture) == pixels(plain.png)).all()
    assert last.expected == last.picture
    assert (last.step, last.noise) == (settings.steps, 0)


@pytest.mark.parametrize("name", ["tiny", "velocity"])
def test_the_merged_prediction_is_without_plus_scale_times_what_the_prompt_adds(
    driver: LoopDriver, fox: GenerationSettings, kept: list[TraceStep], name: str
) -> None:
    explained(driver, replace(fox, model=name, guidance_scale=7.5))
    assert len(kept) == fox.steps
    for glimpse in kept:
        assert glimpse.without is not None
        expected = glimpse.without + 7.5 * (glimpse.with_prompt - glimpse.without)
        assert torch.equal(glimpse.merged, expected)
        clean = [glimpse.clean(each) for each in (glimpse.without, glimpse.with_prompt, glimpse.merged)]
        assert torch.allclose(clean[2], clean[0] + 7.5 * (clean[1] - clean[0]), rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("sampler", [Sampler.DPMPP_2M_KARRAS, Sampler.EULER])
def test_the_first_moment_is_the_noise_of_the_seed(
    driver: LoopDriver, fox: GenerationSettings, model: UNetModel, kept: list[TraceStep], sampler: Sampler
) -> None:
    explanation = explained(driver, replace(fox, sampler=sampler))
    start = noise.starting_noise(fox, 4, noise.source(7))
    assert torch.allclose(kept[0].latents, start, atol=0.02)
    first = explanation.moments[0]
    assert first.step == 0
    assert first.noise > 0.95
    assert first.picture == model.frame(kept[0].latents)
    assert explanation.noise == model.preview(kept[0].latents)
    assert (explanation.noise.width, explanation.noise.height) == (8, 12)
    assert abs(pixels(model.preview(start)) - pixels(explanation.noise)).max() <= 6


def test_its_pictures_are_what_the_predictions_point_at(
    driver: LoopDriver, fox: GenerationSettings, model: UNetModel, kept: list[TraceStep]
) -> None:
    explanation = explained(driver, fox)
    by_step = {glimpse.step: glimpse for glimpse in kept}
    for moment in explanation.moments[:-1]:
        assert moment.expected == model.frame(by_step[moment.step].clean(by_step[moment.step].merged))
    assert len(explanation.forks) == 3
    for fork in explanation.forks:
        glimpse = by_step[fork.step]
        assert glimpse.without is not None
        assert fork.without == model.frame(glimpse.clean(glimpse.without))
        assert fork.with_prompt == model.frame(glimpse.clean(glimpse.with_prompt))
        assert fork.merged == model.frame(glimpse.clean(glimpse.merged))


def test_steps_that_are_not_guided_follow_the_prompt_alone(driver: LoopDriver, fox: GenerationSettings) -> None:
    explanation = explained(driver, replace(fox, guidance_start=0.5))
    assert [fork.guided for fork in explanation.forks] == [False, False, True]
    for fork in explanation.forks:
        assert (fork.merged == fork.with_prompt) is not fork.guided


def test_what_rescale_makes_of_it_is_what_is_shown_as_merged(
    driver: LoopDriver, fox: GenerationSettings, kept: list[TraceStep]
) -> None:
    explained(driver, replace(fox, guidance_rescale=0.7))
    for glimpse in kept:
        assert glimpse.without is not None
        assert torch.equal(glimpse.merged, guidance.merge(glimpse.without, glimpse.with_prompt, 5.0, 0.7))


def test_a_drawing_that_starts_from_a_picture_begins_with_that_under_noise(
    driver: LoopDriver, fox: GenerationSettings, kept: list[TraceStep]
) -> None:
    inputs = Inputs(image=a_picture(64, 96))
    partly = replace(fox, steps=8, denoising_strength=0.5)
    explanation = explained(driver, partly, inputs=inputs)
    admit(driver, 2, partly, inputs, explained=False)
    driver.run()
    assert explanation.from_picture
    assert explanation.steps == 4
    levels = [moment.noise for moment in explanation.moments]
    assert levels == sorted(levels, reverse=True)
    assert 0.1 < levels[0] < 0.9
    [plain] = driver.completed(2).pictures
    assert (pixels(explanation.moments[-1].picture) == pixels(plain.png)).all()
    own = pixels(inputs.image)
    assert abs(pixels(explanation.moments[0].expected) - own).mean() < abs(own[::-1] - own).mean()
    assert not explained(driver, fox, job_id=3).from_picture


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_pure_noise_is_told_as_such_however_a_schedule_spaces_its_steps(
    tmp_path: Path, fox: GenerationSettings, steps: int
) -> None:
    source = tiny.stable_diffusion_1(tmp_path)
    config = source / "scheduler/scheduler_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"timestep_spacing": "leading"}))
    cache = ModelCache(
        Catalogue([replace(POCKET, name="tiny", source=str(source))]), torch.device("cpu"), torch.float32
    )
    explanation = explained(LoopDriver(cache), replace(fox, sampler=Sampler.DDIM, steps=steps))
    assert explanation.moments[0].noise == 1
    assert [moment.noise for moment in explanation.moments][-1] == 0


def test_of_a_picture_that_is_refined_the_drawing_is_shown_and_the_refined_one_in_the_end(
    driver: LoopDriver, fox: GenerationSettings
) -> None:
    explanation = explained(driver, replace(fox, hires_factor=2.0))
    [picture] = driver.completed(1).pictures
    assert {(each.picture.width, each.picture.height) for each in explanation.moments[:-1]} == {(64, 96)}
    assert (pixels(explanation.moments[-1].picture) == pixels(picture.png)).all()
    assert (picture.width, picture.height) == (128, 192)


def test_where_memory_is_short_its_pictures_are_decoded_in_tiles(
    driver: LoopDriver, fox: GenerationSettings, model: UNetModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = explained(driver, fox)

    def too_large(latents: torch.Tensor) -> Preview:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(UNetModel, "frame", lambda _, latents: too_large(latents))
    assert explained(driver, fox, job_id=2) == expected


def test_at_guidance_1_merged_is_the_prompts_and_without_is_made_for_the_figure_alone(
    driver: LoopDriver, fox: GenerationSettings, model: UNetModel, kept: list[TraceStep]
) -> None:
    rows: list[int] = []
    counting = model.unet.register_forward_pre_hook(lambda _, inputs: rows.append(len(inputs[0])))
    explanation = explained(driver, replace(fox, guidance_scale=1.0))
    counting.remove()
    assert rows == [1] * (fox.steps + 3)
    assert all(glimpse.without is None for glimpse in kept)
    for fork in explanation.forks:
        assert not fork.guided
        assert fork.merged == fork.with_prompt
        assert fork.without != fork.with_prompt
    first = explained(driver, replace(fox, steps=1, guidance_scale=1.0), job_id=2).forks[0]
    also_first = explained(driver, replace(fox, steps=1), job_id=3).forks[0]
    assert abs(pixels(first.without) - pixels(also_first.without)).max() <= 1


@pytest.mark.parametrize(
    ("sampler", "steps"),
    [*((sampler, 7) for sampler in Sampler), (Sampler.PLMS, 1), (Sampler.HEUN, 1), (Sampler.EULER, 40)],
)
def test_moments_go_from_the_noise_to_the_picture(
    driver: LoopDriver, fox: GenerationSettings, sampler: Sampler, steps: int
) -> None:
    explanation = explained(driver, replace(fox, sampler=sampler, steps=steps, width=64, height=64))
    taken = [moment.step for moment in explanation.moments]
    assert len(taken) == min(steps, MOMENTS - 1) + 1
    assert (taken[0], taken[-1]) == (0, steps)
    assert taken == sorted(set(taken))
    shares = [moment.noise for moment in explanation.moments]
    assert shares == sorted(shares, reverse=True)


def test_moments_are_spread_evenly() -> None:
    assert spread(4, 15) == [0, 1, 2, 3]
    assert spread(25, 15) == [0, 1, 3, 5, 6, 8, 10, 11, 13, 15, 16, 18, 20, 21, 23]


def test_strangers_are_not_watched_and_their_pictures_do_not_change(
    driver: LoopDriver, fox: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched: list[int] = []
    whole = DenoisingState._trace_step

    def watch(self: DenoisingState, *rest: Any) -> TraceStep:
        watched.append(self.settings.seed)
        return whole(self, *rest)

    monkeypatch.setattr(DenoisingState, "_trace_step", watch)
    stranger = replace(fox, seed=8, steps=9)
    admit(driver, 0, stranger, explained=False)
    admit(driver, 1, fox, explained=False)
    driver.run()
    assert watched == []
    admit(driver, 2, stranger, explained=False)
    admit(driver, 3, fox)
    driver.run()
    assert set(watched) == {7}
    assert driver.completed(0).pictures == driver.completed(2).pictures
    assert driver.completed(1).pictures == driver.completed(3).pictures


def test_while_a_stranger_draws_an_explanation_has_a_small_part_of_the_time(
    cache: ModelCache, model: UNetModel, fox: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forward takes a second by this clock, a decoded look three."""
    now, looks = [0.0], [0.0]

    def tick(*_: object) -> None:
        now[0] += 1

    whole = UNetModel.frame

    def slow(self: UNetModel, latents: torch.Tensor) -> Preview:
        now[0] += 3
        looks[0] += 3
        return whole(self, latents)

    monkeypatch.setattr(UNetModel, "frame", slow)
    counting = model.unet.register_forward_pre_hook(tick)
    driver = LoopDriver(cache, clock=lambda: now[0])
    admit(driver, 1, replace(fox, steps=2))
    admit(driver, 2, replace(fox, steps=150), explained=False)
    while not any(isinstance(event, Completed) for event in driver.events):
        driver.loop.step()
    counting.remove()
    assert driver.events[-1].job_id == 2
    assert 0 < looks[0] <= SHARE * 150 + 3
    driver.run()
    assert driver.completed(1).explanation is not None


def test_with_nobody_else_there_an_explanation_has_all_the_time() -> None:
    now = [0.0]
    background = Background(lambda: now[0])

    def slices() -> Generator[None, None, None]:
        yield

    background.put(slices(), 1)
    taken = background.take(others=False)
    assert taken is not None
    now[0] += 10
    background.spend(10)
    background.back(*taken)
    beside = background.take(others=True)
    assert beside is not None, "what it took alone is not held against it"
    now[0] += 1
    background.spend(1)
    background.back(*beside)
    now[0] += 1 / SHARE - 2
    assert background.take(others=True) is None
    now[0] += 2
    assert background.take(others=True) is not None


def test_an_explanation_has_a_stage_of_its_own_after_the_last_step(driver: LoopDriver, fox: GenerationSettings) -> None:
    explained(driver, fox)
    parts = [event for event in driver.events if isinstance(event, Explaining)]
    of = parts[0].parts
    assert [each.part for each in parts] == [0, *range(of)]
    assert all(each.previews for each in parts[1:])
    steps = [event.step for event in driver.events if isinstance(event, Progress)]
    assert steps == list(range(1, fox.steps)), "no step is reported twice"


def test_an_explanation_can_be_cancelled(driver: LoopDriver, fox: GenerationSettings) -> None:
    admit(driver, 1, fox)
    while not any(isinstance(event, Explaining) and event.part for event in driver.events):
        driver.loop.step()
    driver.loop.cancel(1)
    driver.run()
    assert isinstance(driver.events[-1], Cancelled)
    assert driver.loop.idle


def test_of_several_pictures_the_first_is_explained(driver: LoopDriver, fox: GenerationSettings) -> None:
    explanation = explained(driver, replace(fox, count=3))
    pictures = driver.completed(1).pictures
    assert len(pictures) == 3
    assert (pixels(explanation.moments[-1].picture) == pixels(pictures[0].png)).all()


def test_a_picture_drawn_once_more_in_float32_is_explained_as_it_was_drawn_then(
    cache: ModelCache, fox: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    coarse = ModelCache(
        Catalogue([cache.take("tiny", on_load=lambda share: None).spec]), torch.device("cpu"), torch.bfloat16
    )
    unet = coarse.take("tiny", on_load=lambda share: None).unet
    monkeypatch.setattr(unet, "forward", lambda latents, *_, **__: [torch.full_like(latents, float("nan"))])
    driver = LoopDriver(coarse)
    explanation = explained(driver, fox)
    assert any(isinstance(event, Loading) for event in driver.events)
    precise = explained(LoopDriver(cache), fox)
    for ours, theirs in zip(explanation.moments, precise.moments, strict=True):
        assert ours.step == theirs.step
        assert abs(pixels(ours.picture) - pixels(theirs.picture)).max() <= 1
