from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from generation.settings import GenerationSettings
from storage import database
from storage.database import Sessions
from storage.generations import Generations
from storage.preferences import Preferences


@pytest.fixture
async def sessions(tmp_path: Path) -> AsyncIterator[Sessions]:
    async with database.opened(tmp_path / "new" / "noisefox.db") as sessions:
        yield sessions


@pytest.fixture
def generations(sessions: Sessions) -> Generations:
    return Generations(sessions)


@pytest.fixture
def preferences(sessions: Sessions) -> Preferences:
    return Preferences(sessions)


@pytest.fixture
def apple() -> GenerationSettings:
    return GenerationSettings(
        prompt="a red apple 🍎", seed=2**32 - 1, model="pocket", width=128, height=96, negative_prompt="leaf", count=2
    )
