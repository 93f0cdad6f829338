import logging

import aiohttp
import pytest

from bot.failure_log import log_failure
from storage.database import StorageError

log = logging.getLogger("bot.test")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (StorageError("database is locked\n[SQL: BEGIN]\n(Background on this error)"), "database is locked"),
        (aiohttp.ServerDisconnectedError(), "Server disconnected"),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_what_comes_from_outside_is_one_line(error: Exception, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    log_failure(log, error, "request %s failed", 7)
    [record] = caplog.records
    assert (record.getMessage(), record.levelname, record.exc_info) == (f"request 7 failed: {reason}", "WARNING", None)


def test_what_is_ours_has_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    log_failure(log, KeyError("seed"), "request %s failed", 7)
    [record] = caplog.records
    assert (record.getMessage(), record.levelname) == ("request 7 failed", "ERROR")
    assert record.exc_info is not None
