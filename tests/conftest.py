"""Fixtures for every kind of test."""

from collections.abc import Iterator

import pytest

from tests.forked_worker import ForkServer


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    """Starts workers fast; see `tests.forked_worker`."""
    with ForkServer() as server:
        yield server
