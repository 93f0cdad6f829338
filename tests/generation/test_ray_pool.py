"""The pool on Ray against clusters that misbehave: small scripts in place of the process that talks to Ray."""

import asyncio
import importlib.util
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from generation import ray_pool
from generation.catalogue import POCKET, Resources
from generation.errors import FailureKind
from generation.events import Cancelled, Completed, Failed, Started
from generation.pool import Lost, WorkersChanged
from generation.ray_actor import RayActor
from generation.ray_pool import RayMissing, RayPool, resources_of
from generation.wire import Submit
from tests.generation.test_local_pool import OPTIONS, no_sleep, worker
from tests.generation.test_pool_contract import Heard, job

Open = Callable[[str], AbstractAsyncContextManager[tuple[RayPool, Heard]]]

CLUSTER = """
import os, sys
from pathlib import Path
from generation import wire
from generation.events import *
from generation.ray_messages import *
commands, events = sys.stdin.buffer, sys.stdout.buffer
opened, actors = wire.read(commands), []
def say(message):
    events.write(wire.pack(message)); events.flush()
def join(worker):
    actors.append(worker)
    say(Joined(len(actors), worker, wire.Ready(os.getpid(), "cpu", "float32", 1)))
def lose(actor):
    say(Left(actor, actors[actor - 1], "its node has died"))
    join(actors[actor - 1])
"""

LOSES_ACTORS = """
for worker in opened.workers:
    join(worker)
while True:
    match wire.read(commands):
        case To(actor, wire.Submit(job)):
            say(Started(job.id))
            if job.id == 13:
                lose(actor)
        case To(actor, wire.Cancel()):
            lose(actor)
        case To(actor, wire.WantFrame(job_id)):
            say(Completed(job_id, (), 1.0))
"""
"""Loses the actor that has job 13, or that is to cancel one. Any other job is finished once a preview is wanted."""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a pool with two actors and waits for one, or for a word about them."""

    @asynccontextmanager
    async def opened(script: str) -> AsyncIterator[tuple[RayPool, Heard]]:
        monkeypatch.setattr(ray_pool, "DRIVER", (sys.executable, "-c", CLUSTER + script))
        async with RayPool(OPTIONS, actors=2, sleep=no_sleep) as pool:
            heard = Heard(pool)
            listening = asyncio.create_task(heard.listen())
            await heard.until(lambda: len(pool.workers) == 2)
            yield pool, heard
            listening.cancel()

    return opened


async def resubmitted(pool: RayPool, heard: Heard, *job_ids: int) -> list[type]:
    """Submit jobs to one actor, and wait until all have ended once more: how they did."""
    before = {job_id: len(heard.endings(job_id)) for job_id in job_ids}
    for job_id in job_ids:
        await pool.submit(job(job_id), "actor 1")
    await heard.until(lambda: all(len(heard.endings(job_id)) > before[job_id] for job_id in job_ids))
    await heard.until(lambda: "actor 1" in pool.workers)
    return [type(heard.endings(job_id)[-1]) for job_id in job_ids]


def test_one_sentence_says_how_to_install_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RayMissing, match=r'^Ray is not installed. Install it with: pip install "noisefox\[ray\]"$'):
        RayPool(OPTIONS)


@pytest.mark.parametrize(
    ("device", "declared", "resources"),
    [
        ("auto", [], {"CPU": 1, "GPU": 1}),
        ("cpu", [], {"CPU": 1}),
        ("auto", [(("GPU", 0.5),), (("CPU", 4.0), ("A100", 1.0))], {"CPU": 4, "GPU": 0.5, "A100": 1}),
        ("cpu", [(("memory", 2e9),), (("memory", 8e9),), (("memory", 4e9),)], {"CPU": 1, "memory": 8e9}),
    ],
)
def test_an_actor_takes_what_its_models_declare(
    device: str, declared: list[Resources], resources: dict[str, float]
) -> None:
    models = tuple(replace(POCKET, name=f"model {number}", resources=each) for number, each in enumerate(declared))
    assert resources_of(replace(OPTIONS, models=models or (POCKET,), device=device)) == resources


async def test_a_job_that_ends_every_actor_is_given_up_and_no_other_with_it(opened: Open) -> None:
    async with opened(LOSES_ACTORS) as (pool, heard):
        await pool.submit(job(2), "actor 1")
        await heard.until(lambda: Started(2) in heard.events)
        assert await resubmitted(pool, heard, 13) == [Lost]
        assert heard.endings(2) == [Lost(2)]
        for expected in ([Lost, Lost], [Failed, Lost]):
            assert await resubmitted(pool, heard, 13, 2) == expected, "job 2 waits until 13 has run alone"
        assert heard.events.count(Started(2)) == 1
        await pool.submit(job(2))
        await heard.until(lambda: heard.events.count(Started(2)) == 2)
        await pool.want_frame(2)
        await heard.until(lambda: heard.endings(2)[-1] == Completed(2, (), 1.0))
    failed = heard.endings(13)[-1]
    assert isinstance(failed, Failed)
    assert failed.kind is FailureKind.WORKER_LOST


async def test_a_cancelled_job_is_not_given_back(opened: Open) -> None:
    async with opened(LOSES_ACTORS) as (pool, heard):
        await resubmitted(pool, heard, 13)
        await pool.submit(job(1), "actor 1")
        await pool.submit(job(13), "actor 1")
        await heard.until(lambda: Started(1) in heard.events)
        await pool.cancel(13)
        await heard.until_ended(13)
        await pool.cancel(1)
        await heard.until_ended(1)
    assert heard.endings(13) == [Lost(13), Cancelled(13)]
    assert heard.endings(1) == [Cancelled(1)]


async def test_the_jobs_of_all_actors_are_given_back_where_the_cluster_is_lost(opened: Open) -> None:
    script = """
