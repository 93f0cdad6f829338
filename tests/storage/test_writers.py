"""Many write at the same time."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from generation.settings import GenerationSettings
from storage import database
from storage.database import Sessions, StorageError
from storage.generations import Generations
from storage.people import People
from storage.records import Lineage, Origin
from tests.saved import saved


async def write(generations: Generations, apple: GenerationSettings, name: str, requests: int) -> list[BaseException]:
    """Save so many requests at once; what was refused."""
    saving = [saved(generations, Origin(f"{name} {n}", 1, 2), apple, Lineage()) for n in range(requests)]
    outcomes = await asyncio.gather(*saving, return_exceptions=True)
    return [each for each in outcomes if isinstance(each, BaseException)]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_MILLISECONDS", 1)


async def test_writers_do_not_get_in_each_others_way(generations: Generations, apple: GenerationSettings) -> None:
    assert await write(generations, apple, "of many", 40) == []


async def test_a_database_that_refuses_one_is_not_waited_for_by_the_others(
    generations: Generations, apple: GenerationSettings, tmp_path: Path
) -> None:
    await write(generations, apple, "before", 1)
    other = sqlite3.connect(tmp_path / "noisefox.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused = await write(generations, apple, "meanwhile", 10)
    assert [type(each) for each in refused] == [StorageError] * 10
    assert sum(each.__cause__ is not None for each in refused) == 1, "one has asked it"
    other.execute("ROLLBACK")
    other.close()
    assert await write(generations, apple, "after", 10) == []


async def test_two_changes_at_once_are_both_kept(sessions: Sessions) -> None:
    people = People(sessions)
    await asyncio.gather(
        people.change_personal_settings(1, suffix="in oil"), people.change_personal_settings(1, model="pocket")
    )
    kept = await people.personal_settings(1)
    assert (kept.suffix, kept.model) == ("in oil", "pocket")


async def test_a_writer_that_is_cancelled_while_it_commits_has_written(
    sessions: Sessions, generations: Generations, apple: GenerationSettings, caplog: pytest.LogCaptureFixture
) -> None:
    saving = asyncio.create_task(saved(generations, Origin("key", 1, 2), apple, Lineage()))
    commit = AsyncSession.commit
    is_committing = asyncio.Event()

    async def committing(session: AsyncSession) -> None:
        is_committing.set()
        await commit(session)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AsyncSession, "commit", committing)
        await is_committing.wait()
        saving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saving
    assert await generations.knows("key")
    assert await write(generations, apple, "after", 5) == []
    assert caplog.records == []
