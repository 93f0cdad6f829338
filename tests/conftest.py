"""What holds for all tests: the order they are run in."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Training runs for minutes in one process, so it begins first, and the others fill the time beside it."""
    items.sort(key=lambda item: "training" not in item.path.parts)
