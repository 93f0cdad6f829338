"""Rules are kept in memory for a moment."""

import asyncio

from storage.database import Sessions
from storage.rulebook import Rulebook
from storage.server_rules import FRESH, ServerRules

SERVER = 5


async def test_a_change_is_seen_at_once_where_it_is_made_and_soon_elsewhere(sessions: Sessions) -> None:
    now = 0.0
    here, elsewhere = ServerRules(sessions, lambda: now), ServerRules(sessions, lambda: now)
    assert not (await elsewhere.of(SERVER)).paused
    assert not (await here.of(SERVER)).paused
    await here.decide(SERVER, paused=True)
    assert (await here.of(SERVER)).paused
    now += FRESH
    assert (await elsewhere.of(SERVER)).paused


async def test_what_was_read_before_a_change_is_not_kept_after_it(sessions: Sessions) -> None:
    read, go_on = asyncio.Event(), asyncio.Event()

    class Slow(ServerRules):
        async def _read(self, guild_id: int) -> Rulebook:
            book = await super()._read(guild_id)
            read.set()
            await go_on.wait()
            return book

    rules = Slow(sessions)
    early = asyncio.create_task(rules.of(SERVER))
    await read.wait()
    await rules.decide(SERVER, paused=True)
    go_on.set()
    assert not (await early).paused
    assert (await rules.of(SERVER)).paused
