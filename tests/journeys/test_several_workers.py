"""Several workers: each has its own jobs, and a loss of one is no loss of the others."""

import os
import signal
from dataclasses import replace

import pytest

from bot import app
from bot.config import Config, WorkerConfig
from bot.jobs.in_flight import InFlight
from generation.catalogue import POCKET
from generation.local_pool import LOCAL, LocalPool
from generation.pace import Key
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Start, finished, text_of, until, words_of

POOLS = (("near", WorkerConfig()), ("far", WorkerConfig()))


@pytest.fixture
def pool() -> FakePool:
    """Two workers with room for a request each."""
    pool = FakePool("cuda:0", "cuda:1")
    pool.room = 1
    return pool


async def test_two_draw_at_once_and_the_queue_shows_each(
    bot: app.Bot, pool: FakePool, member: Member, other: Member
) -> None:
    pool.hold()
    first = await member.start("a boat")
    await pool.until_at_work()
    assert r"cuda\:0: 1 picture with pocket" in words_of(await member.looks_up("queue"))
    assert r"cuda\:1: free" in words_of(await member.looks_up("queue"))
    second = await other.start("a fox")
    await pool.until_at_work(2)
    assert [len(jobs) for jobs in pool.given.values()] == [1, 1]
    assert r"cuda\:1: 1 picture with pocket" in words_of(await member.looks_up("queue"))
    pool.release()
    for message in (first, second):
        await member.see_finished(message)


async def test_a_job_that_a_worker_loses_is_drawn_elsewhere_in_its_place_once(
    bot: app.Bot, pool: FakePool, member: Member, other: Member
) -> None:
    pool.hold()
    first = await member.start("a boat")
    await pool.until_at_work()
    [lost] = pool.given["cuda:0"]
    for _ in range(2):
        await other.start("a fox", count=2)
    pool.lose("cuda:0")
    await until(lambda: lost in pool.given.get("cuda:1", []))
    assert pool.given["cuda:1"].index(lost) <= 1, "before all that came later, but for what was there already"
    pool.release()
    assert finished(await member.see_finished(first))
    assert sum(jobs.count(lost) for jobs in pool.given.values()) == 2


async def test_a_lost_job_that_was_cancelled_is_not_drawn_again(bot: app.Bot, pool: FakePool, member: Member) -> None:
    pool.hold()
    first = await member.start("a boat")
    drawing = await member.see_drawing(pool, first)
    pool.deaf = True
    await member.click(drawing, "Cancel")
    await member.see(first, lambda each: "Cancelled" in text_of(each))
    pool.lose("cuda:0")
    pool.release()
    await member.imagine("a fox")
    assert sum(len(jobs) for jobs in pool.given.values()) == 2


async def test_jobs_wait_while_no_worker_is_there(bot: app.Bot, pool: FakePool, member: Member) -> None:
    pool.lose("cuda:0")
    pool.lose("cuda:1")
    started = await member.start("a boat")
    await member.see(started, lambda each: "Next in the queue" in text_of(each))
    pool.join("cuda:2")
    await member.see_finished(started)
    assert [*pool.given] == ["cuda:2"]


async def test_each_model_is_drawn_by_its_own_pool_and_none_waits_for_another(
    start: Start, pool: FakePool, member: Member, other: Member
) -> None:
    models = replace(POCKET, workers="near"), replace(POCKET, name="far", workers="far")
    far = FakePool("8188")
    async with start({"near": pool, "far": far}, models=models, workers=POOLS):
        pool.hold()
        held = [await member.start("a boat") for _ in range(6)]
        await pool.until_at_work(2)
        await other.imagine("a fox", model="far")
        assert [len(jobs) for jobs in far.given.values()] == [1]
        listed = words_of(await other.looks_up("queue"))
        assert r"near/cuda\:0: 1 picture with pocket" in listed
        assert "far/8188: free" in listed
        pool.release()
        for message in held:
            await member.see_finished(message)
    assert sum(len(jobs) for jobs in far.given.values()) == 1


async def test_a_process_that_dies_takes_only_its_own_jobs_with_it(
    start: Start, member: Member, other: Member, worker_command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = Config(worker=WorkerConfig(dtype="float32", max_pictures=1)).worker_options
    async with LocalPool(options, worker_command, devices=["cpu", "cpu"]) as pool, start(pool) as bot:
        begun: list[str] = []
        begin = bot.estimates.begin

        def noted(flight: InFlight) -> dict[Key, float]:
            begun.append(flight.worker.key)
            return begin(flight)

        monkeypatch.setattr(bot.estimates, "begin", noted)
        people = member, other
        messages = [await each.start(steps=30, seed=7) for each in people]
        await until(lambda: {*begun} == {f"{LOCAL}/cpu", f"{LOCAL}/cpu (2)"})
        os.kill((await pool.ready("cpu (2)")).pid, signal.SIGKILL)
        first, second = [await each.see_finished(message) for each, message in zip(people, messages, strict=True)]
        assert (await member.image(first)).tobytes() == (await other.image(second)).tobytes()
    assert begun.count(f"{LOCAL}/cpu") == 1
    assert begun.count(f"{LOCAL}/cpu (2)") == 2
