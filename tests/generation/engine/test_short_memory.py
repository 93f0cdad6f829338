"""Devices on which less fits than was asked of them: what can be done with less at a time is done so, and goes on."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from io import BytesIO
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image

from generation.catalogue import POCKET, Catalogue, ModelSpec
from generation.engine.denoising import samplers
from generation.engine.denoising.state import DenoisingState, predict
from generation.engine.denoising.trace import TraceStep
from generation.engine.latents.previews import LatentPreview
from generation.engine.latents.vae import cut_smaller
from generation.engine.models.diffusers_pipeline import PipelineModel
from generation.engine.models.unet_model import UNetModel
from generation.engine.runtime import memory
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import FailureKind
from generation.events import Failed, Progress
from generation.jobs import Inputs, Job, Manner, Upscale
from generation.settings import GenerationSettings, Sampler
from generation.upscaling import UpscalerName
from tests.generation.engine import tiny
from tests.generation.engine.conftest import LoopDriver

CPU = torch.device("cpu")
PLENTY = 10**10


@pytest.fixture(scope="module")
def cache(tiny_cache: ModelCache) -> ModelCache:
    """A tiny model: no test here looks at what a picture shows."""
    return tiny_cache


def failure(driver: LoopDriver, job_id: int = 1) -> FailureKind:
    ending = driver.of(job_id)[-1]
    assert isinstance(ending, Failed), ending
    return ending.kind


def picture(side: int) -> bytes:
    data = BytesIO()
    Image.radial_gradient("L").resize((side, side)).convert("RGB").save(data, "PNG")
    return data.getvalue()


def creative(settings: GenerationSettings, data: bytes) -> Job:
    return Job(1, "one", Upscale(settings, data, upscaler=UpscalerName.LANCZOS, manner=Manner.CREATIVE))


@pytest.fixture
def own(tiny_models: Catalogue) -> ModelCache:
    """A tiny model, to be changed, and the same for larger pictures."""
    pocket = tiny_models.get("pocket")
    return ModelCache(Catalogue([pocket, replace(pocket, name="wide", width=256, height=256)]), CPU, torch.float32, 2)


def limit(monkeypatch: pytest.MonkeyPatch, network: Any, fits: Callable[[Any], bool]) -> list[Any]:
    """Have a network fail for want of memory unless what it is given `fits`; the shapes that it took."""
    whole, taken = network.forward, []

    def small(*given: Any, **named: Any) -> Any:
        latents = given[0] if given else named["hidden_states"]
        if not fits(latents):
            raise torch.OutOfMemoryError
        taken.append(tuple(latents.shape))
        return whole(*given, **named)

    monkeypatch.setattr(network, "forward", small)
    return taken


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        RuntimeError("MPS backend out of memory (MPS allocated: 17.9 GB, max allowed: 18.1 GB)"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        MemoryError(),
    ],
    ids=["cuda", "mps", "cpu", "cublas", "python"],
)
def test_every_device_s_want_of_memory_is_known_for_what_it_is(error: Exception) -> None:
    assert memory.is_exhausted(error)
    assert not memory.is_exhausted(RuntimeError("a kernel went wrong"))
    assert not memory.is_exhausted(ValueError("out of memory"))


def test_what_an_allocator_keeps_and_nobody_uses_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (4_000, 24_000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 18_000)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 7_000)
    monkeypatch.setattr(torch.cuda, "get_per_process_memory_fraction", lambda device: 1.0)
    assert memory.free(torch.device("cuda", 1)) == 15_000
    monkeypatch.setattr(torch.cuda, "get_per_process_memory_fraction", lambda device: 0.5)
    assert memory.free(torch.device("cuda", 1)) == 5_000, "the host allows half of it"
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 16_000)
    monkeypatch.setattr(torch.mps, "current_allocated_memory", lambda: 6_000)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 13_000)
    assert memory.free(torch.device("mps")) == 10_000


@pytest.mark.parametrize("strict", [False, True])
def test_both_rows_of_a_guided_picture_go_one_after_the_other(
    cache: ModelCache, pocket: UNetModel, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch, strict: bool
) -> None:
    driver = LoopDriver(cache, BatchSizing(4, strict))
    driver.admit(0, apple)
    driver.run()
    limit(monkeypatch, pocket.unet, lambda latents: len(latents) == 1)
    driver.admit(1, apple)
    driver.run()
    assert abs(driver.pixels(1) - driver.pixels(0)).max() <= 1
    assert "1 row always" if strict else "up to 1 row," in driver.completed(1).circumstances


@pytest.mark.parametrize("kind", ["tiny", "kl"])
def test_a_picture_too_large_to_be_decoded_at_once_is_decoded_in_tiles(
    own: ModelCache, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A tiny autoencoder is the shipped model's."""
    if kind == "tiny":
        own = ModelCache(Catalogue([POCKET]), CPU, torch.float32)
    driver, large = LoopDriver(own), replace(apple, width=256, height=512, steps=2)
    driver.admit(0, large)
    driver.run()
    vae = own.take("pocket", lambda share: None).vae
    taken = limit(monkeypatch, vae.decoder, lambda latents: max(latents.shape[-2:]) <= 16)
    driver.admit(1, large)
    driver.run()
    at_once, tiled = driver.pixels(0), driver.pixels(1)
    assert at_once.shape == tiled.shape
    assert abs(at_once - tiled).mean() < 6
    assert max(max(shape[-2:]) for shape in taken) == 16
    tried = len(taken)
    driver.admit(2, replace(apple, width=128))
    driver.run()
    assert len(taken) == tried + 1, "what fits is decoded at once"
    said = [driver.completed(job_id).circumstances for job_id in (0, 1, 2)]
    assert ["decoded in tiles" in each for each in said] == [False, True, False]


