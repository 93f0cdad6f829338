"""The pool against workers that misbehave: small scripts in the worker's place."""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from generation.catalogue import POCKET
from generation.errors import FailureKind
from generation.events import Cancelled, Completed, Event, Failed, Loading, Progress, Started
from generation.jobs import Draw, Job
from generation.local_pool import LocalPool
from generation.pool import Lost, WorkersChanged
from generation.settings import GenerationSettings
from generation.wire import Configure
from tests.forked_worker import ForkServer

OPTIONS = Configure(models=(POCKET,), dtype="float32")

PREAMBLE = """
import os, sys
from generation import wire
from generation.errors import FailureKind
from generation.events import *
commands, events = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
def say(event):
    events.write(wire.pack(event)); events.flush()
wire.read(commands)
"""


def job(job_id: int = 1, steps: int = 3) -> Job:
    settings = GenerationSettings(prompt="a fox", seed=7, model="pocket", width=64, height=64, steps=steps)
    return Job(job_id, "owner", Draw(settings))


def worker(script: str) -> tuple[str, ...]:
    return sys.executable, "-c", PREAMBLE + script


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


async def no_sleep(_: float) -> None:
    await asyncio.sleep(0)


async def until_ended(pool: LocalPool, jobs: int = 1) -> Sequence[Event]:
    heard: list[Event] = []
    async with asyncio.timeout(60):
        async for event in pool.events():
            if isinstance(event, Lost | WorkersChanged):
                continue
            heard.append(event)
            jobs -= isinstance(event, Completed | Failed | Cancelled)
            if not jobs:
                break
    return heard


async def test_a_worker_has_no_secrets_of_the_bot_and_those_of_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = ("NOISEFOX_TOKEN", "DISCORD_TOKEN", "DISCORD_BOT_TOKEN", "BOT_TOKEN", "DISCORD_CLIENT_SECRET", "TOKEN")
    needed = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HTTPS_PROXY", "NOISEFOX_HOME", "TOKENIZERS_PARALLELISM")
    for name in (*secrets, *needed):
        monkeypatch.setenv(name, "a value")
    note = tmp_path / "names"
    script = f"open({str(note)!r}, 'w').write(' '.join([*os.environ, 'all']))"
    async with LocalPool(OPTIONS, worker(script), sleep=no_sleep), asyncio.timeout(60):
        while not note.exists() or not note.read_text().endswith("all"):
            await asyncio.sleep(0.01)
    assert {*note.read_text().split()} & {*secrets, *needed} == {*needed}


async def test_the_real_worker_draws_and_ends_with_the_pool() -> None:
    async with LocalPool(OPTIONS) as pool:
        await pool.submit(job())
        heard = await until_ended(pool)
        about = await pool.ready()
    assert [type(event) for event in heard if not isinstance(event, Progress)][-2:] == [Started, Completed]
    with pytest.raises(ProcessLookupError):
        os.kill(about.pid, 0)


async def test_what_a_library_prints_does_not_disturb_the_events(fork_server: ForkServer) -> None:
    script = """
import os
from generation.engine import worker
load = worker.device.choose
def choose(*wanted):
    print("hello"); os.system("echo hello")
    return load(*wanted)
worker.device.choose = choose
worker.main()
"""
    async with LocalPool(OPTIONS, fork_server.command(script)) as pool:
        await pool.submit(job())
        assert isinstance((await until_ended(pool))[-1], Completed)


async def test_a_job_that_ends_every_worker_is_given_up_and_the_next_is_drawn() -> None:
    script = """
say(wire.Ready(os.getpid(), "cpu", "float32", 1))
while True:
    submitted = wire.read(commands).job
    if submitted.id == 13: os._exit(1)
    say(Completed(submitted.id, (), 0.1))
"""
    async with LocalPool(OPTIONS, worker(script), no_sleep) as pool:
        await pool.submit(job(13))
        [failed] = await until_ended(pool)
        assert isinstance(failed, Failed)
        assert failed.kind is FailureKind.WORKER_LOST
        await pool.submit(job(14))
        [completed] = await until_ended(pool)
    assert completed == Completed(14, (), 0.1)


