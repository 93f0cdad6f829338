from collections.abc import Iterator

import pytest
import torch

from benchmarks import networks, random_weights
from generation.engine.benchmarking.ratios import Ratio
from generation.engine.runtime import memory
from generation.plans import GIGABYTE

PUBLISHED = {"sd15": 859.5, "sdxl": 2567.5, "flux": 11901.4, "z-image": 6154.9}
"""Millions of parameters of the UNet or transformer."""

TINY = ("--tiny", "--dtype", "float32", "--device", "cpu")


@pytest.mark.parametrize(("size", "millions"), PUBLISHED.items())
def test_the_networks_have_the_parameters_of_the_published_ones(size: str, millions: float) -> None:
    made = networks.SIZES[size].networks(False)
    with torch.device("meta"):
        network = (made.get("unet") or made["transformer"])()
    assert sum(each.numel() for each in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.1)


@pytest.mark.parametrize("size", PUBLISHED)
def test_all_figures_come_out_in_the_tiny_form(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], size: str
) -> None:
    """The step loop is ready for several jobs and for one; time is up after a round of each."""
    monkeypatch.setattr("sys.argv", ["random_weights", "--size", size, *TINY, "--jobs", "1", "2", "--seconds", "0"])
    random_weights.main()
    first, forward, *lines = capsys.readouterr().out.splitlines()
    assert first == f"{size}, 64x64, float32, cpu, not accelerated"
    assert forward.startswith("  forward of one picture: ")
    heads = [line.strip() for line in lines if line.endswith(":")]
    assert heads == ["2 jobs of 4 to 5 steps, 1 rounds:", "1 job of 4 steps, 1 rounds:"]
    figures = dict(line.split(maxsplit=1) for line in lines if not line.endswith(":"))
    ratios = {"throughput_ratio", "first_preview_ratio", "ceiling_fraction", "overhead"}
    assert ratios < figures.keys()
    assert all(
        figures[name].endswith("unsettled: one round") and float(figures[name].split()[0]) > 0 for name in ratios
    )
    assert figures["memory_gb"] == "not counted"


def test_a_variant_is_compared_with_the_pipeline_as_it_comes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    attention = ["--attention", "_native_math"]
    monkeypatch.setattr("sys.argv", ["random_weights", *TINY, "--jobs", "1", "--seconds", "0", *attention])
    random_weights.main()
    said = capsys.readouterr().out
    assert said.startswith("sd15, 64x64, float32, cpu, attention _native_math\n")
    assert "throughput_ratio" in said


def test_what_has_no_room_is_skipped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["random_weights", "--size", "flux", "--device", "cpu"])
    monkeypatch.setattr(memory, "free", lambda device: 24 * GIGABYTE)
    random_weights.main()
    assert capsys.readouterr().out.endswith("skipped: it needs 24.0 GB of weights, and 24.0 GB are free\n")


def test_what_runs_out_of_memory_is_skipped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object, **__: object) -> Iterator[str]:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("sys.argv", ["random_weights", "--size", "flux", *TINY])
    monkeypatch.setattr(networks, "make", fails)
    random_weights.main()
    assert capsys.readouterr().out.endswith("skipped: out of memory\n")


@pytest.mark.parametrize(("forward", "steps"), [(0.001, 15), (0.1, 4), (0.04, 5)])
def test_a_slow_device_draws_fewer_steps(forward: float, steps: int) -> None:
    """Nine times 16 jobs in 30 seconds."""
    assert random_weights.fitting_steps(usual=15, jobs=16, forward=forward, seconds=30.0) == steps


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "not counted"),
        (31.25, "31.25"),
        (Ratio((2.0,)), "2.00  unsettled: one round"),
        (Ratio((1.9, 2.0, 2.1)), "2.00  spread 10 %"),
        (Ratio((1.9, 2.0, 2.3)), "2.00  unsettled: spread 20 %"),
    ],
)
def test_a_ratio_is_told_with_its_spread(value: Ratio | float | None, told: str) -> None:
    assert random_weights.told(value) == told
