"""Requests that come at the same time: each is checked, and they are saved together."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from bot.policy.budgets import Budgets
from bot.policy.request_context import RequestContext
from bot.policy.requester import Requester
from bot.requests.disk_room import DiskRoom
from bot.requests.group_commit import MOST, GroupCommit
from bot.requests.plan import Plan
from generation.catalogue import Catalogue, ModelSpec
from generation.errors import LimitExceeded
from generation.settings import GenerationSettings, Limits
from storage import database
from storage.database import Sessions, StorageError
from storage.generations import AlreadyAsked, Generations
from storage.records import Defaults, Generation, Lineage, Origin, PersonalSettings
from storage.rulebook import Rulebook
from tests.databases import save_empty

LIMITS = Limits(waiting=2)
CATALOGUE = Catalogue((ModelSpec(name="pocket", source="", width=64, height=64, steps=4, guidance_scale=1.0),))


@dataclass
class Line:
    """As much of the dispatcher as saving needs: a queue with so many places."""

    places: int = 1000
    expected: list[int] = field(default_factory=list)
    taking_in: asyncio.Lock = field(default_factory=asyncio.Lock)

    def check_queue_length(self, more: int) -> None:
        if len(self.expected) + more > self.places:
            raise LimitExceeded("The queue is full. Try again in a few minutes.")

    def expect(self, generations: Iterable[Generation]) -> None:
        self.expected += [each.id for each in generations]


class Counted(Generations):
    """Counts transactions that add requests."""

    def __init__(self, sessions: Sessions) -> None:
        super().__init__(sessions)
        self.transactions = 0

    async def add(self, requests: Any) -> list[Generation]:
        self.transactions += bool(requests)
        return await super().add(requests)


@pytest.fixture
async def generations(tmp_path: Path) -> AsyncIterator[Counted]:
    save_empty(tmp_path / "noisefox.db")
    async with database.opened(tmp_path / "noisefox.db") as sessions:
        yield Counted(sessions)


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def commit(generations: Counted, line: Line) -> GroupCommit:
    budgets = Budgets(host_limits=LIMITS, generations=generations)
    return GroupCommit(budgets=budgets, generations=generations, dispatcher=cast(Any, line), disk=DiskRoom(Path.cwd()))


def asked(commit: GroupCommit, person: int, *keys: str) -> "asyncio.Task[list[Generation]]":
    """A person asks with one interaction for as many pictures as there are keys."""
    context = RequestContext(Requester(person, None), Rulebook(), Defaults(), PersonalSettings(), CATALOGUE, LIMITS)
    settings = GenerationSettings(prompt="an apple", seed=7, model="pocket", width=64, height=64)
    plans = [Plan(context, settings, Lineage(), LIMITS) for _ in keys]
    return asyncio.create_task(commit.save(plans, [Origin(key, person, channel_id=2, guild_id=None) for key in keys]))


async def outcomes(tasks: "Iterable[asyncio.Task[list[Generation]]]") -> list[Any]:
    return list(await asyncio.gather(*tasks, return_exceptions=True))


async def test_many_are_saved_at_once_and_in_order(commit: GroupCommit, generations: Counted, line: Line) -> None:
    saved = await outcomes(asked(commit, person, f"of {person}") for person in range(MOST + 1))
    assert [each.origin.user_id for [each] in saved] == list(range(MOST + 1))
    assert line.expected == sorted(line.expected)
    assert len(line.expected) == MOST + 1
    assert generations.transactions == 2


async def test_what_a_person_asks_is_checked_against_what_came_just_before(commit: GroupCommit) -> None:
    first, second, third, other = await outcomes(
        [asked(commit, 1, "a"), asked(commit, 1, "b"), asked(commit, 1, "c"), asked(commit, 2, "d")]
    )
    assert [len(each) for each in (first, second, other)] == [1, 1, 1]
    assert isinstance(third, LimitExceeded)


async def test_an_event_that_has_asked_before_is_refused_alone(commit: GroupCommit, line: Line) -> None:
    await asked(commit, 1, "known")
    known, new = await outcomes([asked(commit, 2, "new, too", "known"), asked(commit, 3, "new")])
    assert isinstance(known, AlreadyAsked)
    assert len(new) == 1
    assert len(line.expected) == 2, "of those that come together, none is saved"


async def test_the_first_ones_get_the_last_places_of_the_queue(commit: GroupCommit, line: Line) -> None:
    line.places = 3
    saved = await outcomes([asked(commit, 1, "a", "b"), asked(commit, 2, "c", "d"), asked(commit, 3, "e")])
    assert [isinstance(each, LimitExceeded) for each in saved] == [False, True, False]


async def test_a_database_that_cannot_be_written_refuses_all_at_once(
    commit: GroupCommit, generations: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_MILLISECONDS", 10)
    await asked(commit, 9, "earlier")
    other = sqlite3.connect(tmp_path / "noisefox.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    failed = await outcomes(asked(commit, person, f"of {person}") for person in range(5))
    assert all(isinstance(each, StorageError) for each in failed)
    assert generations.transactions == 2
    other.execute("ROLLBACK")
    other.close()
    assert len(await asked(commit, 1, "later")) == 1


async def test_whoever_leaves_while_saving_takes_nobody_along(commit: GroupCommit) -> None:
    leaving, staying = asked(commit, 1, "a"), asked(commit, 2, "b")
    await asyncio.sleep(0)
    leaving.cancel()
    assert len(await staying) == 1
