"""The gate, when many people want something at the same moment."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from bot.interactions.gate import LOOKS, MOST, PATIENCE, RUSH, Busy, Gate


@dataclass
class Response:
    answered: bool = False

    def is_done(self) -> bool:
        return self.answered


@dataclass
class Interaction:
    """As much of an interaction as the gate looks at."""

    number: int
    response: Response = field(default_factory=Response)


@dataclass
class Rush:
    """People who come in a row; each is answered when the test says so."""

    now: float = 0.0
    let_in: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    people: list[Interaction] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate = Gate(clock=lambda: self.now, sleep=self.sleep)
        self._tasks: list[asyncio.Task[None]] = []

    async def sleep(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end and seconds > LOOKS:
            await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def come(self, people: int) -> None:
        for _ in range(people):
            self.people.append(Interaction(len(self.people)))
            self._tasks.append(asyncio.create_task(self._enter(self.people[-1])))
        await self.settle()

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    async def _enter(self, person: Interaction) -> None:
        try:
            await self.gate.enter(cast(Any, person))
        except Busy:
            self.refused.append(person.number)
            return
        self.let_in.append(person.number)
        while not person.response.answered:
            await asyncio.sleep(0)


@pytest.fixture
def rush() -> Rush:
    return Rush()


async def test_those_who_come_first_are_let_in_first(rush: Rush) -> None:
    await rush.come(MOST + 3)
    assert rush.let_in == list(range(MOST))
    for person in (5, 9):
        rush.people[person].response.answered = True
        await rush.settle()
    assert rush.let_in == [*range(MOST), MOST, MOST + 1]
    assert rush.refused == []


async def test_whoever_would_be_answered_too_late_is_told_at_once(rush: Rush) -> None:
    await rush.come(MOST + 2)
    rush.now += PATIENCE / 2
    await rush.come(1)
    rush.now += PATIENCE / 2 + 0.1
    await rush.settle()
    assert rush.refused == [MOST, MOST + 1]
    rush.people[0].response.answered = True
    await rush.settle()
    assert rush.let_in[-1] == MOST + 2
    await rush.come(1)
    assert rush.refused == [MOST, MOST + 1], "the next one waits again"


async def test_whoever_fails_leaves_the_place_to_others(rush: Rush) -> None:
    await rush.come(MOST + 1)
    rush.people[0].response.answered = False
    rush._tasks[0].cancel()
    await rush.settle()
    assert rush.let_in[-1] == MOST


async def test_what_can_wait_waits_for_the_end_of_a_rush(rush: Rush) -> None:
    await rush.gate.calm()
    await rush.come(MOST + 1)
    waiting = asyncio.create_task(rush.gate.calm())
    await rush.settle()
    assert not waiting.done()
    rush.people[0].response.answered = True
    await rush.settle()
    assert waiting.done()


async def test_a_rush_without_an_end_holds_up_nothing_for_long(rush: Rush) -> None:
    await rush.come(MOST + 1)
    waiting = asyncio.create_task(rush.gate.calm())
    while rush.now < RUSH:
        await rush.settle()
        assert not waiting.done()
        rush.now += PATIENCE / 2
        await rush.come(1)
    await rush.settle()
    assert waiting.done()
