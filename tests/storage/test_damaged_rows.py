"""A request that cannot be read is reported and left out, wherever requests are read."""

import logging

import pytest
from sqlalchemy import text

from generation.settings import GenerationSettings
from storage.database import Sessions
from storage.generations import Generations
from storage.people import People
from storage.records import Lineage
from tests.saved import saved
from tests.storage.test_storage import SNOWFLAKE, origin

DAMAGES = {
    "sampler": "a sampler of next year",
    "schedule": "",
    "cells": "[{",
    "axes": '[["no such parameter", [1]]]',
    "state": "resting",
    "action": "dream",
    "guard": "perhaps",
    "created": "yesterday",
    "width": "wide",
    "steps": "many",
}


@pytest.mark.parametrize("column", DAMAGES)
async def test_a_damaged_request_is_reported_and_the_others_are_read(
    column: str,
    sessions: Sessions,
    generations: Generations,
    apple: GenerationSettings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second, third = [await saved(generations, origin(str(n)), apple, Lineage()) for n in range(3)]
    await People(sessions).set_favourite(1, second.id, True)
    async with sessions() as session, session.begin():
        damage = text(f"UPDATE generations SET {column} = :value, message_id = 5 WHERE id = :id")
        await session.execute(damage, {"value": DAMAGES[column], "id": second.id})
    guild = origin().guild_id or 0
    with caplog.at_level(logging.ERROR):
        pages = [await generations.of_user(SNOWFLAKE), await generations.favourites_of(1)]
        for _ in range(3):
            await generations.lease(alone=True)
        interrupted, unfinished = await generations.lease(alone=True), await generations.unfinished_in(guild, SNOWFLAKE)
    assert [each.id for each in pages[0].generations] == [third.id, first.id]
    assert (pages[1].generations, pages[1].total) == ((), 1)
    remaining = [first.id, third.id]
    assert [each.id for each in unfinished] == remaining
    assert [each.id for each in interrupted] == remaining
    assert await generations.get(second.id) is None
    assert await generations.by_message(5) is None
    assert await generations.get(first.id) == first
    assert caplog.text.count(f"request {second.id} cannot be read and is left out") == 1
