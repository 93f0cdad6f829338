"""Jobs for several models: which wait, for how long, and what is in memory meanwhile."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from generation.catalogue import Catalogue, ModelSpec
from generation.engine.runtime import memory
from generation.engine.scheduling import model_cache
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import FailureKind, ModelTooLarge
from generation.events import Completed, Ending, Failed, Progress, Started
from generation.settings import GenerationSettings
from tests.generation.engine import tiny
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.loaded_once import LoadedOnce

CPU = torch.device("cpu")
PLENTY = 10**10


loaded = LoadedOnce()


@pytest.fixture(autouse=True)
def copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Caches get copies of models that are in memory already."""
    monkeypatch.setattr(model_cache, "load", loaded)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The folders of small models called "one", "two", "three" and "large"."""
    made = tmp_path_factory.mktemp("models")
    small = str(tiny.stable_diffusion_1(made / "small"))
    return dict.fromkeys(["one", "two", "three"], small) | {"large": str(tiny.stable_diffusion_xl(made / "large"))}


class Bench:
    """A step loop over the models of `sources`, whose clock is set by hand."""

    def __init__(self, sources: dict[str, str], room: int = 1) -> None:
        self.now = 0.0
        specs = [ModelSpec(name, source, width=64, height=64) for name, source in sources.items()]
        self.cache = ModelCache(Catalogue([*specs, ModelSpec("missing", "/nowhere")]), CPU, torch.float32, room)
        self.driver = LoopDriver(self.cache, clock=lambda: self.now)

    def admit(self, job_id: int, model: str) -> None:
        asked = GenerationSettings("a fox", seed=3, model=model, width=64, height=64, steps=6, guidance_scale=5.0)
        self.driver.admit(job_id, asked)

    def begun(self) -> list[int]:
        return [event.job_id for event in self.driver.events if isinstance(event, Started)]

    def ended(self) -> list[int]:
        return [event.job_id for event in self.driver.events if isinstance(event, Ending)]


@pytest.fixture
def bench(sources: dict[str, str]) -> Bench:
    return Bench(sources)


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], int]], None]:
    """Have so many bytes of memory free."""
    return lambda there: monkeypatch.setattr(memory, "free", lambda device: there())


@pytest.mark.parametrize(("waited", "order"), [(19, [4, 1, 3, 2, 5]), (20, [4, 1, 2, 5, 3])])
def test_without_a_place_beside_the_batch_a_job_waits_for_its_end_and_not_for_newcomers_for_long(
    bench: Bench, free: Any, waited: int, order: list[int]
) -> None:
    free(lambda: 0 if bench.cache.names else PLENTY)
    bench.cache.take("one", lambda share: None)
    bench.admit(1, "one")
    bench.driver.loop.step()
    bench.admit(2, "two")
    bench.now = waited
    bench.admit(3, "one")
    bench.admit(4, "two")
    bench.admit(5, "two")
    bench.driver.loop.cancel(4)
    bench.driver.run()
    assert bench.ended() == order
    assert bench.cache.names == ["one" if order[-1] == 3 else "two"]


def test_with_a_place_beside_the_batch_a_job_begins_once_it_has_waited(bench: Bench, free: Any) -> None:
    free(lambda: PLENTY)
    bench.admit(0, "two")
    bench.driver.run()
    bench.admit(1, "one")
    bench.admit(2, "two")
    bench.now = 19.0
    bench.driver.loop.step()
    assert bench.begun() == [0, 1]
    bench.now = 20.0
    bench.admit(3, "one")
    bench.driver.loop.step()
    assert bench.begun() == [0, 1, 2], "those of the model that waited first"
    bench.driver.loop.step()
    bench.admit(4, "two")
    assert bench.begun() == [0, 1, 2, 3, 4], "and then whoever comes for either model"
    assert set(bench.cache.names) == {"one", "two"}
    bench.driver.run()
    assert sorted(bench.ended()) == [0, 1, 2, 3, 4]
    assert abs(bench.driver.pixels(2) - bench.driver.pixels(0)).max() <= 1
    assert len(bench.cache.names) == 1, "as many as the host wants there once nobody needs more"


def test_models_beside_each_other_share_the_time(bench: Bench, free: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    free(lambda: PLENTY)
    bench.admit(1, "one")
    bench.admit(2, "two")
    bench.now = 20.0
    bench.driver.loop.step()
    for model in ("one", "two"):
        network = bench.cache.take(model, lambda share: None).unet
        forward = network.forward

        def slow(*given: Any, forward: Any = forward, **named: Any) -> Any:
            bench.now += 1
            return forward(*given, **named)

        monkeypatch.setattr(network, "forward", slow)
    bench.driver.run()
    order = [event.job_id for event in bench.driver.events if isinstance(event, Progress)]
    assert order[-8:] in ([1, 2] * 4, [2, 1] * 4)


@pytest.mark.parametrize("alone", [True, False])
def test_what_memory_lacks_beside_another_model_is_not_kept_for_the_next_start(
    bench: Bench, free: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    free(lambda: PLENTY)
    file = tmp_path / "measured.json"
    bench.driver = LoopDriver(bench.cache, BatchSizing(4, file=file), clock=lambda: bench.now)
    bench.admit(1, "one")
    if not alone:
        bench.admit(2, "two")
        bench.now = 20.0
    bench.driver.loop.step()
    network = bench.cache.take("one", lambda share: None).unet
    whole = network.forward

    def small(latents: torch.Tensor, *rest: Any, **named: Any) -> Any:
        if len(latents) > 1:
            raise torch.OutOfMemoryError
        return whole(latents, *rest, **named)

    monkeypatch.setattr(network, "forward", small)
    bench.driver.run()
    assert "up to 1 row" in bench.driver.completed(1).circumstances
    assert file.exists() == alone


def test_what_is_idle_makes_place_and_what_is_at_work_does_not(sources: dict[str, str], free: Any) -> None:
    bench = Bench(sources, room=2)
    bench.cache.take("large", lambda share: None)
    free(lambda: 0 if "large" in bench.cache.names else PLENTY)
    bench.admit(1, "large")
    bench.admit(2, "one")
    bench.now = 20.0
    bench.driver.loop.step()
    assert bench.begun() == [1], "nothing is idle"
    bench.driver.run()
    assert bench.ended() == [1, 2]
    assert bench.cache.names == ["one"]
    free(lambda: PLENTY)
    bench.cache.take("large", lambda share: None)
    free(lambda: 0 if "large" in bench.cache.names else PLENTY)
    bench.admit(3, "one")
    bench.admit(4, "two")
    bench.now = 40.0
    bench.driver.loop.step()
    assert bench.begun()[2:] == [3, 4]
    assert bench.cache.names == ["one", "two"]


def test_a_place_is_looked_for_again_once_a_job_has_ended(
    bench: Bench, free: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, whole = list[str](), ModelCache.has_place

    def has_place(self: ModelCache, name: str, in_use: Any) -> bool:
        asked.append(name)
        return whole(self, name, in_use)

    monkeypatch.setattr(ModelCache, "has_place", has_place)
    bench.admit(1, "one")
    bench.driver.loop.step()
    bench.admit(2, "one")
    bench.admit(3, "two")
    bench.now, there = 20.0, [0]
    free(lambda: there[0])
    for _ in range(3):
        bench.driver.loop.step()
    assert asked == ["two"]
    there[0] = PLENTY
    while 1 not in bench.ended():
        assert bench.begun() == [1, 2]
        bench.driver.loop.step()
    bench.driver.loop.step()
    assert bench.begun() == [1, 2, 3]
    assert bench.ended() == [1]
    assert asked == ["two", "two"]


def test_a_model_that_turns_out_to_have_no_place_waits_for_the_others(
    bench: Bench, free: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(lambda: PLENTY)
    whole, tried = loaded, list[str]()

    def load(spec: ModelSpec, *rest: Any) -> Any:
        tried.append(spec.name)
        if bench.cache.names:
            raise ModelTooLarge("more than was thought")
        return whole(spec, *rest)

    monkeypatch.setattr(model_cache, "load", load)
    bench.admit(1, "one")
    bench.admit(2, "two")
    bench.admit(3, "two")
    bench.now = 20.0
    bench.driver.run()
    assert bench.ended() == [1, 2, 3]
    assert all(isinstance(bench.driver.of(job_id)[-1], Completed) for job_id in (1, 2, 3))
    assert tried == ["one", "two", "two", "two"]


def test_a_model_that_cannot_be_read_waits_and_fails_by_itself(bench: Bench) -> None:
    bench.admit(1, "one")
    bench.admit(2, "missing")
    bench.now = 20.0
    bench.driver.run()
    assert bench.ended() == [1, 2]
    ending = bench.driver.of(2)[-1]
    assert isinstance(ending, Failed)
    assert ending.kind is FailureKind.MODEL_UNAVAILABLE
