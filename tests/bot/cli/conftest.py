"""Commands run in this process, and their workers start at once."""

from collections.abc import Iterator

import pytest

from generation import local_worker
from tests.forked_worker import ForkServer


@pytest.fixture(scope="module", autouse=True)
def forked_workers(fork_server: ForkServer) -> Iterator[None]:
    """Have the program start forked workers where it would start the real command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_worker, "WORKER", fork_server.command())
        yield
