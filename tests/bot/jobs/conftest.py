"""Forwards whose seconds are in proportion to their rows, so that times of the queue can be worked out by head."""

import pytest

from generation import forward_seconds


@pytest.fixture(autouse=True)
def in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward_seconds, "GROWTH", 1.0)
