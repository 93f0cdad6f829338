import math
import threading
from collections.abc import Generator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from PIL import Image

from generation import infotext
from generation.catalogue import Catalogue
from generation.engine import finishing, loop
from generation.engine.denoising.state import DenoisingState
from generation.engine.latents import vae
from generation.engine.latents.previews import FrameCost
from generation.engine.models.unet_model import UNetModel
from generation.engine.scheduling.batch_sizing import BatchSizing, RowBuckets
from generation.engine.scheduling.model_cache import ModelCache
from generation.engine.scheduling.running_job import FRAME_SHARE
from generation.errors import FailureKind, InvalidSetting
from generation.events import Cancelled, Completed, Event, Failed, Loading, Progress, Started
from generation.jobs import Draw, Job, Upscale
from generation.pictures import Picture, Preview
from generation.settings import GenerationSettings, Sampler
from tests.generation.engine.conftest import LoopDriver, pixels


@pytest.fixture(scope="module")
def cache(tiny_cache: ModelCache) -> ModelCache:
    """A tiny model; the tests that look at what a picture shows use `shipped`."""
    return tiny_cache


def test_one_progress_a_step_with_a_preview_and_then_the_picture(driver: LoopDriver, apple: GenerationSettings) -> None:
    driver.admit(1, apple)
    driver.run()
    events = driver.of(1)
    assert isinstance(events[0], Started)
    assert [(event.step, event.steps) for event in events if isinstance(event, Progress)] == [
        (step, 6) for step in range(1, 6)
    ]
    assert all(len(event.previews[0].rgb) == 8 * 8 * 3 for event in events if isinstance(event, Progress))
    assert isinstance(events[-1], Completed)


def test_previews_go_from_noise_to_the_picture(shipped: ModelCache, apple: GenerationSettings) -> None:
    driver = LoopDriver(shipped)
    driver.admit(1, replace(apple, width=128, height=128, steps=20))
    driver.run()
    final = Image.open(BytesIO(driver.completed(1).pictures[0].png)).resize((16, 16), Image.Resampling.BOX)
    distances = [
        abs(numpy.frombuffer(event.previews[0].rgb, numpy.uint8).astype(int) - numpy.asarray(final).reshape(-1)).mean()
        for event in driver.of(1)
        if isinstance(event, Progress)
    ]
    assert distances[0] > 50
    assert distances[-1] < 20


def test_same_seed_same_bytes_other_seed_other_picture(driver: LoopDriver, apple: GenerationSettings) -> None:
    for job_id, seed in enumerate((7, 7, 8)):
        driver.admit(job_id, replace(apple, seed=seed))
        driver.run()
    first, again, other = (driver.completed(job_id).pictures[0].png for job_id in range(3))
    assert first == again
    assert abs(pixels(first) - pixels(other)).mean() > 5


@pytest.mark.parametrize("sampler", Sampler)
def test_a_picture_is_the_same_alone_and_among_strangers(
    driver: LoopDriver, apple: GenerationSettings, sampler: Sampler
) -> None:
    mine = replace(apple, sampler=sampler)
    driver.admit(0, mine)
    driver.run()
    driver.admit(10, replace(apple, prompt="a cat", steps=3, guidance_scale=1.0))
    driver.loop.step()
    driver.admit(11, mine)
    driver.admit(12, replace(apple, prompt="a blue fish", seed=99, sampler=Sampler.EULER_ANCESTRAL, steps=9, count=2))
    driver.admit(13, replace(apple, prompt="a castle", width=96, height=160))
    driver.run()
    alone, together = (driver.pixels(job_id) for job_id in (0, 11))
    assert abs(alone - together).max() <= 1


def test_picture_i_of_a_request_is_seed_plus_i_by_itself(driver: LoopDriver, apple: GenerationSettings) -> None:
    driver.admit(1, replace(apple, count=3, seed=2**32 - 2))
    driver.run()
    pictures = driver.completed(1).pictures
    assert [picture.seed for picture in pictures] == [2**32 - 2, 2**32 - 1, 0]
    driver.admit(2, replace(apple, seed=0))
    driver.run()
    assert abs(driver.pixels(1, 2) - driver.pixels(2)).max() <= 1


