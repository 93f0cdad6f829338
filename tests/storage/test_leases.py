"""Which bot looks after a request, and requests that have ended already."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from generation.jobs import JobState
from generation.settings import GenerationSettings
from storage.database import Sessions
from storage.generations import LEASE, Generations
from storage.records import Lineage, NewRequest, Origin, Picture
from tests.saved import saved

ORIGIN = Origin("interaction:1", user_id=1, channel_id=2, message_id=3)


async def test_rows_of_another_bot_are_left_alone_while_it_lives(sessions: Sessions, apple: GenerationSettings) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    mine, theirs = (Generations(sessions, lambda: now, name) for name in ("mine", "theirs"))
    one = await saved(mine, ORIGIN, apple, Lineage())
    other = await saved(theirs, replace(ORIGIN, key="interaction:2"), apple, Lineage())
    assert [each.id for each in await mine.lease(alone=False)] == [one.id]
    now += LEASE / 2
    await theirs.lease(alone=False)
    now += LEASE / 2 + timedelta(seconds=1)
    assert [each.id for each in await mine.lease(alone=False)] == [one.id], "the other one has renewed its lease"
    now += LEASE
    assert [each.id for each in await mine.lease(alone=False)] == [one.id, other.id], "it is gone"


async def test_a_bot_that_is_alone_takes_all_at_once(sessions: Sessions, apple: GenerationSettings) -> None:
    killed = await saved(Generations(sessions, owner="killed"), ORIGIN, apple, Lineage())
    assert [each.id for each in await Generations(sessions).lease(alone=True)] == [killed.id]


async def test_what_has_ended_and_is_shown_is_nobodys(sessions: Sessions, apple: GenerationSettings) -> None:
    generations = Generations(sessions)
    done = await saved(generations, ORIGIN, apple, Lineage())
    await generations.fail(done.id, "no")
    await generations.delivered(done.id)
    assert await generations.lease(alone=True) == []


async def test_a_request_that_has_ended_stays_as_it_is(sessions: Sessions, apple: GenerationSettings) -> None:
    generations = Generations(sessions)
    done = await saved(generations, ORIGIN, apple, Lineage())
    first = await generations.complete(done.id, [Picture(0, 7, 64, 64, "a.png")], 1.0)
    again = await generations.complete(done.id, [Picture(0, 7, 64, 64, "b.png")], 2.0)
    assert again == first
    assert (await generations.cancel(done.id)).state is JobState.COMPLETED
    assert await generations.add_pictures(done.id, [Picture(1, 8, 64, 64, "c.png")], 1.0) == first


@pytest.mark.parametrize("ends", [True, False])
async def test_what_was_pending_is_recorded_while_it_matters(
    sessions: Sessions, apple: GenerationSettings, ends: bool
) -> None:
    generations = Generations(sessions)
    waiting = await saved(generations, ORIGIN, apple, Lineage(), pending={"downloads": {}})
    assert waiting.pending == {"downloads": {}}
    if ends:
        await generations.cancel(waiting.id)
    planned = replace(apple, steps=7)
    now = await generations.prepared(waiting.id, NewRequest(ORIGIN, planned, Lineage()))
    assert now.pending is None
    assert (now.settings.steps == 7) is not ends
