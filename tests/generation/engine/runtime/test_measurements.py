"""The file of measurements."""

import os
from pathlib import Path

from generation.engine.runtime.measurements import Measurements


def test_only_this_user_can_read_the_file(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Measurements(tmp_path / "measured.json", "rows").put("a", 1)
    finally:
        os.umask(before)
    assert (tmp_path / "measured.json").stat().st_mode & 0o777 == 0o600
    assert Measurements(tmp_path / "measured.json", "rows").get("a") == 1
