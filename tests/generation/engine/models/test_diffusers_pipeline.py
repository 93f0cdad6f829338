"""Models of other families, by their own pipelines, behind the same interface."""

import inspect
import threading
import warnings
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pytest
import torch
from diffusers import DiffusionPipeline, FluxPipeline, HeunDiscreteScheduler, QwenImage21Pipeline, QwenImagePipeline
from PIL import Image

from generation import images, infotext, suitability
from generation.catalogue import Catalogue, ModelSpec
from generation.engine.models.diffusers_pipeline import PipelineModel, assembled
from generation.engine.runtime.stepwise import in_turns
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import FailureKind, ModelUnavailable, Unsuitable
from generation.events import Cancelled, Completed, Failed, Loading, Progress, Started
from generation.jobs import Draw, Inputs, Job, Manner, Upscale
from generation.settings import GenerationSettings, PartialSettings, Sampler
from generation.sources import Family
from tests.generation.engine import tiny, tiny_pipelines
from tests.generation.engine.conftest import NO_INPUTS, LoopDriver
from tests.generation.engine.stock import drawn_as_it_comes

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> ModelCache:
    made = tmp_path_factory.mktemp("models")
    makers = {"aura": tiny_pipelines.aura, "ovis": tiny_pipelines.ovis}
    sources = {name: str(tiny_pipelines.saved(make, made / name)) for name, make in makers.items()}
    specs = [ModelSpec(name, source, width=64, height=64) for name, source in sources.items()]
    return ModelCache(Catalogue(specs), CPU, torch.float32, room=2)


@pytest.fixture
def fox() -> GenerationSettings:
    return GenerationSettings(
        "a fox", seed=3, model="aura", width=64, height=64, steps=4, guidance_scale=3.5, sampler=Sampler.OWN
    )


def expected(cache: ModelCache, settings: GenerationSettings) -> numpy.ndarray[Any, Any]:
    source = cache.any(settings.model, lambda share: None).spec.source
    with warnings.catch_warnings(action="ignore"):
        pipeline = DiffusionPipeline.from_pretrained(source, dtype=torch.float32, local_files_only=True)
    negative = {"negative_prompt": settings.negative_prompt} if settings.negative_prompt else {}
    return drawn_as_it_comes(pipeline, settings, **negative)


@pytest.mark.parametrize(("model", "negative"), [("aura", ""), ("aura", "green"), ("ovis", "")])
def test_pictures_are_those_of_the_stock_pipeline(
    cache: ModelCache, fox: GenerationSettings, model: str, negative: str
) -> None:
    driver, asked = LoopDriver(cache), replace(fox, model=model, negative_prompt=negative)
    driver.admit(1, asked)
    driver.run()
    wanted = expected(cache, asked)
    assert wanted.std() > 5
    assert abs(driver.pixels(1) - wanted).max() <= 1


def test_words_beyond_the_window_are_reported(cache: ModelCache, fox: GenerationSettings) -> None:
    tokenizer = cache.any("aura", lambda share: None).pipeline.tokenizer
    words = " ".join(f"fox {n}" for n in range(300))
    offsets = tokenizer(words, add_special_tokens=False, return_offsets_mapping=True, verbose=False).offset_mapping
    driver = LoopDriver(cache)
    driver.admit(1, replace(fox, prompt=words, steps=1))
    driver.run()
    assert driver.completed(1).unread == words[offsets[255][0] :].strip(), "the last of 256 tokens ends the text"


@pytest.mark.parametrize("model", ["aura", "ovis"])
def test_a_prompt_that_fits_is_read_whole(cache: ModelCache, fox: GenerationSettings, model: str) -> None:
    driver = LoopDriver(cache)
    driver.admit(1, replace(fox, model=model, prompt="a fox in a hat", steps=1))
    driver.run()
    assert driver.completed(1).unread == ""


def test_progress_previews_and_metadata_are_as_with_any_model(cache: ModelCache, fox: GenerationSettings) -> None:
    driver = LoopDriver(cache)
    driver.admit(1, replace(fox, count=2))
    driver.run()
    events = driver.of(1)
    kinds = [type(event) for event in events if not isinstance(event, Loading | Progress)]
    assert kinds == [Started, Completed]
    said = [event for event in events if isinstance(event, Progress)]
    assert [(each.step, each.steps, len(each.previews)) for each in said] == [
        (0, 4, 1),
        (1, 4, 1),
        (1, 4, 1),
        (2, 4, 2),
        (3, 4, 2),
        (3, 4, 2),
    ]
    assert (said[0].previews[0].width, said[0].previews[0].height) == (8, 8)
    done = driver.completed(1)
    assert [picture.seed for picture in done.pictures] == [3, 4]
    assert done.circumstances.startswith("cpu, float32, AuraFlowPipeline, ")
    text = Image.open(BytesIO(done.pictures[1].png)).info["parameters"]
    assert "Sampler: Model's own" in text
    assert infotext.from_infotext(text) == fox.of_picture(1)
    assert abs(driver.pixels(1, 1) - expected(cache, replace(fox, seed=4))).max() <= 1


