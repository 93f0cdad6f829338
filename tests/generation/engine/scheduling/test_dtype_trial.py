import atexit
import gc
import logging
from dataclasses import replace
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from weakref import ref

import pytest
import torch

from generation.catalogue import POCKET, Catalogue, ModelSpec
from generation.engine.models import loader
from generation.engine.models.batched_model import AnyBatchedModel, BatchedModel
from generation.engine.runtime import memory
from generation.engine.runtime.measurements import Measurements
from generation.engine.scheduling import dtype_trial, model_cache
from generation.engine.scheduling.dtype_trial import ROUNDS, DtypeTrial, forward_seconds
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import ModelTooLarge
from tests.generation.engine import tiny
from tests.generation.engine.loaded_once import LoadedOnce

CPU = torch.device("cpu")
PLENTY = 10**10


loaded = LoadedOnce()


@pytest.fixture(autouse=True)
def copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Caches get copies of models that are in memory already."""
    monkeypatch.setattr(model_cache, "load", loaded)


class Watch:
    """A device on which bfloat16 takes a share of float32's second, and which other work `disturbs` from a moment on,
    counted in forwards."""

    def __init__(self, share: float, disturbs: tuple[int, ...] = ()) -> None:
        self._share = share
        self._disturbs = disturbs
        self.timed: list[torch.dtype] = []

    def __call__(self, model: AnyBatchedModel) -> float:
        self.timed.append(model.dtype)
        seconds = self._share if model.dtype is torch.bfloat16 else 1.0
        return seconds * (10 if len(self.timed) in self._disturbs else 1)


@cache
def two() -> Catalogue:
    """Two models with networks so small that a number format which is imitated takes no time to speak of."""
    folder = Path(mkdtemp())
    atexit.register(rmtree, folder)
    source = str(tiny.stable_diffusion_1(folder))
    return Catalogue([ModelSpec(name, source, width=64, height=64) for name in ("pocket", "twin")])


def cache_with(watch: Watch, file: Path | None = None) -> ModelCache:
    return ModelCache(
        two(), CPU, torch.float32, trial=DtypeTrial(torch.bfloat16, Measurements(file, "number formats"), watch)
    )


def dtype_on(cache: ModelCache, name: str = "pocket") -> torch.dtype:
    model = cache.take(name, on_load=lambda share: None)
    return model.dtype if model.unet.dtype is model.dtype else torch.float64


@pytest.mark.parametrize(
    ("share", "taken"),
    [(0.4, torch.bfloat16), (0.9, torch.float32), (2.0, torch.float32)],
    ids=["much", "little", "no"],
)
def test_a_model_is_drawn_in_another_number_format_where_that_is_much_faster(share: float, taken: torch.dtype) -> None:
    watch = Watch(share)
    assert dtype_on(cache_with(watch)) is taken
    assert watch.timed == [torch.float32, torch.bfloat16] * (1 + ROUNDS), "in turns"


def test_how_far_loading_is_never_goes_back_where_two_number_formats_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model_cache, "load", loader.load)
    told: list[float] = []
    cache_with(Watch(0.9)).take("pocket", told.append)
    assert told == sorted(told)
    assert told[len(told) // 2] <= 0.5
    assert told[-1] == 1.0


@pytest.mark.parametrize("share", [0.9, 0.4])
@pytest.mark.parametrize("disturbs", [(1, 3, 7), (2, 4, 6), (5, 6, 7, 8)], ids=["the usual", "the other", "both"])
def test_what_else_the_machine_does_now_and_then_decides_nothing(share: float, disturbs: tuple[int, ...]) -> None:
    watch = Watch(share, disturbs)
    assert dtype_on(cache_with(watch)) is (torch.bfloat16 if share < 0.5 else torch.float32)


def test_where_memory_has_no_room_for_both_they_are_measured_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, read = loaded, list["ref[AnyBatchedModel]"]()

    def load(spec: object, device: object, dtype: object, *rest: object) -> AnyBatchedModel:
        if any(model() for model in read):
            raise ModelTooLarge("no")
        model = whole(spec, device, dtype, *rest)  # type: ignore[arg-type]
        assert isinstance(model, BatchedModel)
        read.append(ref(model))
        return model

    monkeypatch.setattr(model_cache, "load", load)
    watch = Watch(0.4)
    assert dtype_on(cache_with(watch)) is torch.bfloat16
    assert watch.timed == [torch.float32] * (1 + ROUNDS) + [torch.bfloat16] * (1 + ROUNDS)


@pytest.mark.parametrize("share", [0.4, 0.9], ids=["the usual", "the other"])
def test_the_number_format_that_is_not_taken_leaves_memory_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, share: float
) -> None:
    whole, read, left = loaded, list["ref[AnyBatchedModel]"](), list[int]()

    def load(*given: object) -> AnyBatchedModel:
        model = whole(*given)  # type: ignore[arg-type]
        assert isinstance(model, BatchedModel)
        read.append(ref(model))
        return model

    def release(device: torch.device) -> None:
        gc.collect()
        left.append(sum(model() is not None for model in read))

    monkeypatch.setattr(model_cache, "load", load)
    monkeypatch.setattr(memory, "release", release)
    spec = ModelSpec("pocket", str(tiny.stable_diffusion_1(tmp_path)), width=64, height=64)
    tried = ModelCache(Catalogue([spec]), CPU, torch.float32, trial=DtypeTrial(torch.bfloat16, seconds=Watch(share)))
    tried.any("pocket", on_load=lambda share: None)
    assert len(read) == 2
    assert left[-1] == 1


def test_it_is_tried_once_for_each_model_and_remembered(tmp_path: Path) -> None:
    file = tmp_path / "measured.json"
    assert dtype_on(cache_with(Watch(0.4), file)) is torch.bfloat16
    again = Watch(2.0)
    known = cache_with(again, file)
    assert dtype_on(known) is torch.bfloat16
    assert again.timed == []
    assert dtype_on(known, "twin") is torch.float32
    assert dtype_on(known) is torch.bfloat16
    assert len(again.timed) == 2 * (1 + ROUNDS)


def test_a_copy_that_memory_has_no_place_for_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole, too_large, asked = loaded, torch.bfloat16, list[torch.dtype]()

    def load(spec: object, device: object, dtype: torch.dtype, *rest: object) -> object:
        asked.append(dtype)
        if dtype is too_large:
            raise ModelTooLarge("no")
        return whole(spec, device, dtype, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(model_cache, "load", load)
    monkeypatch.setattr(memory, "free", lambda device: PLENTY)
    for file in (tmp_path / "one.json", tmp_path / "other.json"):
        taken = torch.bfloat16 if too_large is torch.float32 else torch.float32
        assert dtype_on(cache_with(Watch(0.4), file)) is taken
        asked.clear()
        watch = Watch(0.4)
        assert dtype_on(cache_with(watch, file)) is taken
        assert (asked, watch.timed) == ([taken], []), "at the next start it is read once, and not measured"
        too_large = torch.float32


@pytest.mark.parametrize("too_large", [torch.bfloat16, torch.float32])
def test_what_did_not_fit_is_tried_again_once_there_is_more_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, too_large: torch.dtype
) -> None:
    free, whole = [PLENTY], loaded

    def load(spec: object, device: object, dtype: torch.dtype, *rest: object) -> object:
        if dtype is too_large and free[0] < 2 * PLENTY:
            raise ModelTooLarge("no")
        return whole(spec, device, dtype, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(model_cache, "load", load)
    monkeypatch.setattr(memory, "free", lambda device: free[0])
    source, watch = str(tiny.stable_diffusion_1(tmp_path / "model")), Watch(0.9 if too_large is torch.float32 else 0.4)
    models = [ModelSpec(name, source, width=64, height=64) for name in ("pocket", "twin")]
    trial = DtypeTrial(torch.bfloat16, Measurements(tmp_path / "measured.json", "number formats"), watch)
    one = ModelCache(Catalogue(models), CPU, torch.float32, trial=trial)
    fitting, better = (torch.float32, torch.bfloat16)[:: 1 if too_large is torch.bfloat16 else -1]
    assert dtype_on(one) is fitting
    tried = len(watch.timed)
    for free[0] in (PLENTY, PLENTY // 2, int(1.2 * PLENTY)):
        one.any("twin", on_load=lambda share: None)
        timed = len(watch.timed)
        assert dtype_on(one) is fitting
        assert len(watch.timed) == timed, "that much is too little still"
    free[0] = 2 * PLENTY
    one.any("twin", on_load=lambda share: None)
    assert dtype_on(one) is better
    assert len(watch.timed) > tried
    tried = len(watch.timed)
    for free[0] in (2 * PLENTY, 4 * PLENTY):
        one.any("twin", on_load=lambda share: None)
        assert dtype_on(one) is better
    assert len(watch.timed) == tried, "it is known for good"


def test_no_other_model_leaves_memory_for_a_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = loaded

    def load(spec: ModelSpec, device: object, dtype: torch.dtype, *rest: object) -> object:
        if spec.name == "twin" and dtype is torch.bfloat16:
            raise ModelTooLarge("no")
        return whole(spec, device, dtype, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(model_cache, "load", load)
    models = two()
    both = ModelCache(models, CPU, torch.float32, room=2, trial=DtypeTrial(torch.bfloat16, seconds=Watch(0.9)))
    assert dtype_on(both) is torch.float32
    assert dtype_on(both, "twin") is torch.float32
    assert both.names == ["pocket", "twin"]


def test_a_pipeline_of_its_own_is_not_tried(tmp_path: Path) -> None:
    spec = replace(POCKET, name="pixart", source=str(tiny.pixart(tmp_path)))
    watch = Watch(0.4)
    trial = DtypeTrial(torch.bfloat16, seconds=watch)
    pixart = ModelCache(Catalogue([spec]), CPU, torch.float32, trial=trial).any("pixart", on_load=lambda share: None)
    assert (pixart.dtype, watch.timed) == (torch.float32, [])


def test_what_the_host_says_and_the_same_bits_are_not_put_to_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: True)
    tried = dtype_trial.trial_for(CPU, "auto", strict=False, measurements=None)
    assert tried is not None
    assert tried.dtype is torch.bfloat16
    assert dtype_trial.trial_for(CPU, "float32", strict=False, measurements=None) is None
    assert dtype_trial.trial_for(CPU, "auto", strict=True, measurements=None) is None
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    assert dtype_trial.trial_for(CPU, "auto", strict=False, measurements=None) is None


def test_the_device_itself_can_be_timed(pocket: AnyBatchedModel, caplog: pytest.LogCaptureFixture) -> None:
    seconds = forward_seconds(pocket)
    assert 0 < seconds < 60
    with caplog.at_level(logging.INFO):
        assert DtypeTrial(torch.bfloat16).decide(CPU, "pocket", usual=seconds, own=seconds / 2)
    assert "2.00 times as fast" in caplog.text


def test_a_file_of_measurements_that_is_spoilt_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "measured.json"
    file.write_text("[1, 2]")
    Measurements(file, "rows").put("a", 1)
    Measurements(file, "number formats").put("a", True)
    assert Measurements(file, "rows").get("a") == 1
    assert Measurements(file, "number formats").get("a") is True
    assert Measurements(tmp_path / "nowhere" / "file", "rows").get("a") is None


def test_what_memory_was_too_short_for_is_known_until_there_is_more(tmp_path: Path) -> None:
    file = tmp_path / "measured.json"
    first = Measurements(file, "rows")
    first.put("short", 4, PLENTY)
    first.put("for good", 8)
    for measurements in (first, Measurements(file, "rows")):
        assert [measurements.get("short", free) for free in (0, PLENTY, int(1.25 * PLENTY))] == [4, 4, 4]
        assert not measurements.is_outgrown("short", int(1.25 * PLENTY))
        assert measurements.get("short", 2 * PLENTY) is None
        assert measurements.is_outgrown("short", 2 * PLENTY)
        assert measurements.get("for good", 2 * PLENTY) == 8
        assert not any(measurements.is_outgrown(name, 2 * PLENTY) for name in ("for good", "nothing"))
