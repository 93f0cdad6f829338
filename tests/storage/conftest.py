from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from generation.settings import GenerationSettings
from storage import database
from storage.database import Sessions
from storage.generations import Generations
from storage.preferences import Preferences
from storage.server_rules import ServerRules
from tests.databases import save_empty


@pytest.fixture
async def sessions(tmp_path: Path) -> AsyncIterator[Sessions]:
    file = tmp_path / "noisefox.db"
    save_empty(file)
    async with database.opened(file) as sessions:
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
        prompt="a red apple 🍎",
        negative_prompt="leaf",
        seed=2**32 - 1,
        model="pocket",
        width=128,
        height=96,
        count=2,
        variation_seed=3,
        variation_strength=0.5,
        seed_width=64,
        seed_height=64,
    )


@pytest.fixture
def rules(sessions: Sessions) -> ServerRules:
    return ServerRules(sessions)
