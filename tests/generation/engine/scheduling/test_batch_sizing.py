import json
import math
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from generation import wire
from generation.engine import worker
from generation.engine.benchmarking import bench
from generation.engine.denoising.state import DenoisingState
from generation.engine.models.unet_model import UNetModel
from generation.engine.runtime import memory
from generation.engine.scheduling import profiling
from generation.engine.scheduling.batch_sizing import BUSY_SHARE, QUIET_SECONDS, RESULT_SECONDS, TURNS, BatchSizing
from generation.engine.scheduling.profiling import DeviceMeter, device_name
from generation.settings import GenerationSettings


@dataclass
class Device:
    """A meter of a device that takes `forward` seconds for its forwards and holds `memory` rows, while other programs
    use the share `others` of its processor."""

    forward: dict[int, float]
    memory: int = 1000
    asked: list[int] = field(default_factory=list)
    others: float = 0.0

    def seconds(self, state: DenoisingState, rows: int) -> float:
        self.asked.append(rows)
        return self.forward[rows]

    def has_memory(self, state: DenoisingState, rows: int) -> bool:
        return rows <= self.memory

    def others_share(self) -> float:
        return self.others


LEVELS_OFF = {2: 1 / 55, 4: 2 / 55 * 0.7, 8: 4 / 55 * 0.6, 16: 8 / 55 * 0.59}


