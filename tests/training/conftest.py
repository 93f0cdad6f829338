"""The dozen pictures of the sample, cleaned once for all tests."""

from pathlib import Path

import pytest

from training import art, fetch


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder with the sample fetched and cleaned."""
    folder = tmp_path_factory.mktemp("pocket")
    fetch.fetch(folder, sample=True)
    art.clean(folder)
    return folder


@pytest.fixture(scope="session")
def sample(work: Path) -> art.Art:
    """The sample's art: a girl, a fox, a red apple and a top hat in three styles."""
    return art.load_art(work)
