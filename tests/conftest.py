"""Fixtures for every kind of test, and the order in which files are run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked_worker import ForkServer

TESTS = Path(__file__).parent


SLOW_FIRST = ("training", "bot/cli", "benchmarks", "journeys", "generation/engine")
"""Folders whose files run before the others: a long file that begins last leaves the other processes idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        folder = item.path.parent.relative_to(TESTS).as_posix()
        return next((place for place, slow in enumerate(SLOW_FIRST) if folder.startswith(slow)), len(SLOW_FIRST))

    items.sort(key=place)


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    """Starts workers fast; see `tests.forked_worker`."""
    with ForkServer() as server:
        yield server