def test_it_is_cancelled_between_two_steps_and_others_go_on(cache: ModelCache, fox: GenerationSettings) -> None:
    ticks, before = count(), threading.active_count()
    driver = LoopDriver(cache, clock=lambda: float(next(ticks)))
    driver.admit(1, replace(fox, steps=50))
    driver.admit(2, fox)
    for _ in range(6):
        driver.loop.step()
    driver.loop.cancel(1)
    assert threading.active_count() == before + 1, "the thread of a cancelled picture ends"
    driver.run()
    assert isinstance(driver.of(1)[-1], Cancelled)
    assert len([event for event in driver.of(1) if isinstance(event, Progress)]) == 3, "both had their turns"
    assert abs(driver.pixels(2) - expected(cache, fox)).max() <= 1
    assert threading.active_count() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"sampler": Sampler.EULER},
        {"clip_skip": 2},
        {"hires_factor": 2.0},
        {"variation_strength": 0.1},
        {"seed_width": 128, "seed_height": 128},
        {"guidance_rescale": 0.5},
        {"guidance_end": 0.5},
        {"prompt": "a fox BREAK a hat"},
    ],
    ids=str,
)
def test_what_it_knows_nothing_of_is_refused_and_not_passed_over(
    cache: ModelCache, fox: GenerationSettings, changes: dict[str, Any]
) -> None:
    assert failure(cache, replace(fox, **changes)) is FailureKind.UNSUITABLE


def failure(cache: ModelCache, settings: GenerationSettings, inputs: Inputs = NO_INPUTS) -> FailureKind:
    driver = LoopDriver(cache)
    driver.admit(1, settings, inputs)
    driver.run()
    ending = driver.of(1)[-1]
    assert isinstance(ending, Failed), ending
    return ending.kind


def test_pictures_that_it_cannot_use_are_refused(cache: ModelCache, fox: GenerationSettings) -> None:
    picture = images.as_png(Image.new("RGB", (64, 64)))
    assert failure(cache, fox, Inputs(control=picture)) is FailureKind.UNSUITABLE
    assert failure(cache, fox, Inputs(picture, second=picture)) is FailureKind.UNSUITABLE
    driver = LoopDriver(cache)
    driver.loop.admit(Job(1, "one", Upscale(fox, picture, manner=Manner.CREATIVE)))
    driver.run()
    ending = driver.of(1)[-1]
    assert isinstance(ending, Failed)
    assert ending.kind is FailureKind.UNSUITABLE


def test_defaults_ask_for_nothing(cache: ModelCache, fox: GenerationSettings) -> None:
    model = cache.any("aura", lambda share: None).spec
    assert model.family is Family.OTHER
    assert model.preferred.sampler is Sampler.OWN
    server = PartialSettings(sampler=Sampler.DDIM, clip_skip=2, steps=9)
    fitted = suitability.fitted(server, model)
    assert (fitted.sampler, fitted.clip_skip, fitted.steps) == (Sampler.OWN, 1, 9)
    suitability.check(fox, model, or_usual=True)
    with pytest.raises(Unsuitable, match=r"aura can't use the sampler DDIM. Use one of: Model's own."):
        suitability.check(replace(fox, sampler=Sampler.DDIM), model)
    assert suitability.stripped(replace(fox, sampler=Sampler.DDIM), model) == fox


@pytest.mark.parametrize("scheduler", [None, HeunDiscreteScheduler()], ids=["its own", "asked twice a step"])
def test_a_pipeline_that_tells_nobody_of_its_steps_is_drawn_step_by_step_too(
    tmp_path: Path, fox: GenerationSettings, scheduler: Any
) -> None:
    spec = ModelSpec("sigma", str(tiny.pixart(tmp_path, scheduler)), width=64, height=64)
    cache, asked = ModelCache(Catalogue([spec]), CPU, torch.float32), replace(fox, model="sigma", width=256, height=256)
    driver = LoopDriver(cache)
    driver.admit(1, asked)
    driver.admit(2, replace(asked, steps=50))
    for _ in range(6):
        driver.loop.step()
    driver.loop.cancel(2)
    driver.run()
    said = [event for event in driver.of(1) if isinstance(event, Progress)]
    assert sorted({each.step for each in said}) == [1, 2, 3]
    assert (said[0].previews[0].width, said[0].previews[0].height) == (32, 32)
    assert isinstance(driver.of(2)[-1], Cancelled)
    wanted = expected(cache, asked)
    assert wanted.std() > 5
    assert abs(driver.pixels(1) - wanted).max() <= 1