def test_the_tiles_that_fit_are_known_at_the_next_start(
    tiny_models: Catalogue, apple: GenerationSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free", lambda device: PLENTY)
    large, file = replace(apple, width=256, height=256), tmp_path / "measured.json"
    for tried in (["at once", "in tiles"], ["in tiles"]):
        cache, ways = ModelCache(tiny_models, CPU, torch.float32, measurements=file), list[str]()
        vae = cache.take("pocket", lambda share: None).vae
        limit(monkeypatch, vae.decoder, lambda latents: max(latents.shape[-2:]) <= 16)
        whole = vae.decode

        def decode(*given: Any, vae: Any = vae, ways: list[str] = ways, whole: Any = whole, **named: Any) -> Any:
            ways.append("in tiles" if vae.use_tiling else "at once")
            return whole(*given, **named)

        monkeypatch.setattr(vae, "decode", decode)
        driver = LoopDriver(cache)
        driver.admit(1, large)
        driver.run()
        driver.completed(1)
        assert ways == tried


@pytest.mark.parametrize("again", ["the same process", "the next start"])
def test_a_picture_is_decoded_at_once_again_when_there_is_more_memory(
    tiny_models: Catalogue, apple: GenerationSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    large, file, free = replace(apple, width=256, height=256, steps=1), tmp_path / "measured.json", [PLENTY]
    monkeypatch.setattr(memory, "free", lambda device: free[0])
    cache = ModelCache(tiny_models, CPU, torch.float32, measurements=file)
    with monkeypatch.context() as short:
        limit(short, cache.take("pocket", lambda share: None).vae.decoder, lambda latents: latents.shape[-1] <= 16)
        driver = LoopDriver(cache)
        driver.admit(0, large)
        driver.run()
    if again == "the next start":
        driver = LoopDriver(ModelCache(tiny_models, CPU, torch.float32, measurements=file))
    said = []
    for job_id, free[0] in enumerate((PLENTY, int(1.25 * PLENTY), 2 * PLENTY, PLENTY), start=1):
        driver.admit(job_id, large)
        driver.run()
        said.append("decoded in tiles" in driver.completed(job_id).circumstances)
    assert said == [True, True, False, False]


def test_a_picture_to_start_from_is_encoded_in_tiles_too(
    own: ModelCache, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver, asked = LoopDriver(own), replace(apple, width=256, height=256, denoising_strength=0.5)
    driver.admit(0, asked, Inputs(picture(256)))
    driver.run()
    encoder = own.take("pocket", lambda share: None).vae.encoder
    taken = limit(monkeypatch, encoder, lambda image: max(image.shape[-2:]) <= 128)
    driver.admit(1, asked, Inputs(picture(256)))
    driver.run()
    assert abs(driver.pixels(0) - driver.pixels(1)).mean() < 20
    assert max(shape[-1] for shape in taken) == 128


def test_a_picture_too_large_for_the_smallest_tiles_fails_clearly(
    own: ModelCache, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, driver = own.take("pocket", lambda share: None), LoopDriver(own)
    limit(monkeypatch, model.vae.decoder, lambda latents: False)
    driver.admit(1, apple)
    driver.run()
    assert failure(driver) is FailureKind.OUT_OF_MEMORY


def test_a_frame_that_memory_has_no_place_for_is_the_linear_preview(
    cache: ModelCache, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def no_memory(self: UNetModel, latents: torch.Tensor) -> Any:
        tried.append(latents)
        raise RuntimeError("MPS backend out of memory")

    monkeypatch.setattr(UNetModel, "frame", no_memory)
    ticks = count()
    driver = LoopDriver(cache, clock=lambda: float(next(ticks)))
    driver.admit(1, apple)
    while not driver.loop.idle:
        driver.loop.want_frame(1)
        driver.loop.step()
    driver.completed(1)
    looks = [event.previews[0] for event in driver.of(1) if isinstance(event, Progress)]
    assert [(look.width, look.decoded) for look in looks] == [(8, False)] * 5
    assert len(tried) == 1


def test_a_creative_upscale_draws_its_rows_one_after_the_other_then_smaller_tiles(
    own: ModelCache, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = own.take("wide", lambda share: None)
    taken = limit(monkeypatch, wide.unet, lambda latents: latents[:, 0].numel() <= 16 * 16)
    driver = LoopDriver(own)
    driver.loop.admit(creative(replace(apple, model="wide"), picture(128)))
    driver.run()
    assert driver.pixels(1).shape == (256, 256, 3)
    assert {shape[0] for shape in taken} == {1}
    said = [(event.step, event.steps) for event in driver.of(1) if isinstance(event, Progress)]
    assert said[-1][0] == said[-1][1]


def test_a_creative_upscale_that_fits_in_no_way_fails_clearly(
    own: ModelCache, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide, driver = own.take("wide", lambda share: None), LoopDriver(own)
    limit(monkeypatch, wide.unet, lambda latents: False)
    driver.loop.admit(creative(replace(apple, model="wide"), picture(128)))
    driver.run()
    assert failure(driver) is FailureKind.OUT_OF_MEMORY


def test_memory_that_is_short_at_the_beginning_is_made_free_once(
    own: ModelCache, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, freed = own.take("pocket", lambda share: None), list[int]()
    reader = model.prompts.readers[0].text_encoder
    limit(monkeypatch, reader, lambda _: bool(freed))
    whole = ModelCache.forget_idle

    def forget(cache: ModelCache) -> None:
        whole(cache)
        freed.append(1)

    monkeypatch.setattr(ModelCache, "forget_idle", forget)
    driver = LoopDriver(own)
    driver.admit(1, replace(apple, prompt="what nobody has asked for"))
    driver.run()
    driver.completed(1)
    assert len(freed) == 1
    limit(monkeypatch, reader, lambda _: False)
    driver.admit(2, replace(apple, prompt="nor this"))
    driver.run()
    assert failure(driver, 2) is FailureKind.OUT_OF_MEMORY


def short_in_step(monkeypatch: pytest.MonkeyPatch, *numbers: int) -> None:
    """Have samplers lack memory at the end of some steps, counted from 1, with all of the step but its result done."""
    whole, steps = samplers.scheduler_for, count(1)

    def scheduler_for(*given: Any) -> Any:
        scheduler = whole(*given)
        step = scheduler.step

        @wraps(step)
        def short(*given: Any, **named: Any) -> Any:
            result = step(*given, **named)
            if next(steps) in numbers:
                raise torch.OutOfMemoryError
            return result

        scheduler.step = short
        return scheduler

    monkeypatch.setattr(samplers, "scheduler_for", scheduler_for)


@pytest.mark.parametrize("sampler", Sampler)
def test_a_sampler_s_step_without_memory_is_taken_once_more(
    small: ModelCache, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch, sampler: Sampler
) -> None:
    driver, asked = LoopDriver(small), replace(apple, width=64, height=64, sampler=sampler)
    driver.admit(0, asked)
    driver.run()
    short_in_step(monkeypatch, 1, 4, 6)
    driver.admit(1, asked)
    driver.run()
    assert driver.completed(1).pictures == driver.completed(0).pictures


def test_a_sampler_s_step_that_lacks_memory_again_fails_clearly(
    small: ModelCache, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = LoopDriver(small)
    short_in_step(monkeypatch, 3, 4)
    driver.admit(1, apple)
    driver.run()
    assert failure(driver) is FailureKind.OUT_OF_MEMORY


def test_a_step_that_fails_is_recorded_once_it_is_taken(
    small: ModelCache, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_in_step(monkeypatch, 1)
    state, glimpses = DenoisingState(small.take("pocket", lambda share: None), apple), list[TraceStep]()
    state.observer = glimpses.append
    [predictions] = predict([state], 2)
    with pytest.raises(torch.OutOfMemoryError):
        state.advance(predictions)
    assert (state.forwards_done, glimpses) == (0, [])
    state.advance(predictions)
    assert state.forwards_done == len(glimpses) == 1


def test_a_step_without_memory_for_its_preview_goes_without(
    cache: ModelCache, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(self: UNetModel, latents: torch.Tensor) -> Any:
        raise torch.OutOfMemoryError

    driver = LoopDriver(cache)
    driver.admit(1, apple)
    with monkeypatch.context() as short:
        short.setattr(LatentPreview, "__call__", no_memory)
        driver.loop.step()
    driver.run()
    driver.completed(1)
    looks = [event.previews for event in driver.of(1) if isinstance(event, Progress)]
    assert looks[0] == ()
    assert all(looks[1:])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> ModelCache:
    """A model that draws next to nothing, and quickly."""
    folder = tiny.stable_diffusion_1(tmp_path_factory.mktemp("small"))
    return ModelCache(Catalogue([ModelSpec("pocket", str(folder), width=64, height=64)]), CPU, torch.float32)


@pytest.fixture
def three(tmp_path: Path) -> ModelSpec:
    return ModelSpec("three", str(tiny.stable_diffusion_3(tmp_path)), width=256, height=256)


@pytest.fixture
def fox() -> GenerationSettings:
    return GenerationSettings(
        "a fox", seed=3, model="three", width=256, height=256, steps=2, guidance_scale=3.5, sampler=Sampler.OWN
    )


def own_model(cache: ModelCache) -> PipelineModel:
    model = cache.any("three", lambda share: None)
    assert isinstance(model, PipelineModel)
    return model


@pytest.mark.usefixtures("without_families")
def test_a_pipeline_of_its_own_begins_again_with_less_in_use(
    three: ModelSpec, fox: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ModelCache(Catalogue([three]), CPU, torch.float32)
    driver = LoopDriver(cache)
    driver.admit(0, fox)
    driver.run()
    limit(monkeypatch, own_model(cache).pipeline.vae.decoder, lambda latents: latents.shape[-1] <= 16)
    driver.admit(1, fox)
    driver.run()
    assert abs(driver.pixels(0) - driver.pixels(1)).mean() < 20
    assert [event.step for event in driver.of(1) if isinstance(event, Progress)] == [1, 1]
    said = [driver.completed(job_id).circumstances for job_id in (0, 1)]
    assert ["decoded in tiles" in each for each in said] == [False, True]


@pytest.mark.usefixtures("without_families")
def test_a_pipeline_of_its_own_leaves_a_gpu_once_and_fails_clearly_after_that(
    three: ModelSpec, fox: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ModelCache(Catalogue([three]), CPU, torch.float32)
    model, left = own_model(cache), []
    model.device = torch.device("cuda")
    monkeypatch.setattr(type(model.pipeline), "enable_model_cpu_offload", lambda _, device: left.append(device))
    limit(monkeypatch, model.pipeline.transformer, lambda latents: bool(left))
    driver = LoopDriver(cache)
    driver.admit(1, replace(fox, width=64, height=64))
    driver.run()
    driver.completed(1)
    assert left == [torch.device("cuda")]
    limit(monkeypatch, model.pipeline.vae.decoder, lambda latents: False)
    driver.admit(2, replace(fox, width=64, height=64))
    driver.run()
    assert failure(driver, 2) is FailureKind.OUT_OF_MEMORY
    assert len(left) == 1


@pytest.mark.usefixtures("without_families")
def test_a_pipeline_of_its_own_that_cannot_leave_a_gpu_fails_clearly(
    three: ModelSpec, fox: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ModelCache(Catalogue([three]), CPU, torch.float32)
    model = own_model(cache)
    model.device = torch.device("cuda")
    monkeypatch.setattr(type(model.pipeline), "model_cpu_offload_seq", None)
    limit(monkeypatch, model.pipeline.transformer, lambda latents: False)
    driver = LoopDriver(cache)
    driver.admit(1, replace(fox, width=64, height=64))
    driver.run()
    assert failure(driver) is FailureKind.OUT_OF_MEMORY


def test_an_autoencoder_that_sizes_its_own_tiles_keeps_to_them() -> None:
    network = SimpleNamespace(use_tiling=False)
    assert cut_smaller(network, 64, False)
    assert not cut_smaller(network, 64, True)
    assert network.use_tiling
    assert not cut_smaller(None, 64, False)