PLENTY = 10**10


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bytes that are free, to be changed."""
    there = [PLENTY]
    monkeypatch.setattr(memory, "free", lambda device: there[0])
    return there


@pytest.fixture
def state(pocket: UNetModel, apple: GenerationSettings) -> DenoisingState:
    return DenoisingState(pocket, apple)


def test_more_rows_are_tried_as_they_are_wanted_until_they_do_not_pay(state: DenoisingState) -> None:
    device = Device(LEVELS_OFF)
    sizing = BatchSizing(64, meter=device)
    assert sizing.of(state, wanted=2).most == 2
    assert device.asked == []
    assert sizing.of(state, wanted=3).most == 4
    assert sizing.of(state, wanted=40).most == 8
    forwards = [2, 4] * (1 + TURNS) + [4, 8] * (1 + TURNS) + [8, 16] * (1 + TURNS)
    assert device.asked == forwards
    assert sizing.of(state, wanted=40).most == 8
    assert device.asked == forwards


@pytest.mark.parametrize(
    "pace",
    [
        pytest.param([3.0, 3.0, 1.0], id="slow first forwards"),
        pytest.param([1.0, 1.0, 0.5, *[1.0] * 11] * 3, id="one fast forward"),
        pytest.param([1 + 0.2 * (number // 2 % 5) for number in range(36)], id="now slow, now fast"),
        pytest.param([1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 1.0], id="slow for a while"),
    ],
)
def test_a_machine_that_changes_its_pace_is_not_misjudged(state: DenoisingState, pace: list[float]) -> None:
    class Uneasy(Device):
        def seconds(self, state: DenoisingState, rows: int) -> float:
            factor = pace[min(len(self.asked), len(pace) - 1)]
            return factor * super().seconds(state, rows)

    assert BatchSizing(64, meter=Uneasy(LEVELS_OFF)).of(state, wanted=40).most == 8


def test_the_first_forward_may_take_long(state: DenoisingState) -> None:
    class Compiling(Device):
        def seconds(self, state: DenoisingState, rows: int) -> float:
            return (1.0 if rows in self.asked else 60.0) * super().seconds(state, rows)

    assert BatchSizing(64, meter=Compiling(LEVELS_OFF)).of(state, wanted=40).most == 8


def test_memory_and_patience_end_it_too(state: DenoisingState) -> None:
    assert BatchSizing(64, meter=Device(LEVELS_OFF, memory=4)).of(state, wanted=40).most == 4
    slow = Device({2: 25.0})
    assert BatchSizing(64, meter=slow).of(state, wanted=40).most == 2
    assert slow.asked == [2, 2]
    assert BatchSizing(4, meter=Device(LEVELS_OFF)).of(state, wanted=40).most == 4


def test_what_was_measured_is_known_at_the_next_start(state: DenoisingState, tmp_path: Path) -> None:
    file = tmp_path / "measured.json"
    assert BatchSizing(4, meter=Device(LEVELS_OFF), file=file).of(state, wanted=40).most == 4
    allowed_more = Device(LEVELS_OFF)
    assert BatchSizing(64, meter=allowed_more, file=file).of(state, wanted=40).most == 8
    assert allowed_more.asked == [4, 8] * (1 + TURNS) + [8, 16] * (1 + TURNS)
    assert BatchSizing(64, meter=Device({}), file=file).of(state, wanted=40).most == 8
    file.write_text("[broken")
    assert BatchSizing(64, meter=Device(LEVELS_OFF), file=file).of(state, wanted=40).most == 8


@pytest.mark.parametrize(
    ("meter", "strict"), [(Device(LEVELS_OFF), False), (None, False), (None, True)], ids=["measured", "told", "strict"]
)
@pytest.mark.usefixtures("free")
def test_what_did_not_fit_is_known_at_the_next_start(
    state: DenoisingState,
    pocket: UNetModel,
    apple: GenerationSettings,
    tmp_path: Path,
    meter: Device | None,
    strict: bool,
) -> None:
    file = tmp_path / "measured.json"
    first = BatchSizing(8, strict, meter, file)
    assert first.of(state, wanted=8).most == 8
    assert first.halve(state, failed=8).most == 4
    again = BatchSizing(8, strict, Device({}) if meter else None, file)
    assert again.of(state, wanted=8).most == 4
    assert again.halve(state, failed=2).most == 1
    assert BatchSizing(8, strict, file=file).of(state, wanted=8).holding(1) == 1
    assert again.of(DenoisingState(pocket, replace(apple, width=256))).most == (2 if meter else 8), (
        "other sizes may still fit"
    )
    file.unlink()
    assert BatchSizing(8, strict, meter, file).of(state, wanted=8).most == 8


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("beside_others", [False, True])
def test_what_did_not_fit_is_tried_again_once_there_is_more_memory(
    state: DenoisingState, free: list[int], tmp_path: Path, strict: bool, beside_others: bool
) -> None:
    file = tmp_path / "measured.json"
    first = BatchSizing(8, strict, file=file)
    assert first.of(state, wanted=16).most == 8
    first.halve(state, failed=8, beside_others=beside_others)
    for free[0] in (PLENTY, PLENTY // 2, int(1.25 * PLENTY)):
        assert first.of(state, wanted=16).most == 4
        assert BatchSizing(8, strict, file=file).of(state).most == (8 if beside_others else 4)
    free[0] = 2 * PLENTY
    assert first.of(state, wanted=4).most == 4, "nobody wants more"
    assert first.of(state, wanted=16).most == (4 if strict else 8)
    assert BatchSizing(8, strict, file=file).of(state).most == 8
    first.halve(state, failed=8)
    assert first.of(state, wanted=16).most == 4, "as much did not fit into this either"


@pytest.mark.parametrize("lacking", [{"memory": 4}, {"forward": LEVELS_OFF | {8: math.inf}}], ids=["counted", "tried"])
def test_rows_that_memory_and_not_time_ends_are_measured_again_once_there_is_more(
    state: DenoisingState, free: list[int], tmp_path: Path, lacking: dict[str, Any]
) -> None:
    file, device = tmp_path / "measured.json", Device(**{"forward": LEVELS_OFF} | lacking)
    sizing = BatchSizing(64, meter=device, file=file)
    for free[0] in (PLENTY, int(1.25 * PLENTY)):
        assert sizing.of(state, wanted=40).most == 4
        assert BatchSizing(64, meter=Device({}), file=file).of(state, wanted=40).most == 4
    free[0] = 2 * PLENTY
    device.memory, device.forward = 1000, LEVELS_OFF
    assert sizing.of(state, wanted=40).most == 8
    free[0] = 8 * PLENTY
    assert BatchSizing(64, meter=Device({}), file=file).of(state, wanted=40).most == 8, "time ended these"


def test_rows_of_a_file_without_free_bytes_hold_however_much_is_free(
    state: DenoisingState, free: list[int], tmp_path: Path
) -> None:
    file = tmp_path / "measured.json"
    kind = BatchSizing(8)._kind(state)
    file.write_text(json.dumps({"rows": {kind: {"rows": 8, "final": True, "at": time.time()}}}))
    free[0] = 8 * PLENTY
    assert BatchSizing(64, meter=Device({}), file=file).of(state, wanted=40).most == 8
    file.write_text(json.dumps({"rows that fit": {kind: 4}}))
    assert BatchSizing(64, meter=Device({}), file=file).of(state, wanted=40).most == 4


NO_GAIN = {2: 1 / 55, 4: 2 / 55}
"""The readings of a busy machine."""


@dataclass
class Noon:
    """A clock that is set by hand."""

    now: float = 2e9

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("restarted", [False, True])
def test_a_disturbed_measurement_is_repeated_once_other_programs_are_quiet(
    state: DenoisingState, tmp_path: Path, restarted: bool
) -> None:
    file, clock, device = tmp_path / "measured.json", Noon(), Device(NO_GAIN, others=0.9)
    sizing = BatchSizing(64, meter=device, file=file, clock=clock)
    assert sizing.of(state, wanted=40).most == 2
    device.asked.clear()
    if restarted:
        sizing = BatchSizing(64, meter=device, file=file, clock=clock)
    clock.now += QUIET_SECONDS
    assert sizing.of(state, wanted=40).most == 2
    device.forward, device.others = LEVELS_OFF, BUSY_SHARE
    assert sizing.of(state, wanted=40).most == 2
    assert device.asked == [], "they were busy within the last minute"
    clock.now += QUIET_SECONDS
    assert sizing.of(state, wanted=2).most == 2, "nobody wants more"
    assert sizing.of(state, wanted=40).most == 8
    device.asked.clear()
    clock.now += QUIET_SECONDS
    assert sizing.of(state, wanted=40).most == 8
    assert BatchSizing(64, meter=Device({}), file=file, clock=clock).of(state, wanted=40).most == 8
    assert device.asked == [], "what was measured undisturbed holds"


@pytest.mark.parametrize("others", [0.0, 0.9])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_result_is_measured_again_once_it_is_a_day_old(
    state: DenoisingState, tmp_path: Path, restarted: bool, others: float
) -> None:
    file, clock, device = tmp_path / "measured.json", Noon(), Device(NO_GAIN)
    sizing = BatchSizing(64, meter=device, file=file, clock=clock)
    assert sizing.of(state, wanted=40).most == 2
    device.forward, device.others = LEVELS_OFF, others
    if restarted:
        sizing = BatchSizing(64, meter=device, file=file, clock=clock)
    clock.now += RESULT_SECONDS
    assert sizing.of(state, wanted=40).most == 2
    clock.now += 1
    assert sizing.of(state, wanted=40).most == 8


@pytest.mark.parametrize("at", [{}, {"at": 3e9}, {"at": "noon"}], ids=["none", "in the future", "not a time"])
def test_a_result_without_a_time_counts_as_old(state: DenoisingState, tmp_path: Path, at: dict[str, Any]) -> None:
    file, clock, device = tmp_path / "measured.json", Noon(), Device(LEVELS_OFF)
    kind = BatchSizing(8)._kind(state)
    file.write_text(json.dumps({"rows": {kind: {"rows": 4, "final": True} | at}}))
    assert BatchSizing(64, meter=device, file=file, clock=clock).of(state, wanted=40).most == 8
    assert device.asked == [4, 8] * (1 + TURNS) + [8, 16] * (1 + TURNS)
    assert BatchSizing(64, meter=Device({}), file=file, clock=clock).of(state, wanted=40).most == 8


def test_neither_a_day_nor_quiet_lets_more_rows_run_than_fit_or_are_allowed(
    state: DenoisingState, free: list[int]
) -> None:
    clock = Noon()
    short = BatchSizing(64, meter=Device(LEVELS_OFF), clock=clock)
    assert short.of(state, wanted=40).most == 8
    short.halve(state, failed=8)
    allowed = BatchSizing(10, meter=Device(LEVELS_OFF), clock=clock)
    strict = BatchSizing(4, strict=True, meter=Device({}), clock=clock)
    for _ in range(3):
        clock.now += 2 * RESULT_SECONDS
        assert short.of(state, wanted=40).most == 4
        assert allowed.of(state, wanted=40).most == 8
        assert strict.of(state, wanted=40).most == 4


def test_what_other_programs_use_of_the_processor_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 100 seconds of all cores, 40 are idle, and 50 are this process's own."""
    counters = [{"user": 10.0, "idle": 20.0, "guest": 5.0}, {"user": 70.0, "idle": 60.0, "guest": 6.0}]
    own = iter([1.0, 51.0, 51.0])
    times = iter([*counters, counters[1]])
    monkeypatch.setattr(
        profiling, "psutil", SimpleNamespace(cpu_times=lambda: SimpleNamespace(_asdict=lambda: next(times)))
    )
    monkeypatch.setattr(profiling, "time", SimpleNamespace(process_time=lambda: next(own)))
    meter = DeviceMeter()
    assert meter.others_share() == pytest.approx(0.1)
    assert meter.others_share() == 0


