"""Databases of every released version are opened, upgraded, and lose nothing.

Each is a dump of SQL in `released/`, named by its version. They are never changed, only added to.
"""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from generation.jobs import JobState
from generation.settings import PartialSettings, Sampler
from storage import database
from storage.database import Sessions
from storage.drafts import Drafts
from storage.generations import Generations
from storage.people import People
from storage.preferences import Preferences
from storage.records import ANY_MODEL
from storage.rulebook import Rule, RuleKey
from storage.server_rules import ServerRules

RELEASED = sorted(Path(__file__).with_name("released").glob("*.sql"))


def write(dump: Path, file: Path) -> None:
    """Write a database as a released version left it."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(dump.read_text())


@pytest.fixture(params=RELEASED, ids=lambda dump: dump.stem)
async def released(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Sessions]:
    write(request.param, tmp_path / database.FILE)
    async with database.opened(tmp_path / database.FILE) as sessions:
        yield sessions


async def test_requests_of_a_released_version_are_all_there(released: Sessions) -> None:
    generations = Generations(released)
    first, second, third, fourth = [await generations.get(number) for number in range(1, 5)]
    assert first
    assert (first.settings.prompt, first.settings.seed, first.origin.message_id) == ("a red apple 🍎", 7, 101)
    assert [picture.file for picture in first.pictures] == ["001/1-0-aa.png", "001/1-1-bb.png"]
    assert first.figures == ("001/1-figure-0-cc.webp",)
    assert second
    assert (second.lineage.parent, second.inputs.image, second.factor) == (1, "inputs/11/dd.png", 2)
    assert third
    assert [(cell.steps, cell.sampler) for cell in third.cells] == [(4, Sampler.DDIM), (8, Sampler.DDIM)]
    assert fourth
    assert fourth.state is JobState.FAILED
    assert [each.id for each in await generations.lease(alone=True)] == [2, 3, 4]


async def test_people_and_servers_of_a_released_version_are_all_there(released: Sessions) -> None:
    people, book = People(released), await ServerRules(released).of(2)
    assert await people.favourites(12) == [1]
    assert [style.text for style in await people.styles(11)] == ["glowing --steps 8"]
    assert (await people.personal_settings(11)).suffix == "soft light"
    assert (await Preferences(released).of_user(11)).for_model("pocket") == PartialSettings(steps=12)
    assert book.rules[RuleKey(2, ANY_MODEL, "steps")] == Rule("10", 1, 30, True)


async def test_numbers_of_a_released_version_are_not_given_again(released: Sessions) -> None:
    assert await Drafts(released).add(11, {}) == 2
