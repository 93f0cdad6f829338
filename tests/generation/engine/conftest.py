import gc
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from time import monotonic

import numpy
import pytest
import torch
from PIL import Image

from generation.catalogue import POCKET, Catalogue, ModelSpec
from generation.engine.families import registry
from generation.engine.loop import StepLoop
from generation.engine.models.unet_model import UNetModel
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.engine.vision.faces import FaceFinder
from generation.events import Completed, Event
from generation.jobs import Draw, Inputs, Job
from generation.settings import GenerationSettings
from tests.generation.engine import tiny
from tests.generation.engine.device import DEVICE
from tests.generation.engine.stock import Pixels, Stock


@pytest.fixture(scope="module", autouse=True)
def quick_collections() -> None:
    """Let garbage collections pass over all that is there before a module's tests: the engine collects garbage whenever
    it frees memory, and torch alone is some 100,000 objects."""
    gc.collect()
    gc.freeze()


NO_INPUTS = Inputs()

FAMILIES: dict[str, Callable[[Path], Path]] = {
    "tiny": tiny.stable_diffusion_1,
    "inpainting": tiny.inpainting,
    "two": tiny.stable_diffusion_2,
    "xl": tiny.stable_diffusion_xl,
    "xl inpainting": tiny.inpainting_xl,
}


class LoopDriver:
    """A step loop, driven by hand; `events` is all it said."""

    def __init__(
        self,
        cache: ModelCache,
        sizing: BatchSizing | None = None,
        clock: Callable[[], float] = monotonic,
        faces: FaceFinder | None = None,
    ) -> None:
        self.events: list[Event] = []
        self.loop = StepLoop(cache, self.events.append, sizing or BatchSizing(16), clock=clock, faces=faces)

    def admit(
        self, job_id: int, settings: GenerationSettings, inputs: Inputs = NO_INPUTS, weights: tuple[float, ...] = ()
    ) -> None:
        self.loop.admit(Job(job_id, f"owner {job_id}", Draw(settings, inputs, weights=weights)))

    def run(self) -> None:
        while not self.loop.idle:
            self.loop.step()

    def of(self, job_id: int) -> list[Event]:
        return [event for event in self.events if event.job_id == job_id]

    def completed(self, job_id: int) -> Completed:
        ending = self.of(job_id)[-1]
        assert isinstance(ending, Completed), ending
        return ending

    def drawn(self, settings: GenerationSettings, inputs: Inputs = NO_INPUTS) -> Pixels:
        """The picture, once everything that was admitted is drawn."""
        self.admit(1, settings, inputs)
        self.run()
        return self.pixels(1)

    def pixels(self, job_id: int, index: int = 0) -> Pixels:
        """One of a finished job's pictures."""
        return pixels(self.completed(job_id).pictures[index].png)


def pixels(png: bytes) -> Pixels:
    """The picture (height, width, 3), 0 to 255."""
    return numpy.asarray(Image.open(BytesIO(png)), dtype=int)


@pytest.fixture
def without_families(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model of a family with an adapter is drawn by its own pipeline, as those without one."""
    monkeypatch.setattr(registry, "FAMILIES", ())


@pytest.fixture(scope="session")
def shipped() -> ModelCache:
    """With the shipped model, the same by another name, and one that is not there."""
    models = [POCKET, replace(POCKET, name="twin"), replace(POCKET, name="missing", source="/nowhere")]
    return ModelCache(Catalogue(models), DEVICE, torch.float32)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """A model so small that a number format which is imitated takes no time to speak of."""
    source = str(tiny.stable_diffusion_1(tmp_path_factory.mktemp("small")))
    return Catalogue([ModelSpec("small", source, width=64, height=64)])


@pytest.fixture(scope="session")
def cache(shipped: ModelCache) -> ModelCache:
    """The models of `driver` and `pocket`: shipped, unless a module overrides this with `tiny_cache`."""
    return shipped


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """A tiny model by the shipped one's name, the same by another, and one that is not there."""
    source = str(tiny.stable_diffusion_1(tmp_path_factory.mktemp("tiny")))
    named = ModelSpec("pocket", source, width=64, height=64)
    return Catalogue([named, replace(named, name="twin"), replace(named, name="missing", source="/nowhere")])


@pytest.fixture(scope="session")
def tiny_cache(tiny_models: Catalogue) -> ModelCache:
    """With `tiny_models`: five times as fast as the shipped model, for tests that don't look at what pictures show."""
    return ModelCache(tiny_models, DEVICE, torch.float32)


@pytest.fixture
def pocket(cache: ModelCache) -> UNetModel:
    return cache.take("pocket", on_load=lambda share: None)


@pytest.fixture
def driver(cache: ModelCache, pocket: UNetModel) -> LoopDriver:
    return LoopDriver(cache)


@pytest.fixture
def apple() -> GenerationSettings:
    return GenerationSettings(
        prompt="a red apple", seed=7, model="pocket", width=64, height=64, steps=6, guidance_scale=5.0
    )


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The folders of the shipped model and of tiny ones of every family that is drawn in the batch."""
    made = tmp_path_factory.mktemp("families")
    return {"pocket": POCKET.source} | {name: str(make(made / name)) for name, make in FAMILIES.items()}


@pytest.fixture(scope="session")
def family_cache(folders: dict[str, str]) -> ModelCache:
    """With all of `folders`, each by its name."""
    specs = [ModelSpec(name, source, width=64, height=64) for name, source in folders.items()]
    return ModelCache(Catalogue(specs), DEVICE, torch.float32, room=len(specs))


@pytest.fixture(scope="session")
def stock(folders: dict[str, str]) -> Stock:
    return Stock(folders)