def test_a_cancelled_job_leaves_at_once_and_touches_no_other(driver: LoopDriver, apple: GenerationSettings) -> None:
    driver.admit(1, apple)
    driver.admit(2, apple)
    driver.loop.step()
    driver.loop.cancel(1)
    driver.loop.cancel(1)
    driver.run()
    assert [type(event) for event in driver.of(1)] == [Started, Progress, Cancelled]
    assert isinstance(driver.of(2)[-1], Completed)
    driver.loop.cancel(2)
    assert isinstance(driver.of(2)[-1], Completed)


def test_more_pictures_than_a_forward_takes_have_their_turns(cache: ModelCache, apple: GenerationSettings) -> None:
    driver = LoopDriver(cache, BatchSizing(4))
    for job_id in range(3):
        driver.admit(job_id, replace(apple, steps=4, seed=job_id))
    driver.run()
    assert all(isinstance(driver.of(job_id)[-1], Completed) for job_id in range(3))
    order = [event.job_id for event in driver.events if isinstance(event, Progress)]
    assert sorted(order[:3]) == [0, 1, 2]
    assert sorted(order[:6]) == [0, 0, 1, 1, 2, 2]


def test_a_model_that_is_not_there_fails_its_job_alone(driver: LoopDriver, apple: GenerationSettings) -> None:
    driver.admit(1, replace(apple, model="missing"))
    driver.admit(2, apple)
    driver.run()
    ending = driver.of(1)[-1]
    assert isinstance(ending, Failed)
    assert ending.kind == FailureKind.MODEL_UNAVAILABLE
    assert isinstance(driver.of(2)[-1], Completed)


def test_a_model_that_nobody_knows_any_more_writes_no_traceback(
    driver: LoopDriver, apple: GenerationSettings, caplog: pytest.LogCaptureFixture
) -> None:
    """As of a request that waited while the host removed its model; the bot writes one line."""
    driver.admit(1, replace(apple, model="removed"))
    driver.run()
    ending = driver.of(1)[-1]
    assert isinstance(ending, Failed)
    assert (ending.kind, "removed" in ending.detail) == (FailureKind.MODEL_UNAVAILABLE, True)
    assert not [each for each in caplog.records if each.exc_info]


def test_a_decoded_frame_comes_when_wanted_and_affordable(cache: ModelCache, apple: GenerationSettings) -> None:
    ticks = iter(range(10_000))
    driver = LoopDriver(cache, clock=lambda: float(next(ticks)))
    driver.admit(1, apple)
    driver.loop.step()
    driver.loop.want_frame(1)
    driver.loop.step()
    driver.loop.want_frame(1)
    driver.loop.step()
    progress = [event for event in driver.of(1) if isinstance(event, Progress)]
    assert [event.previews[0].decoded for event in progress] == [False, True, False]
    assert (progress[1].previews[0].width, progress[1].previews[0].height) == (64, 64)


@pytest.mark.parametrize(
    ("jobs", "asked", "frame_seconds"), [(1, {"count": 2, "steps": 150}, 3.0), (8, {"steps": 60}, 0.125)]
)
def test_decoded_frames_take_no_more_than_their_share_the_first_included(
    cache: ModelCache,
    pocket: UNetModel,
    apple: GenerationSettings,
    monkeypatch: pytest.MonkeyPatch,
    jobs: int,
    asked: dict[str, Any],
    frame_seconds: float,
) -> None:
    """A forward takes a second, and what a frame of each picture takes is known before the first."""
    now, frames, whole, frame = [0.0], [], pocket.unet.forward, UNetModel.frame

    def forward(*inputs: Any, **named: Any) -> Any:
        now[0] += 1
        return whole(*inputs, **named)

    def slow(self: UNetModel, latents: torch.Tensor) -> Preview:
        now[0] += frame_seconds
        frames.append(now[0])
        made = frame(self, latents)
        self.frame_cost.seconds_a_latent = frame_seconds / latents[0, 0].numel()
        return made

    monkeypatch.setattr(pocket.unet, "forward", forward)
    monkeypatch.setattr(UNetModel, "frame", slow)
    monkeypatch.setattr(pocket, "frame_cost", FrameCost(frame_seconds / 64))
    driver = LoopDriver(cache, clock=lambda: now[0])
    for job_id in range(jobs):
        driver.admit(job_id, replace(apple, width=64, height=64, guidance_scale=1.0, **asked))
    while not driver.loop.idle:
        for job_id in range(jobs):
            driver.loop.want_frame(job_id)
        driver.loop.step()
    assert all(frame_seconds * number <= FRAME_SHARE * moment for number, moment in enumerate(frames, start=1))
    for job_id in range(jobs):
        assert any(look.decoded for each in driver.of(job_id) if isinstance(each, Progress) for look in each.previews)


