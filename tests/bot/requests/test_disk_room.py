"""The room on the disk of the data folder."""

from pathlib import Path

import pytest

from bot.errors import Refusal
from bot.requests import disk_room
from bot.requests.disk_room import AGE, NEARLY_FULL, DiskRoom


def test_the_disk_is_looked_at_now_and_then_and_the_log_says_when_it_is_full(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now, free = 100.0, NEARLY_FULL - 1
    monkeypatch.setattr(disk_room, "free_bytes", lambda folder: free)
    room = DiskRoom(Path("data"), lambda: now)
    with pytest.raises(Refusal):
        room.check()
    free = NEARLY_FULL
    with pytest.raises(Refusal):
        room.check()
    now += AGE
    room.check()
    assert [each.getMessage() for each in caplog.records] == [
        "the disk of data is nearly full: requests are refused until there is room",
        "the disk of data has room again: requests are taken",
    ]


def test_a_folder_that_is_not_there_yet_is_no_full_disk(tmp_path: Path) -> None:
    DiskRoom(tmp_path / "none").check()
