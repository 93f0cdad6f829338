import json

import pytest
import torch

from benchmarks import random_weights
from generation.engine.benchmarking import bench


@pytest.mark.parametrize(("size", "millions"), [("sd15", 859.5), ("sdxl", 2567.5)])
def test_the_networks_have_the_parameters_of_the_published_ones(size: str, millions: float) -> None:
    with torch.device("meta"):
        unet = getattr(random_weights, f"{size}_unet")()
    assert sum(each.numel() for each in unet.parameters()) / 1e6 == pytest.approx(millions, abs=0.1)


def test_all_figures_come_out_in_the_tiny_form(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--tiny", "--jobs", "2", "--resolution", "64", "--dtype", "float32", "--device", "cpu"]
    monkeypatch.setattr("sys.argv", ["random_weights", "--size", "sdxl", *options])
    monkeypatch.setattr(bench, "cost_to_others", lambda *_: 1.0)
    monkeypatch.setattr(bench, "REPEATS", 1)
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "ALONE_STEPS", 3)
    random_weights.main()
    figures = json.loads(capsys.readouterr().out)
    assert figures["pixel_max_diff"] <= 1
    assert (figures["size"], figures["tiny"], figures["resolution"], figures["jobs"]) == ("sdxl", True, 64, 2)
    ratios = ("throughput_ratio", "first_preview_ratio", "single_job_overhead", "ceiling_fraction")
    assert all(figures[name] > 0 for name in ratios)