async def test_a_job_that_lost_its_worker_once_begins_again(tmp_path: Path) -> None:
    script = f"""
import pathlib
mark = pathlib.Path({str(tmp_path / "mark")!r})
say(wire.Ready(os.getpid(), "cpu", "float32", 1))
job = wire.read(commands).job
if not mark.exists():
    mark.touch(); os._exit(1)
say(Completed(job.id, (), 0.1))
commands.read()
"""
    async with LocalPool(OPTIONS, worker(script), no_sleep) as pool:
        await pool.submit(job())
        assert await until_ended(pool) == [Completed(1, (), 0.1)]


async def test_a_cancel_that_the_worker_did_not_live_to_hear_still_ends_the_job() -> None:
    script = """
say(wire.Ready(os.getpid(), "cpu", "float32", 1))
wire.read(commands)
wire.read(commands)
os._exit(1)
"""
    async with LocalPool(OPTIONS, worker(script), no_sleep) as pool:
        await pool.ready()
        await pool.submit(job())
        await pool.cancel(1)
        assert await until_ended(pool) == [Cancelled(1)]


async def test_a_job_cancelled_before_there_is_a_worker_is_never_drawn() -> None:
    script = "say(Failed(wire.read(commands).job.id, FailureKind.INTERNAL, 'it was begun'))"
    async with LocalPool(OPTIONS, worker(script), no_sleep) as pool:
        await pool.submit(job())
        await pool.cancel(1)
        assert await until_ended(pool) == [Cancelled(1)]


