"""Fixtures for every kind of test, the order in which files are run, and the search for tokens in what they write."""

import importlib.util
import logging
import os
import shutil
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest

from bot.cli.soak.ray_nodes import LOOPBACK, RayNodes
from generation.ray_pool import RayPool
from tests.forked_worker import ForkServer
from tests.ray_pools import RayPools
from tests.written import Searched, place_of_token

TESTS = Path(__file__).parent


SLOW_FIRST = ("training", "bot/cli", "benchmarks", "journeys", "generation/engine")
"""Folders whose files run before the others: a long file that begins last leaves the other processes idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        folder = item.path.parent.relative_to(TESTS).as_posix()
        return next((place for place, slow in enumerate(SLOW_FIRST) if folder.startswith(slow)), len(SLOW_FIRST))

    items.sort(key=place)


SEARCHED = pytest.StashKey[Searched]()


IN_MEMORY = Path("/dev/shm")
ROOM = 8 * 10**9
"""Free bytes for the files of a run, which take about one tenth of it."""


def pytest_configure(config: pytest.Config) -> None:
    """Search every line of the log, also the ones that nobody would see. Keep files in memory where there is room: a
    journey waits for the disk a dozen times."""
    if IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))
    searched = config.stash[SEARCHED] = Searched()
    searched.watch_errors()
    logging.getLogger().addHandler(searched)
    logging.getLogger().setLevel(logging.DEBUG)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that wrote a token: into the log, an error, or the output of this process and those it started."""
    report = yield
    found = item.config.stash[SEARCHED].taken()
    written = [(name, text) for name, text in report.sections if not name.startswith("Captured log")]
    for name, text in [*written, ("the error", str(report.longrepr))]:
        if (place := place_of_token(text)) is not None:
            found.append(f"{name}, after {place!r}")
    if found:
        report.outcome = "failed"
        report.longrepr = "\n".join(["A token was written:", *found])
    return report


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    """Starts workers fast; see `tests.forked_worker`."""
    with ForkServer() as server:
        yield server


@pytest.fixture(scope="module")
async def ray_pools(fork_server: ForkServer) -> AsyncIterator[RayPools]:
    """A Ray cluster of two nodes, and pools on it. An idle one takes a third of a core, so none outlives its file."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed.")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in LOOPBACK.items():
            patch.setenv(name, value)
        async with RayNodes() as nodes:
            pools = RayPools(nodes, fork_server.command())
            yield pools
            await pools.close()


@pytest.fixture
async def ray_pool(ray_pools: RayPools) -> AsyncIterator[RayPool]:
    """A pool on Ray that is shared by all tests with this fixture."""
    pool = await ray_pools.shared()
    yield pool
    await pool.empty()
