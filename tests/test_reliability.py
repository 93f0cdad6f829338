"""docs/reliability.md names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs/reliability.md").read_text())


def test_every_promise_names_a_test() -> None:
    lines = (ROOT / "docs/reliability.md").read_text().splitlines()
    promises = [line for line in lines if line.startswith("| ") and not line.startswith(("| fault", "| ---"))]
    assert len(promises) > 50
    assert [line for line in promises if not re.search(r"`tests/[\w/]+\.py::\w+`", line)] == []


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_every_named_test_is_there(file: str, name: str) -> None:
    assert re.search(rf"def {name}\(", (ROOT / file).read_text())
