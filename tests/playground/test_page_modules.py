"""The page's own tests, run by node where there is one."""

import shutil
import subprocess
from pathlib import Path

import pytest

PAGE_TESTS = sorted(Path(__file__).parent.glob("page/*.test.mjs"))


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node on this machine")
def test_the_modules_of_the_page() -> None:
    result = subprocess.run(["node", "--test", *PAGE_TESTS], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
