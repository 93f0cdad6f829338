"""Runs the tests of the page's JavaScript modules, if node is installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

PAGE_TESTS = sorted(Path(__file__).parent.glob("*.test.mjs"))


@pytest.mark.skipif(shutil.which("node") is None, reason="node isn't installed")
def test_the_modules_of_the_page() -> None:
    result = subprocess.run(["node", "--test", *PAGE_TESTS], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
