"""Cancelling: shown and counted at once, whatever the worker does."""

import asyncio

import discord
import pytest

from bot import app
from bot.delivery.messages import EditFailed, Messages
from bot.delivery.updates import MessageUpdates
from bot.interactions import gate
from bot.jobs import unkept
from generation.jobs import JobState
from generation.settings import Limits
from playground import Playground
from storage.database import StorageError
from storage.generations import Generations
from tests.fake_pool import FakePool
from tests.journeys.conftest import (
    Member,
    Message,
    Start,
    finished,
    labels_of,
    text_of,
    until,
    until_nothing_is_due,
    urls_of,
    words_of,
)


class DeafPool(FakePool):
    """A pool whose worker is in the middle of a long step, and hears of nothing."""

    async def cancel(self, job_id: int) -> None:
        self.cancelled.append(job_id)


@pytest.fixture
def pool() -> FakePool:
    return DeafPool()


def cancelled(message: Message) -> bool:
    return "Cancelled." in text_of(message)


async def test_it_is_written_before_it_is_acknowledged_and_shown_by_the_acknowledgement(
    bot: app.Bot, pool: FakePool, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.hold()
    drawing = await member.see_drawing(pool, await member.start("a boat"))
    may_write, cancel = asyncio.Event(), Generations.cancel

    async def slowly(generations: Generations, generation_id: int, charged: int = 0) -> object:
        await may_write.wait()
        return await cancel(generations, generation_id, charged)

    monkeypatch.setattr(Generations, "cancel", slowly)
    monkeypatch.setattr(MessageUpdates, "finish", lambda *_: None)
    pressing = asyncio.create_task(member.click(drawing, "Cancel"))
    await asyncio.wait([pressing], timeout=0.1)
    assert not pressing.done()
    may_write.set()
    await pressing
    await member.see(drawing, cancelled)


@pytest.mark.parametrize("waits", [False, True], ids=["drawn", "waiting"])
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
async def test_a_press_whose_acknowledgement_is_cut_cancels(
    bot: app.Bot,
    playground: Playground,
    pool: FakePool,
    member: Member,
    other: Member,
    waits: bool,
    times: int,
    after: bool,
) -> None:
    pool.hold()
    pool.room = 1
    if waits:
        await other.see_drawing(pool, await other.start("a castle"))
    started = await member.start("a boat")
    message = await member.see(started, lambda each: "Cancel" in labels_of(each))
    playground.cut_next("POST", "/callback", times=times, after=after)
    pressing = asyncio.create_task(member.click(message, "Cancel"))
    await member.see(message, cancelled)
    pool.release()
    await until_nothing_is_due(bot)
    pressing.cancel()
    kept = await bot.generations.get(1 + waits)
    assert kept is not None
    assert kept.state is JobState.CANCELLED
    assert cancelled(await member.see(message, lambda each: True))
    assert [each for each in member.messages() if each["ephemeral_for"]] == []


async def test_killed_between_the_press_and_its_acknowledgement(
    start: Start, pool: FakePool, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    pool.hold()
    with monkeypatch.context() as patch:
        patch.setattr(gate, "ANSWER_SECONDS", 0.0)
        patch.setattr(discord.InteractionResponse, "edit_message", never)
        patch.setattr(MessageUpdates, "finish", lambda *_: None)
        async with start() as bot:
            drawing = await member.see_drawing(pool, await member.start("a boat"))
            pressing = asyncio.create_task(member.click(drawing, "Cancel"))
            await until(lambda: bot.dispatcher.line() == [])
    pressing.cancel()
    pool.release()
    async with start():
        await member.see(drawing, cancelled)


async def test_one_that_waits_keeps_its_place_where_its_cancel_cannot_be_written(
    bot: app.Bot, pool: FakePool, member: Member, other: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.hold()
    pool.room = 1
    await other.see_drawing(pool, await other.start("a castle"))
    waiting = await member.see(await member.start("a boat"), lambda each: "Cancel" in labels_of(each))
    later = await other.start("a fox")
    await other.see(later, lambda each: "Cancel" in labels_of(each))
    with monkeypatch.context() as patch:
        patch.setattr(Generations, "cancel", locked)
        await member.click(waiting, "Cancel")
        await member.wait_for(lambda each: "can't save anything" in each["content"])
    assert [each.id for each in bot.dispatcher.line()] == [1, 2, 3]
    assert "Cancelling" not in text_of(await member.see(waiting, lambda each: True))
    pool.release()
    assert urls_of(await member.see_finished(waiting))


async def test_one_that_ends_while_its_cancel_cannot_be_written_shows_its_picture(
    bot: app.Bot, pool: FakePool, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unkept, "PAUSE_SECONDS", 0.02)
    pool.hold()
    drawing = await member.see_drawing(pool, await member.start("a boat"))

    async def ends_and_is_locked(*_: object) -> None:
        pool.release()
        await until(lambda: bot.dispatcher.line() == [] and not pool.at_work)
        await asyncio.sleep(0.05)
        raise StorageError("the database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(Generations, "cancel", ends_and_is_locked)
        await member.click(drawing, "Cancel")
        await member.wait_for(lambda each: "can't save anything" in each["content"])
    assert urls_of(await member.see_finished(drawing))


async def locked(*_: object, **__: object) -> None:
    raise StorageError("the database is locked")


async def test_ten_that_are_cancelled_while_the_worker_is_busy_leave_their_places_and_the_queue(
    start: Start, pool: FakePool, member: Member
) -> None:
    pool.hold()
    async with start(limits=Limits(steps=150, side=512, count=4, waiting=10)):
        mine = [await member.start(f"boat {number}") for number in range(10)]
        await pool.until_at_work(4)
        for message in mine:
            await member.click(await member.see(message, lambda each: "Cancel" in labels_of(each)), "Cancel")
            await member.see(message, cancelled)
        assert "The queue is empty" in text_of(await member.asks("queue"))
        again = [await member.start(f"fox {number}") for number in range(10)]
        queue = words_of(await member.asks("queue"))
        assert queue.count("fox") == 10
        assert "boat" not in queue
        pool.release()
        for message in again:
            assert finished(await member.see_finished(message))
        for message in mine:
            assert cancelled(await member.see(message, lambda each: True))


async def test_what_the_worker_draws_after_all_is_not_kept(
    bot: app.Bot, pool: FakePool, member: Member, other: Member
) -> None:
    pool.hold()
    drawing = await member.see_drawing(pool, await member.start("a boat"))
    await member.click(drawing, "Cancel")
    await member.see(drawing, cancelled)
    pool.release()
    assert finished(await other.imagine("a fox"))
    await until_nothing_is_due(bot)
    kept = await bot.generations.get(1)
    assert kept is not None
    assert (kept.state, kept.pictures) == (JobState.CANCELLED, ())
    assert cancelled(await member.see(drawing, lambda each: True))


async def test_what_cannot_be_written_is_not_cancelled(
    bot: app.Bot, pool: FakePool, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.hold()
    drawing = await member.see_drawing(pool, await member.start("a boat"))

    with monkeypatch.context() as patch:
        patch.setattr(Generations, "cancel", locked)
        await member.click(drawing, "Cancel")
        await member.wait_for(lambda each: each["ephemeral_for"] == member.id)
    assert "Cancelling" not in text_of(await member.see(drawing, lambda each: True))
    pool.release()
    assert finished(await member.see_finished(drawing))


async def test_one_that_is_only_being_written_down_shows_its_picture(
    bot: app.Bot, pool: FakePool, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.hold()
    drawing = await member.see_drawing(pool, await member.start("a boat"))
    writing, may_end, complete = asyncio.Event(), asyncio.Event(), Generations.complete

    async def slowly(*arguments: object, **named: object) -> object:
        writing.set()
        await may_end.wait()
        return await complete(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Generations, "complete", slowly)
    pool.release()
    async with asyncio.timeout(60):
        await writing.wait()
    await member.click(drawing, "Cancel")
    await member.see(drawing, lambda each: "Cancelling…" in text_of(each))
    may_end.set()
    assert urls_of(await member.see_finished(drawing))
    assert pool.cancelled == []


@pytest.mark.parametrize("how", ["cancelled", "failed"])
async def test_a_message_without_pictures_can_be_deleted(
    bot: app.Bot, pool: FakePool, member: Member, other: Member, how: str
) -> None:
    pool.hold()
    drawing = await member.see_drawing(pool, await member.start("a boat"))
    if how == "cancelled":
        await member.click(drawing, "Cancel")
    else:
        pool.fail()
    ended = await member.see(drawing, finished)
    assert labels_of(ended) == ["Re-roll", "Delete"]
    refusal = await other.click(ended, "Delete")
    assert "Only the person who asked" in text_of(refusal.message or {})
    await member.click(ended, "Delete")
    await member.wait_until(lambda: member.message(ended["id"]) is None)
    await member.asks_until(lambda each: "0 in all" in words_of(each), "history", cancelled=True)


async def test_the_history_hides_what_was_cancelled_unless_asked(bot: app.Bot, pool: FakePool, member: Member) -> None:
    await member.imagine("a castle")
    pool.hold()
    drawing = await member.see_drawing(pool, await member.start("a boat"))
    await member.click(drawing, "Cancel")
    await member.see(drawing, cancelled)
    usual = words_of(await member.looks_up("history"))
    assert "1 in all" in usual
    assert "a boat" not in usual
    everything = words_of(await member.looks_up("history", cancelled=True))
    assert "2 in all" in everything
    assert "🚫 cancelled" in everything


async def test_the_pages_of_a_history_with_cancelled_requests_go_on_with_them(
    bot: app.Bot, pool: FakePool, member: Member
) -> None:
    await member.imagine("a castle")
    pool.hold()
    for number in range(5):
        begun = await member.start(f"boat {number}")
        await member.click(await member.see(begun, lambda each: "Cancel" in labels_of(each)), "Cancel")
        await member.see(begun, cancelled)
    first = await member.looks_up("history", cancelled=True)
    assert "a castle" not in words_of(first)
    await member.click(first, "▶️")
    assert "a castle" in words_of(await member.see(first, lambda each: "2 of 2" in text_of(each)))


async def test_a_message_keeps_the_language_of_its_person_whoever_cancels(
    bot: app.Bot, pool: FakePool, member: Member, admin: Member
) -> None:
    admin.locale = "es-ES"
    pool.hold()
    drawn = await member.see_drawing(pool, await member.start("a boat"))
    await admin.click(drawn, "Cancel")
    assert set(labels_of(await member.see(drawn, cancelled))) <= {"Re-roll", "Delete", "🗑️", "❌"}
    assert "Cancelada" not in words_of(member.message(drawn["id"]) or drawn)


async def test_a_message_that_missed_its_end_shows_it_in_the_language_of_its_person(
    bot: app.Bot, pool: FakePool, member: Member, admin: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object) -> None:
        raise EditFailed("Discord is down")

    admin.locale = "es-ES"
    pool.hold()
    drawn = await member.see_drawing(pool, await member.start("a boat"))
    monkeypatch.setattr(Messages, "edit", down)
    monkeypatch.setattr("bot.delivery.updates.RETRY_SECONDS", ())
    pool.finish()
    await until(lambda: bot.dispatcher.line() == [])
    await bot.delivery.settle()
    await admin.click(drawn, "Cancel")
    assert "Re-roll" in labels_of(await member.see_finished(drawn))