for worker in opened.workers:
    join(worker)
jobs = [wire.read(commands).command.job for _ in opened.workers]
for job in jobs:
    say(Started(job.id))
wire.read(commands)
"""
    async with opened(script) as (pool, heard):
        for _ in range(2):
            for job_id, name in enumerate(("actor 1", "actor 2"), start=1):
                await pool.submit(job(job_id), name)
            await heard.until(lambda: heard.events[-1] == Started(2))
            await pool.want_frame(1)
            await heard.until(lambda: not pool.workers)
            await pool.submit(job(3), "actor 1")
            await heard.until(lambda: heard.endings(3))
            await heard.until(lambda: len(pool.workers) == 2)
    assert heard.endings(1) == [Lost(1)] * 2
    assert heard.endings(2) == [Lost(2)] * 2
    assert {*heard.endings(3)} == {Lost(3)}, "nobody was there to draw it"
    assert WorkersChanged() in heard.events


async def test_a_cluster_that_cannot_be_reached_is_one_sentence_and_tried_again(
    opened: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    script = f"""
mark = Path({str(tmp_path / "mark")!r})
if not mark.exists():
    mark.touch()
    say(Unreachable("connection refused"))
    sys.exit()
for worker in opened.workers:
    join(worker)
wire.read(commands)
"""
    async with opened(script):
        pass
    [record] = [each for each in caplog.records if "reached" in each.message]
    assert record.message == (
        "The Ray cluster at auto cannot be reached; it is tried again. Start Ray on this machine, or correct the "
        "address: connection refused"
    )


async def test_the_host_is_told_what_an_actor_waits_for(opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    async with opened("say(Unplaced(opened.workers[0]))\n" + LOSES_ACTORS):
        pass
    assert "actor 1 waits for a node of the Ray cluster that has free: 1 CPU, 1 GPU" in caplog.messages


async def test_neither_the_cluster_nor_its_actors_get_secrets_of_the_bot(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOISEFOX_TOKEN", "a value")
    note = tmp_path / "names"
    note_names = f"Path({str(note)!r}).write_text(' '.join(os.environ))\n"
    async with opened(note_names + LOSES_ACTORS):
        assert "NOISEFOX_TOKEN" not in note.read_text().split()
    script = f"from pathlib import Path\n{note_names}say(Completed(wire.read(commands).job.id, (), 0.1))"
    actor = RayActor(OPTIONS, worker(script))
    await actor.start()
    await actor.take(Submit(job(1)))
    assert await actor.next_events() == [Completed(1, (), 0.1)]
    assert "NOISEFOX_TOKEN" not in note.read_text().split()
    await actor._worker.close()


async def test_an_address_where_nothing_answers_is_told_at_once() -> None:
    driver = pytest.importorskip("generation.ray_driver")
    for address in ("127.0.0.1:9", "ray://127.0.0.1:9"):
        with pytest.raises(OSError, match=r"nothing answers at 127\.0\.0\.1:9"):
            await driver.reach(address)
    await driver.reach("auto")