def test_what_a_frame_costs_is_known_before_the_first(
    tiny_models: Catalogue, cache: ModelCache, pocket: UNetModel
) -> None:
    fresh = ModelCache(tiny_models, torch.device("cpu"), torch.float32).take("pocket", lambda share: None)
    known = fresh.frame_cost.seconds_a_latent
    assert 0 < known < 1
    fresh.frame(torch.zeros(1, fresh.latent_channels, 8, 8))
    assert fresh.frame_cost.seconds_a_latent != known


def test_long_prompts_are_read_to_their_end(driver: LoopDriver, apple: GenerationSettings) -> None:
    long = "a red apple " + "very " * 60
    driver.admit(1, replace(apple, prompt=long + "blue"))
    driver.admit(2, replace(apple, prompt=long + "yellow"))
    driver.run()
    first, second = (driver.pixels(job_id) for job_id in (1, 2))
    assert abs(first - second).max() > 1


@pytest.mark.parametrize(
    ("sampler", "steps"),
    [(sampler, steps) for sampler in Sampler for steps in (1, 2)]
    + [(Sampler.DPMPP_2M_KARRAS, 150), (Sampler.PLMS, 150), (Sampler.TCD, 50), (Sampler.LCM, 50)],
)
def test_samplers_take_as_few_and_as_many_steps_as_they_say(
    driver: LoopDriver, apple: GenerationSettings, sampler: Sampler, steps: int
) -> None:
    assert steps <= sampler.steps.high
    driver.admit(1, replace(apple, sampler=sampler, steps=steps, width=64, height=64, guidance_scale=1.0))
    driver.run()
    assert driver.completed(1).pictures[0].width == 64
    counted = [event.step for event in driver.of(1) if isinstance(event, Progress)]
    assert counted == sorted(counted)
    assert all(step < steps for step in counted)


def test_more_steps_than_a_sampler_takes_are_refused(apple: GenerationSettings) -> None:
    with pytest.raises(InvalidSetting, match="LCM takes at most 50 steps"):
        replace(apple, sampler=Sampler.LCM, steps=51)


def test_the_png_tells_its_settings(driver: LoopDriver, apple: GenerationSettings) -> None:
    asked = replace(apple, negative_prompt="green, \nleaf", clip_skip=2, count=2)
    driver.admit(1, asked)
    driver.run()
    second = Image.open(BytesIO(driver.completed(1).pictures[1].png))
    assert infotext.from_infotext(second.info["parameters"]) == asked.of_picture(1)


