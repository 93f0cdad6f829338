"""Many write at the same time."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from generation.settings import GenerationSettings
from storage import database
from storage.database import Sessions, StorageError
from storage.generations import Generations
from storage.people import People
from storage.records import Lineage, Origin
from tests.saved import saved


async def write(sessions: Sessions, people: int) -> list[BaseException]:
    """Have so many people save their settings at once; what was refused."""
    store = People(sessions)
    saving = [store.change_personal_settings(person, suffix=f"by {person}") for person in range(people)]
    saved_or_refused = await asyncio.gather(*saving, return_exceptions=True)
    return [each for each in saved_or_refused if isinstance(each, BaseException)]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_MILLISECONDS", 1)


async def test_writers_do_not_get_in_each_others_way(sessions: Sessions, apple: GenerationSettings) -> None:
    assert await write(sessions, 40) == []
    generations = Generations(sessions)
    asked = [saved(generations, Origin(f"key {n}", 1, 2), apple, Lineage()) for n in range(40)]
    assert len(await asyncio.gather(*asked)) == 40


async def test_a_database_that_refuses_one_is_not_waited_for_by_the_others(
    sessions: Sessions, apple: GenerationSettings, tmp_path: Path
) -> None:
    await saved(Generations(sessions), Origin("key", 1, 2), apple, Lineage())
    other = sqlite3.connect(tmp_path / "noisefox.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused = await write(sessions, 10)
    assert [type(each) for each in refused] == [StorageError] * 10
    assert sum(each.__cause__ is not None for each in refused) == 1, "one has asked it"
    other.execute("ROLLBACK")
    other.close()
    assert await write(sessions, 10) == []
