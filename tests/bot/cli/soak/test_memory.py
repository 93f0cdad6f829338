import pytest

from bot.cli.soak.memory import Memory


def test_the_slope_is_megabytes_per_thousand_requests() -> None:
    memory = Memory()
    for requests in range(0, 400, 10):
        memory.note(1, requests, 100 + 0.02 * requests)
    assert memory.slope() == pytest.approx(20)
    assert str(memory) == "memory +20.0 MB per 1000 requests"


def test_the_slope_is_that_of_the_longest_life_without_its_start() -> None:
    memory = Memory()
    for requests in (0, 10, 20):
        memory.note(1, requests, 50 + requests)
    for requests in range(20, 420, 10):
        memory.note(2, requests, 60 if requests < 100 else 100)
    assert memory.slope() == pytest.approx(0, abs=20)
    assert Memory().slope() == 0


def test_no_slope_is_told_of_few_requests() -> None:
    memory = Memory()
    for requests in range(0, 60, 3):
        memory.note(1, requests, 100 + requests)
    assert str(memory) == str(Memory()) == "memory not told: too few requests"