@pytest.mark.parametrize("late", [False, True], ids=["before strangers", "after strangers"])
def test_in_strict_mode_a_picture_is_the_same_to_the_bit_in_any_company(
    cache: ModelCache, apple: GenerationSettings, late: bool
) -> None:
    driver = LoopDriver(cache, BatchSizing(8, strict=True))
    mine = replace(apple, sampler=Sampler.EULER_ANCESTRAL)
    driver.admit(0, mine)
    driver.run()
    strangers = [replace(apple, prompt=f"{n} cats", seed=n, steps=3 + n, guidance_scale=1 + n % 2) for n in range(5)]
    if not late:
        driver.admit(1, mine)
    for number, settings in enumerate(strangers, start=10):
        driver.admit(number, settings)
        driver.loop.step()
    if late:
        driver.admit(1, mine)
    driver.run()
    alone, together = (driver.completed(job_id).pictures[0].png for job_id in (0, 1))
    assert alone == together
    assert "8 rows always" in driver.completed(1).circumstances


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    ("strict", "rows"), [(False, "up to 4 rows"), (True, "4 rows always")], ids=["batched", "strict"]
)
def test_a_finished_job_says_what_drew_it(
    small: Catalogue,
    apple: GenerationSettings,
    monkeypatch: pytest.MonkeyPatch,
    dtype: torch.dtype,
    strict: bool,
    rows: str,
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    driver = LoopDriver(ModelCache(small, torch.device("cpu"), dtype), BatchSizing(4, strict))
    driver.admit(1, replace(apple, model="small", steps=1))
    driver.run()
    name = str(dtype).removeprefix("torch.")
    assert driver.completed(1).circumstances == f"cpu, {name}, {rows}, 3 threads"


def test_out_of_memory_halves_the_batch_and_fails_nobody(
    cache: ModelCache, pocket: UNetModel, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver, whole = LoopDriver(cache, BatchSizing(8)), pocket.unet.forward

    def small_device(latents: Any, *rest: Any, **named: Any) -> Any:
        if len(latents) > 2:
            raise torch.OutOfMemoryError
        return whole(latents, *rest, **named)

    driver.admit(0, apple)
    driver.run()
    monkeypatch.setattr(pocket.unet, "forward", small_device)
    driver.admit(1, replace(apple, count=4))
    driver.run()
    assert abs(driver.pixels(1) - driver.pixels(0)).max() <= 1
    assert "up to 2 rows" in driver.completed(1).circumstances


def test_a_device_too_small_for_one_picture_says_so(
    cache: ModelCache, pocket: UNetModel, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError

    driver = LoopDriver(cache)
    monkeypatch.setattr(pocket.unet, "forward", no_memory)
    driver.admit(1, apple)
    driver.run()
    ending = driver.of(1)[-1]
    assert isinstance(ending, Failed)
    assert ending.kind is FailureKind.OUT_OF_MEMORY


def test_a_batch_that_cannot_be_sized_fails_one_job_alone(cache: ModelCache, apple: GenerationSettings) -> None:
    errors = [RuntimeError("a kernel went wrong")]

    class Unmeasured(BatchSizing):
        def of(self, state: DenoisingState, wanted: int = 0) -> RowBuckets:
            if errors:
                raise errors.pop()
            return super().of(state, wanted)

    driver = LoopDriver(cache, Unmeasured(16))
    for job_id in (1, 2):
        driver.admit(job_id, replace(apple, steps=1))
    driver.run()
    ending = driver.of(1)[-1]
    assert isinstance(ending, Failed)
    assert ending.kind is FailureKind.INTERNAL
    assert isinstance(driver.of(2)[-1], Completed)


def test_a_picture_that_is_not_finite_fails_its_job_alone(
    cache: ModelCache, pocket: UNetModel, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver, whole = LoopDriver(cache), pocket.unet.forward

    def astray(latents: Any, *rest: Any, **named: Any) -> Any:
        [prediction] = whole(latents, *rest, **named)
        prediction[0] = float("nan")
        return [prediction]

    monkeypatch.setattr(pocket.unet, "forward", astray)
    driver.admit(1, replace(apple, guidance_scale=1.0))
    driver.admit(2, replace(apple, guidance_scale=1.0))
    driver.run()
    ending = driver.of(1)[-1]
    assert isinstance(ending, Failed)
    assert ending.kind is FailureKind.BROKEN_PICTURE
    assert isinstance(driver.of(2)[-1], Completed)


@pytest.fixture
def half(small: Catalogue) -> ModelCache:
    return ModelCache(small, torch.device("cpu"), torch.bfloat16)


def test_a_picture_that_half_precision_cannot_hold_is_drawn_once_more_in_float32(
    small: Catalogue, half: ModelCache, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = LoopDriver(ModelCache(small, torch.device("cpu"), torch.float32))
    asked = replace(apple, model="small", count=2)
    unet, coarse = half.take("small", on_load=lambda share: None).unet, LoopDriver(half)
    monkeypatch.setattr(unet, "forward", lambda latents, *_, **__: [torch.full_like(latents, float("nan"))])
    coarse.admit(1, asked)
    coarse.run()
    driver.admit(1, asked)
    driver.run()
    for index in range(2):
        assert abs(coarse.pixels(1, index) - driver.pixels(1, index)).max() <= 1
    assert "float32" in coarse.completed(1).circumstances
    assert sum(isinstance(event, Loading) and not event.share for event in coarse.of(1)) == 1


def test_a_picture_broken_in_float32_too_fails(
    half: ModelCache, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver, forwards = LoopDriver(half), []

    def black(self: UNetModel, latents: torch.Tensor) -> torch.Tensor:
        forwards.append(self.dtype)
        return torch.zeros((1, 128, 128, 3), dtype=torch.uint8)

    half.take("small", on_load=lambda share: None)
    monkeypatch.setattr(UNetModel, "decode", black)
    driver.admit(1, replace(apple, model="small"))
    driver.run()
    ending = driver.of(1)[-1]
    assert isinstance(ending, Failed)
    assert ending.kind is FailureKind.BROKEN_PICTURE
    assert forwards == [torch.bfloat16, torch.float32]


def test_a_decode_is_begun_and_then_others_take_their_steps(
    cache: ModelCache, pocket: UNetModel, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, done, whole, decode = [0.0], [], pocket.unet.forward, UNetModel.decode

    def forward(*inputs: Any, **named: Any) -> Any:
        now[0] += 1
        done.append("step")
        return whole(*inputs, **named)

    def slow(self: UNetModel, latents: torch.Tensor) -> torch.Tensor:
        now[0] += 10
        done.append("decode")
        return decode(self, latents)

    monkeypatch.setattr(pocket.unet, "forward", forward)
    monkeypatch.setattr(UNetModel, "decode", slow)
    driver = LoopDriver(cache, clock=lambda: now[0])
    driver.admit(1, replace(apple, steps=2, count=3))
    driver.admit(2, replace(apple, steps=8))
    driver.run()
    assert done[:9] == ["step"] * 2 + ["decode"] + ["step"] * 6
    assert done[9:] == ["decode"] * 3
    assert isinstance(driver.events[-1], Completed)


def test_a_slow_upscale_shares_the_time_with_pictures(
    driver: LoopDriver, tiny_models: Catalogue, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, tiles = [0.0], [0]

    def enlarge(*_: object) -> Generator[None, None, tuple[Picture, str]]:
        for tiles[0] in range(1, 6):
            now[0] += 10
            yield
        return Picture(b"", 1, 1, 1), "slow"

    monkeypatch.setattr(finishing, "upscale", enlarge)
    driver = LoopDriver(ModelCache(tiny_models, torch.device("cpu"), torch.float32), clock=lambda: now[0])
    driver.loop.admit(Job(1, "one", Upscale(apple, b"")))
    driver.admit(2, apple)
    while isinstance(driver.events[-1], Started | Progress):
        driver.loop.step()
        now[0] += 1
    assert driver.events[-1].job_id == 2
    assert tiles[0] <= 2
    driver.run()
    assert driver.completed(1).pictures == (Picture(b"", 1, 1, 1),)


def slow_cache(
    models: Catalogue, monkeypatch: pytest.MonkeyPatch, file: Path | None = None, *, strict: bool = False
) -> ModelCache:
    """Models that take long to decode whatever they have not decoded before."""
    monkeypatch.setattr(vae, "LONGEST_SECONDS", 0.0)
    monkeypatch.setattr(vae, "TILE_SECONDS", 0.0)
    return ModelCache(models, torch.device("cpu"), torch.float32, measurements=file, strict=strict)


def decoded(driver: LoopDriver, job_id: int, settings: GenerationSettings) -> tuple[bytes, bool]:
    """The finished picture, and whether its job was decoded in tiles."""
    driver.admit(job_id, settings)
    driver.run()
    done = driver.completed(job_id)
    return done.pictures[0].png, "decoded in tiles" in done.circumstances


def test_whether_a_size_is_decoded_in_tiles_is_decided_once(
    tiny_models: Catalogue, apple: GenerationSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, large = tmp_path / "measured.json", replace(apple, width=256, height=256, steps=1)
    first = LoopDriver(slow_cache(tiny_models, monkeypatch, file))
    tiled, said = decoded(first, 1, large)
    assert said
    monkeypatch.setattr(vae, "LONGEST_SECONDS", math.inf)
    monkeypatch.setattr(vae, "TILE_SECONDS", math.inf)
    assert decoded(first, 2, large) == (tiled, True)
    assert not decoded(first, 3, replace(large, height=320))[1]
    for driver in (first, LoopDriver(slow_cache(tiny_models, monkeypatch, file))):
        assert decoded(driver, 4, large) == (tiled, True)
        assert not decoded(driver, 5, replace(large, height=320))[1]
    monkeypatch.setattr(vae, "LONGEST_SECONDS", math.inf)
    quick = ModelCache(tiny_models, torch.device("cpu"), torch.float32)
    at_once, said = decoded(LoopDriver(quick), 6, large)
    assert at_once != tiled
    assert not said


def test_in_strict_mode_no_measured_time_decides_how_a_picture_is_decoded(
    cache: ModelCache,
    tiny_models: Catalogue,
    apple: GenerationSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file, large = tmp_path / "measured.json", replace(apple, width=256, height=256, steps=1)
    at_once = decoded(LoopDriver(cache, BatchSizing(4, strict=True)), 1, large)
    assert decoded(LoopDriver(slow_cache(tiny_models, monkeypatch, file)), 1, large)[1]
    strict = slow_cache(tiny_models, monkeypatch, file, strict=True)
    assert decoded(LoopDriver(strict, BatchSizing(4, strict=True)), 1, large) == at_once
    again = strict.like_this(torch.float32)
    assert decoded(LoopDriver(again, BatchSizing(4, strict=True)), 1, large) == at_once


def test_what_takes_long_to_decode_is_decoded_in_tiles_between_the_steps_of_others(
    cache: ModelCache, tiny_models: Catalogue, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = replace(apple, width=256, height=256, steps=1)
    at_once = LoopDriver(cache)
    at_once.admit(1, large)
    at_once.run()
    slow = slow_cache(tiny_models, monkeypatch)
    pocket = slow.take("pocket", lambda share: None)
    driver, tiles = LoopDriver(slow), list[int]()
    decoder = pocket.vae.decoder.register_forward_hook(lambda *_: tiles.append(len(driver.events)))
    try:
        driver.admit(1, large)
        driver.loop.step()
        driver.admit(2, replace(apple, steps=40))
        driver.run()
    finally:
        decoder.remove()
    assert len(tiles) > 4
    first, last = tiles[0], tiles[len(tiles) - 2]
    between = [event.job_id for event in driver.events[first:last] if isinstance(event, Progress)]
    assert between.count(2) >= 3
    assert between.count(1) >= 3, "each tile is told, so that nobody takes the worker for stuck"
    whole, tiled = (each.pixels(1) for each in (at_once, driver))
    assert whole.shape == tiled.shape
    assert abs(whole - tiled).mean() < 6
    assert not pocket.vae.use_tiling


def test_a_decode_in_tiles_that_is_cancelled_leaves_nothing_behind(
    tiny_models: Catalogue, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver, threads = LoopDriver(slow_cache(tiny_models, monkeypatch)), threading.active_count()
    driver.admit(1, replace(apple, width=256, height=256, steps=1))
    for _ in range(4):
        driver.loop.step()
    assert threading.active_count() == threads + 1
    driver.loop.cancel(1)
    assert isinstance(driver.of(1)[-1], Cancelled)
    assert threading.active_count() == threads


def test_a_cancel_stops_the_loading_of_its_model(tiny_models: Catalogue, apple: GenerationSettings) -> None:
    cache = ModelCache(tiny_models, torch.device("cpu"), torch.float32)
    events, unwanted = list[Event](), set[int]()

    def hear(event: Event) -> None:
        events.append(event)
        if isinstance(event, Loading) and event.job_id == 1 and event.share > 0:
            unwanted.add(1)

    driven = loop.StepLoop(cache, hear, BatchSizing(16), is_unwanted=unwanted.__contains__)
    driven.admit(Job(1, "owner", Draw(apple)))
    assert isinstance(events[-1], Cancelled)
    assert cache.names == []
    driven.cancel(1)
    driven.admit(Job(2, "owner", Draw(apple)))
    while not driven.idle:
        driven.step()
    assert isinstance(events[-1], Completed)
    assert [type(event) for event in events if event.job_id == 1].count(Cancelled) == 1