async def test_what_is_cancelled_while_others_are_drawn_one_by_one_is_never_begun(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    script = f"""
import pathlib
begun = pathlib.Path({str(begun)!r})
say(wire.Ready(os.getpid(), "cpu", "float32", 1))
if not begun.exists():
    begun.touch(); os._exit(1)
while True:
    command = wire.read(commands)
    if isinstance(command, wire.Submit):
        begun.write_text(begun.read_text() + str(command.job.id))
        say(Started(command.job.id))
    if isinstance(command, wire.Cancel) and str(command.job_id) in begun.read_text():
        say(Cancelled(command.job_id))
"""
    async with LocalPool(OPTIONS, worker(script), no_sleep) as pool:
        for job_id in (1, 2):
            await pool.submit(job(job_id))
        async for event in pool.events():
            assert event == Started(1)
            break
        await pool.submit(job(3))
        for job_id in (2, 3):
            await pool.cancel(job_id)
        assert await until_ended(pool, 2) == [Cancelled(2), Cancelled(3)]
        await pool.cancel(1)
        assert await until_ended(pool) == [Cancelled(1)]
        await pool.submit(job(4))
        async for event in pool.events():
            assert event == Started(4)
            break
    assert begun.read_text() == "14"


async def test_those_beside_a_job_that_was_stuck_and_cancelled_begin_once(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    script = f"""
import pathlib
begun = pathlib.Path({str(begun)!r})
say(wire.Ready(os.getpid(), "cpu", "float32", 1))
if not begun.exists():
    begun.touch(); commands.read()
while True:
    submitted = wire.read(commands).job.id
    begun.write_text(begun.read_text() + str(submitted))
    say(Completed(submitted, (), 0.1))
"""
    async with LocalPool(replace(OPTIONS, step_seconds=1.0), worker(script), no_sleep) as pool:
        await pool.ready()
        for job_id in (1, 2, 3):
            await pool.submit(job(job_id))
        await pool.cancel(1)
        assert [type(event) for event in await until_ended(pool, 3)] == [Cancelled, Completed, Completed]
    assert begun.read_text() == "23"


async def test_a_worker_that_hangs_before_it_is_ready_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.local_worker.STARTING_SECONDS", 0.2)
    async with LocalPool(OPTIONS, worker("commands.read()"), no_sleep) as pool:
        await pool.submit(job())
        [failed] = await until_ended(pool)
    assert isinstance(failed, Failed)
    assert failed.kind is FailureKind.WORKER_UNAVAILABLE


async def test_a_worker_that_never_starts_is_tried_less_and_less_often() -> None:
    pauses: list[float] = []
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 6:
            enough.set()
            await asyncio.Event().wait()

    async with LocalPool(OPTIONS, (sys.executable, "-c", "raise SystemExit(1)"), sleep) as pool, asyncio.timeout(60):
        await pool.submit(job())
        [failed] = await until_ended(pool)
        await enough.wait()
    assert isinstance(failed, Failed)
    assert failed.kind is FailureKind.WORKER_UNAVAILABLE
    assert pauses == [0.0, 1.0, 5.0, 30.0, 30.0, 30.0]


async def test_a_worker_that_is_not_there_fails_its_jobs_too() -> None:
    async with LocalPool(OPTIONS, ("/nowhere/python",), no_sleep) as pool:
        await pool.submit(job())
        [failed] = await until_ended(pool)
    assert isinstance(failed, Failed)
    assert failed.kind is FailureKind.WORKER_UNAVAILABLE


async def test_a_worker_that_is_stuck_is_replaced() -> None:
    script = """
import time
say(wire.Ready(os.getpid(), "cpu", "float32", 1))
while True:
    submitted = wire.read(commands).job.id
    if submitted == 13: time.sleep(1000)
    say(Completed(submitted, (), 0.1))
"""
    impatient = replace(OPTIONS, step_seconds=0.2)
    async with LocalPool(impatient, worker(script), no_sleep) as pool:
        await pool.ready()
        await pool.submit(job(13))
        await pool.submit(job(11))
        endings = {event.job_id: type(event) for event in await until_ended(pool, 2)}
    assert endings == {13: Failed, 11: Completed}


async def test_a_worker_that_lost_its_device_is_replaced_whatever_waits_in_it(
    fork_server: ForkServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    script = f"""
import pathlib, threading, torch
from generation.engine import worker
from generation.engine.denoising.state import DenoisingState
mark, advance = pathlib.Path({str(tmp_path / "mark")!r}), DenoisingState.advance
def lose(state, predictions):
    if not mark.exists():
        mark.touch()
        threading.Thread(target=threading.Event().wait).start()
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")
    advance(state, predictions)
DenoisingState.advance = lose
worker.main()
"""
    async with LocalPool(OPTIONS, fork_server.command(script), no_sleep) as pool:
        await pool.ready()
        await pool.submit(job())
        heard = await until_ended(pool)
    told = [type(event) for event in heard if isinstance(event, Started | Failed | Completed)]
    assert told == [Started, Started, Completed]
    assert "ended with status 1" in caplog.text


async def test_whoever_comes_while_a_model_loads_leaves_it_the_time_it_needs() -> None:
    script = """
import time
say(wire.Ready(os.getpid(), "cpu", "float32", 1))
say(Loading(wire.read(commands).job.id, "pocket"))
wire.read(commands)
time.sleep(0.6)
for job_id in (1, 2): say(Completed(job_id, (), 0.1))
"""
    impatient = replace(OPTIONS, step_seconds=0.2)
    async with LocalPool(impatient, worker(script), no_sleep) as pool:
        await pool.ready()
        await pool.submit(job(1))
        async for event in pool.events():
            assert isinstance(event, Loading)
            break
        await pool.submit(job(2))
        endings = {event.job_id: type(event) for event in await until_ended(pool, 2)}
    assert endings == {1: Completed, 2: Completed}


async def test_the_company_of_a_job_that_ends_workers_does_not_pay_for_it() -> None:
    script = """
say(wire.Ready(os.getpid(), "cpu", "float32", 1))
while True:
    submitted = wire.read(commands).job.id
    if submitted == 13: os._exit(1)
    say(Completed(submitted, (), 0.1))
"""
    async with LocalPool(OPTIONS, worker(script), no_sleep) as pool:
        for job_id in (13, 11, 12):
            await pool.submit(job(job_id))
        endings = {event.job_id: type(event) for event in await until_ended(pool, 3)}
    assert endings == {13: Failed, 11: Completed, 12: Completed}


async def test_a_job_that_came_after_an_idle_worker_was_lost_does_not_pay_for_it(tmp_path: Path) -> None:
    """Twice, a worker is lost while it has no job, and ends only after a job was submitted."""
    script = f"""
import pathlib, time
lost, given = pathlib.Path({str(tmp_path / "lost")!r}), pathlib.Path({str(tmp_path / "given")!r})
say(wire.Ready(os.getpid(), "cpu", "float32", 1))
if not lost.exists() or lost.read_text() != "..":
    events.close(); os.close(1)
    commands.read()
    lost.write_text((lost.read_text() if lost.exists() else "") + ".")
    while not given.exists(): time.sleep(0.01)
    os._exit(1)
say(Completed(wire.read(commands).job.id, (), 0.1))
commands.read()
"""
    async with LocalPool(OPTIONS, worker(script), no_sleep) as pool, asyncio.timeout(60):
        while not (tmp_path / "lost").exists():
            await asyncio.sleep(0.01)
        await pool.submit(job())
        (tmp_path / "given").touch()
        assert await until_ended(pool) == [Completed(1, (), 0.1)]


async def test_a_crash_right_after_a_job_ends_is_not_counted_for_the_next_one(tmp_path: Path) -> None:
    """Each worker ends with the last word about one job, when it was just given the next one."""
    script = f"""
import pathlib
crashes = pathlib.Path({str(tmp_path / "crashes")!r})
count = int(crashes.read_text()) if crashes.exists() else 0
say(wire.Ready(os.getpid(), "cpu", "float32", 1))
if count == 0:
    wire.read(commands); wire.read(commands)
    crashes.write_text("1"); os._exit(1)
first = wire.read(commands).job.id
if count == 1:
    say(Completed(first, (), 0.1))
    wire.read(commands)
    crashes.write_text("2"); os._exit(1)
if count == 2:
    crashes.write_text("3"); os._exit(1)
say(Completed(first, (), 0.1))
commands.read()
"""
    async with LocalPool(OPTIONS, worker(script), no_sleep) as pool:
        for job_id in (1, 2):
            await pool.submit(job(job_id))
        assert await until_ended(pool, 2) == [Completed(1, (), 0.1), Completed(2, (), 0.1)]


@pytest.mark.parametrize(
    "blocked",
    ["worker.device.choose = block", "worker.StepLoop.step = block"],
    ids=["while it starts", "while it loads or computes"],
)
async def test_a_worker_ends_when_its_bot_is_killed(fork_server: ForkServer, tmp_path: Path, blocked: str) -> None:
    mark = tmp_path / "blocked"
    script = f"""
import os, pathlib, time
from generation.engine import worker
def block(*_):
    pathlib.Path({str(mark)!r}).write_text(str(os.getpid()) + "\\n"); time.sleep(1000)
{blocked}
worker.LEAVING_SECONDS = 0.1
worker.main()
"""
    bot = f"""
import asyncio
from generation.local_pool import LocalPool
from tests.generation.test_local_pool import OPTIONS, job
async def main():
    async with LocalPool(OPTIONS, {fork_server.command(script)!r}) as pool:
        await pool.submit(job())
        await asyncio.Event().wait()
asyncio.run(main())
"""
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", bot)
    async with asyncio.timeout(60):
        while not (mark.exists() and mark.read_text().endswith("\n")):
            await asyncio.sleep(0.01)
        worker_id = int(mark.read_text())
        assert is_alive(worker_id)
        killed.kill()
        await killed.wait()
        while is_alive(worker_id):
            await asyncio.sleep(0.02)


async def test_commands_for_a_job_that_is_not_there_are_nothing() -> None:
    async with LocalPool(OPTIONS, worker("commands.read()")) as pool:
        await pool.cancel(99)
        await pool.want_frame(99)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(pool.events()), 0.1)


async def test_a_device_on_which_nothing_starts_leaves_its_jobs_to_the_others_until_it_does(tmp_path: Path) -> None:
    mended = tmp_path / "mended"
    script = (
        PREAMBLE.replace("wire.read(commands)", "options = wire.read(commands)")
        + f"""
if options.device == "cuda:7" and not os.path.exists({str(mended)!r}):
    raise SystemExit(1)
say(wire.Ready(os.getpid(), options.device, "float32", 1))
wire.read(commands)
"""
    )
    command = (sys.executable, "-c", script)
    async with LocalPool(OPTIONS, command, no_sleep, devices=("cpu", "cuda:7")) as pool, asyncio.timeout(60):
        await pool.submit(job(1), "cuda:7")
        events = pool.events()
        assert await anext(events) == Lost(1)
        assert isinstance(await anext(events), WorkersChanged)
        assert [*pool.workers] == ["cpu"]
        mended.touch()
        await pool.ready("cuda:7")
        while [*pool.workers] != ["cpu", "cuda:7"]:
            await anext(events)


async def test_where_nothing_starts_on_any_device_jobs_fail() -> None:
    command = (sys.executable, "-c", "raise SystemExit(1)")
    async with LocalPool(OPTIONS, command, no_sleep, devices=("cpu", "cuda:7")) as pool, asyncio.timeout(60):
        await pool.submit(job(1), "cuda:7")
        async for event in pool.events():
            if isinstance(event, Lost):
                await pool.submit(job(1), "cpu")
            if isinstance(event, Failed):
                assert event.kind is FailureKind.WORKER_UNAVAILABLE
                break