class Deaf:
    def __call__(self, prompt: str) -> None: ...


class OfTwo(Deaf):
    """Its scheduler is not the one that takes the steps."""

    scheduler = None

    def __init__(self) -> None:
        self.within = DiffusionPipeline()


class Seeing:
    scheduler = None

    def __call__(self, prompt: str, image_embeds: Any, callback_on_step_end: Any = None) -> None: ...


@pytest.mark.parametrize(
    ("pipeline", "reason"),
    [
        (Deaf(), "Deaf stops for nobody"),
        (OfTwo(), "OfTwo stops for nobody"),
        (Seeing(), "Seeing needs image_embeds besides"),
    ],
    ids=["no steps", "steps of another", "more than words"],
)
def test_a_pipeline_that_cannot_be_used_is_refused(pipeline: Any, reason: str) -> None:
    with pytest.raises(ModelUnavailable, match=reason):
        assembled(ModelSpec("deaf", "x"), Path("x"), pipeline, CPU, torch.float32)


def recording(like: Any, distilled: bool) -> Any:
    """A pipeline that keeps in `asked` how it is to guide, with the name and the defaults of a real one."""
    usual = inspect.signature(like.__call__).parameters["true_cfg_scale"].default

    class Recording:
        scheduler = None
        transformer = SimpleNamespace(config=SimpleNamespace(guidance_embeds=distilled))

        def __init__(self) -> None:
            self.asked: list[tuple[str | None, float, float]] = []

        def set_progress_bar_config(self, disable: bool) -> None: ...

        def __call__(
            self,
            prompt: str,
            num_inference_steps: int = 50,
            guidance_scale: float = 1.0,
            negative_prompt: str | None = None,
            true_cfg_scale: float = usual,
            callback_on_step_end: Any = None,
        ) -> Any:
            self.asked.append((negative_prompt, true_cfg_scale, guidance_scale))
            return ([Image.new("RGB", (8, 8), "red")],)

    return type(like.__name__, (Recording,), {})()


@pytest.mark.parametrize(
    ("like", "distilled", "negative", "wanted"),
    [
        (QwenImage21Pipeline, False, "", (" ", 3.5, 1.0)),
        (QwenImage21Pipeline, False, "green", ("green", 3.5, 1.0)),
        (QwenImagePipeline, False, "", (" ", 3.5, 1.0)),
        (QwenImagePipeline, True, "", (" ", 3.5, 1.0)),
        (FluxPipeline, True, "", (None, 1.0, 3.5)),
        (FluxPipeline, True, "green", ("green", 3.5, 3.5)),
        (FluxPipeline, False, "", (None, 1.0, 1.0)),
    ],
    ids=[
        "Qwen-Image 2.1",
        "with a negative prompt",
        "Qwen-Image",
        "Qwen-Image whatever its network says",
        "Flux dev",
        "with one too",
        "Flux schnell",
    ],
)
def test_guidance_reaches_a_pipeline_as_it_is_meant_to_guide(
    fox: GenerationSettings, like: Any, distilled: bool, negative: str, wanted: tuple[str | None, float, float]
) -> None:
    pipeline = recording(like, distilled)
    model = assembled(ModelSpec("guided", "x"), Path("x"), pipeline, CPU, torch.float32)
    list(model.draw(replace(fox, negative_prompt=negative)))
    assert pipeline.asked[-1] == wanted


def test_half_precision_is_bfloat16(cache: ModelCache) -> None:
    spec = cache.any("aura", lambda share: None).spec
    half = ModelCache(Catalogue([spec]), CPU, torch.float16).any("aura", lambda share: None)
    assert isinstance(half, PipelineModel)
    assert half.dtype == half.pipeline.transformer.dtype == torch.bfloat16


def test_work_in_turns_passes_on_what_it_raises_and_ends_when_nobody_waits() -> None:
    seen: list[int] = []

    def work(pause: Callable[[], None]) -> str:
        for number in range(3):
            seen.append(number)
            pause()
        raise KeyError("at the end")

    turns = in_turns(work)
    next(turns)
    assert seen == [0]
    with pytest.raises(KeyError, match="at the end"):
        list(turns)
    assert seen == [0, 1, 2]
    turns = in_turns(work)
    next(turns)
    turns.close()
    assert seen == [0, 1, 2, 0]


def test_a_sheet_of_another_family_has_a_picture_a_cell(cache: ModelCache, fox: GenerationSettings) -> None:
    driver = LoopDriver(cache)
    cells = (replace(fox, steps=2), replace(fox, steps=2, guidance_scale=1.0))
    driver.loop.admit(Job(1, "one", Draw(fox, cells=cells)))
    driver.run()
    assert abs(driver.pixels(1, 1) - expected(cache, cells[1])).max() <= 1
