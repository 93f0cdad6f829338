"""A stage stops well, goes on where it was, and never leaves half a checkpoint."""

import json
import os
import signal
from pathlib import Path

import pytest
import torch
from torch import nn

from training.stage import Average, Sitting, Stopped, save_atomically, set_rate


def test_it_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    model = nn.Linear(2, 1)

    def stop_after(steps: int) -> int:
        with Sitting(tmp_path, {"model": model}, minutes=10) as sitting:
            first = sitting.step
            for step in sitting:
                nn.init.constant_(model.weight, float(step + 1))
                sitting.log(4, loss=1.0)
                if step + 1 - first == steps:
                    os.kill(os.getpid(), signal.SIGTERM)
        return 0

    with pytest.raises(Stopped, match="the same command goes on"):
        stop_after(3)
    nn.init.zeros_(model.weight)
    with pytest.raises(Stopped):
        stop_after(2)
    saved = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert (saved["step"], saved["samples"]) == (5, 20)
    assert saved["parts"]["model"]["weight"].tolist() == [[5.0, 5.0]]
    assert json.loads((tmp_path / "losses.jsonl").read_text().splitlines()[0])["loss"] == 1.0


def test_time_of_all_sittings_counts(tmp_path: Path) -> None:
    with Sitting(tmp_path, {}, minutes=0.003) as sitting:
        steps = sum(1 for _ in sitting)
    assert steps > 0
    with Sitting(tmp_path, {}, minutes=0.003) as sitting:
        assert sitting.progress == 1
        assert list(sitting) == []


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    save_atomically({"step": 1}, path)
    with pytest.raises(AttributeError):
        save_atomically({"step": lambda: None}, path)
    assert torch.load(path, weights_only=True) == {"step": 1}


def test_the_rate_warms_up_holds_and_falls() -> None:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    assert set_rate(optimizer, 1.0, 0.0, 0.5, step=0) == pytest.approx(0.01)
    assert set_rate(optimizer, 1.0, 0.5, 0.5) == pytest.approx(1.0)
    assert set_rate(optimizer, 1.0, 1.0, 0.5) == pytest.approx(0.02)


def test_average_and_swap() -> None:
    weight = nn.Parameter(torch.zeros(1))
    average = Average([weight])
    nn.init.ones_(weight)
    average.follow()
    kept = average.weights[0].item()
    assert 0 < kept < 1
    average.swap()
    assert weight.item() == pytest.approx(kept)
    average.swap()
    assert weight.item() == 1
