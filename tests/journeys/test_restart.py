"""After a restart: old buttons, unfinished requests, and pictures that were drawn and not shown."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot import app
from bot.config import Config, DiscordConfig, WorkerConfig
from generation import infotext
from generation.events import Progress
from generation.local_pool import LOCAL, LocalPool
from generation.pool import PoolEvent
from playground import Playground
from storage.database import StorageError
from storage.generations import Generations
from tests.fake_pool import GREY, FakePool
from tests.journeys.conftest import Clock, Member, Message, Start, finished, text_of, until, urls_of


async def kill_worker(pool: LocalPool) -> None:
    """End the worker as the operating system would, and wait for the next one."""
    killed = await pool.ready()
    os.kill(killed.pid, signal.SIGKILL)
    async with asyncio.timeout(60):
        while (await pool.ready()).pid == killed.pid:
            await asyncio.sleep(0.02)


def pictures_in(folder: Path) -> list[Path]:
    return list((folder / "data" / "pictures").rglob("*.png"))


def not_delivered(folder: Path) -> bool:
    with closing(sqlite3.connect(folder / "data" / "noisefox.db")) as database:
        rows = database.execute("SELECT state, delivered FROM generations").fetchall()
    return rows == [("completed", 0)]


async def test_buttons_and_reactions_outlive_a_restart_of_everything(
    start: Start, playground: Playground, tmp_path: Path, member: Member
) -> None:
    async with start():
        old = await member.imagine("a cat", seed=7)
        other_old = await member.imagine("a castle", seed=8)
    async with start():
        again = await member.press(old, "Re-roll")
        assert "a cat" in text_of(again)
        assert (await member.image(await member.press(old, "Upscale ×2"))).size == (256, 256)
        await member.react(other_old, "🔁")

        def by_reaction(message: Message) -> bool:
            return finished(message) and all(words in text_of(message) for words in ("Re-roll of", "a castle"))

        await member.wait_for(by_reaction)
        await member.click(old, "❌")
        await member.wait_until(lambda: member.message(old["id"]) is None)


async def test_a_restart_of_the_whole_program_keeps_the_chat_and_its_buttons(
    tmp_path: Path, pool: FakePool, recorded: Path
) -> None:
    """As `noisefox try` does it: stand-in and bot begin together, and end together."""
    for run in range(2):
        async with Playground(folder=tmp_path / "chat", record=recorded) as playground:
            config = Config(data=tmp_path / "data", discord=DiscordConfig(api_base=playground.api_base))
            async with (
                app.running(config, playground.token, pools={LOCAL: pool}),
                Member(playground.url, "member one") as member,
            ):
                if run == 0:
                    await member.imagine("a cat", seed=7)
                    continue
                [old] = member.messages()
                assert (await member.image(old)).size == (128, 128)
                again = text_of(await member.press(old, "Re-roll"))
                assert "Re-roll of" in again
                assert "a cat" in again


class BrokenPool(FakePool):
    """Breaks after some turns of the event loop."""

    def __init__(self, turns: int) -> None:
        super().__init__()
        self._turns = turns

    async def events(self) -> AsyncIterator[PoolEvent]:
        for _ in range(self._turns):
            await asyncio.sleep(0)
        raise RuntimeError("broken")
        yield


@pytest.mark.parametrize("turns", range(0, 40, 8))
async def test_a_part_that_breaks_while_the_bot_connects_ends_it(start: Start, turns: int) -> None:
    """At any moment of that, also in those in which asyncio.wait_for of Python 3.11 loses a cancel."""
    with pytest.raises(ExceptionGroup) as broken:
        async with start(BrokenPool(turns)):
            pytest.fail("it works on")
    assert broken.group_contains(RuntimeError, match="broken", depth=2)


@pytest.mark.real_worker
async def test_what_was_being_drawn_and_what_waited_is_finished_in_the_same_messages(
    start: Start, worker_command: tuple[str, ...], member: Member, other: Member
) -> None:
    options = Config(worker=WorkerConfig(dtype="float32", max_pictures=1)).worker_options
    async with LocalPool(options, worker_command) as pool, start(pool):
        drawing = await member.start("a cat", steps=100, seed=7)
        waiting = await other.start("a castle", seed=8)
        await member.see(drawing, lambda each: "of 100" in text_of(each))
    async with start():
        done, also_done = await member.see_finished(drawing), await other.see_finished(waiting)
    settings = infotext.from_infotext((await member.image(done)).info["parameters"])
    assert (settings.prompt, settings.seed, settings.steps) == ("a cat", 7, 100)
    assert "a castle" in text_of(also_done)
    assert len(member.messages()) == 2


class RestlessPool(FakePool):
    """Reports the first step of what it draws again and again."""

    async def events(self) -> AsyncIterator[PoolEvent]:
        async for event in super().events():
            while True:
                yield event
                [job_id] = self.at_work
                event = Progress(job_id, 1, 20, (GREY,))
                await asyncio.sleep(0)


async def test_no_message_is_edited_once_the_bot_has_hung_up(
    start: Start, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = RestlessPool()
    pool.hold()
    under_way: list[str] = []
    async with start(pool) as bot:
        hang_up = bot.client.close

        async def watched() -> None:
            await hang_up()
            under_way.extend(task.get_name() for task in asyncio.all_tasks() if "updates of" in task.get_name())

        monkeypatch.setattr(bot.client, "close", watched)
        started = await member.start()
        await member.see(started, lambda message: "step 1 of 20" in text_of(message))
    assert not under_way


async def test_interrupted_past_the_life_of_its_token(
    start: Start, pool: FakePool, member: Member, clock: Clock
) -> None:
    pool.hold()
    async with start():
        drawing = await member.start("a cat", seed=7)
        await member.see_drawing(pool, drawing)
    clock.ahead += 3600
    pool.release()
    async with start():
        assert urls_of(await member.see_finished(drawing))


async def test_drawn_but_not_shown_is_shown_once(
    start: Start, playground: Playground, member: Member, tmp_path: Path
) -> None:
    """The program ends between the row and the message: nothing is lost, drawn twice or posted twice."""

    async with start():
        playground.fail_next("PATCH", r"/messages/", 409, times=1000)
        await member.start(seed=7)
        await until(lambda: pictures_in(tmp_path) and not_delivered(tmp_path))
    playground.clear_failures()
    assert not any(finished(each) for each in member.messages())
    [file] = pictures_in(tmp_path)
    async with start():
        done = await member.wait_for(finished)
    assert pictures_in(tmp_path) == [file]
    assert await member.download(urls_of(done)[0]) == file.read_bytes()
    assert len(member.messages()) == 1


async def test_a_request_that_comes_while_the_bot_starts_is_drawn_once(
    start: Start, playground: Playground, member: Member, tmp_path: Path
) -> None:
    async with start():
        pass
    await member.wait_until(lambda: not member.bot_online)
    starting = asyncio.create_task(_serve_a_while(start, member))
    await member.wait_until(lambda: member.bot_online)
    started = await member.start(seed=7)
    await member.see_finished(started)
    await starting
    assert len(member.messages()) == 1
    assert len(pictures_in(tmp_path)) == 1


async def _serve_a_while(start: Start, member: Member) -> None:
    async with start():
        await member.wait_for(finished)


async def test_a_database_that_fails_costs_one_request_and_not_the_bot(
    start: Start, member: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Generations.complete

    async def full_disk(self: Generations, generation_id: int, *rest: Any) -> Any:
        if generation_id == 1:
            raise StorageError("database or disk is full")
        return await whole(self, generation_id, *rest)

    monkeypatch.setattr(Generations, "complete", full_disk)
    async with start():
        lost = await member.start(seed=7)
        assert "a cat" in text_of(await member.imagine("a cat"))
    monkeypatch.undo()
    async with start():
        assert finished(await member.see_finished(lost))
    assert len(pictures_in(tmp_path)) == 2


async def test_a_worker_that_is_killed_is_replaced_and_the_picture_comes(
    start: Start, worker_command: tuple[str, ...], member: Member
) -> None:
    options = Config(worker=WorkerConfig(dtype="float32")).worker_options
    async with LocalPool(options, worker_command) as pool, start(pool):
        started = await member.start(steps=60, seed=7)
        await member.see(started, lambda each: "of 60" in text_of(each))
        await kill_worker(pool)
        done = await member.see_finished(started)
    assert "seed 7" in text_of(done)


async def test_a_picture_that_ends_every_worker_fails_and_the_next_one_comes(
    start: Start, worker_command: tuple[str, ...], member: Member
) -> None:
    options = Config(worker=WorkerConfig(dtype="float32")).worker_options
    async with LocalPool(options, worker_command) as pool, start(pool):
        started = await member.start(steps=60)
        await member.see(started, lambda each: "of 60" in text_of(each))
        await kill_worker(pool)
        await kill_worker(pool)
        await member.see(started, lambda each: "Drawing stopped unexpectedly twice" in text_of(each))
        assert finished(await member.imagine(seed=3))