def test_a_worker_draws_as_many_users_together_as_the_benchmark(
    state: DenoisingState, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = wire.Configure(models=())
    assert options.max_pictures >= bench.JOBS
    device = Device({rows: 1 / rows**0.5 for rows in (2, 4, 8, 16, 32, 64, 128)}, memory=32)
    monkeypatch.setattr(worker, "DeviceMeter", lambda: device)
    guided = 2 * bench.JOBS
    assert worker.sizing_for(options).of(state, wanted=guided).most == guided
    assert worker.sizing_for(replace(options, strict=True)).of(state).most == worker.STRICT_ROWS
    assert worker.sizing_for(replace(options, largest_batch=4)).of(state, wanted=guided).most == 4


def test_sizes_are_measured_each_by_itself(state: DenoisingState, pocket: UNetModel, apple: GenerationSettings) -> None:
    sizing = BatchSizing(64, meter=Device(LEVELS_OFF))
    wide = DenoisingState(pocket, replace(apple, width=256))
    assert sizing.of(state, wanted=40).most == 8
    assert sizing.of(wide, wanted=2).most == 2
    assert sizing.halve(state, failed=8).most == 4
    assert sizing.of(state, wanted=40).most == 4


def test_a_strict_or_told_size_is_not_measured(state: DenoisingState) -> None:
    assert BatchSizing(16, strict=True, meter=Device({})).of(state, wanted=40).most == 16
    assert BatchSizing(16).of(state, wanted=2).most == 16


def test_the_device_itself_can_be_measured_whatever_it_held_before(
    pocket: UNetModel, apple: GenerationSettings
) -> None:
    state = DenoisingState(pocket, replace(apple, width=512, height=512))
    torch.ones(2**28)
    meter = DeviceMeter()
    assert 0 < meter.seconds(state, 2) < 60
    assert meter.bytes_taken > 0
    assert meter.has_memory(state, 4)
    assert not meter.has_memory(state, 10**12)
    assert "threads" in device_name(state.model.device)


@pytest.mark.parametrize("fitting", range(2 + 2 * TURNS))
def test_memory_that_ends_in_any_forward_is_too_little(
    state: DenoisingState, free: list[int], monkeypatch: pytest.MonkeyPatch, fitting: int
) -> None:
    taken = []

    def forward(state: DenoisingState, rows: int) -> float:
        taken.append(rows)
        if len(taken) > fitting:
            raise torch.OutOfMemoryError
        return LEVELS_OFF[rows]

    monkeypatch.setattr(profiling, "timed", forward)
    sizing = BatchSizing(4, meter=DeviceMeter())
    assert sizing.of(state, wanted=4).most == 2
    free[0] = 2 * PLENTY
    taken.clear()
    fitting = 1000
    assert sizing.of(state, wanted=4).most == 4, "once there is more"
