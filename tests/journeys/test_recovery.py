"""Requests that meet a fault on their way: each ends in its message, and no fault waits for a restart."""

import asyncio
import errno
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import discord
import pytest

from bot import app
from bot.delivery import messages
from bot.delivery.messages import EditFailed, EditRefused, MessageDeleted, Messages
from bot.delivery.updates import UNTOLD
from bot.requests import completion, preparation
from bot.requests.inputs import PictureReader
from bot.requests.preparation import PATIENCE
from playground import Playground
from playground.client.person import File
from playground.state.world import ART_ID, GUILD_ID, MEMBER_ONE_ID
from storage import database
from storage.database import StorageError
from storage.generations import Generations
from storage.images import Images
from storage.records import Generation, Origin
from tests.fake_pool import FakePool
from tests.journeys.conftest import (
    Clock,
    Member,
    Start,
    finished,
    text_of,
    until,
    until_nothing_is_due,
    urls_of,
    words_of,
)
from tests.journeys.test_given import given
from tests.written import OF_THE_PROGRAM, place_of_token


class Lost(OSError):
    """A connection that was cut."""


async def locked(*_: Any, **__: Any) -> Any:
    raise StorageError("database is locked")


async def down(*_: Any, **__: Any) -> None:
    raise EditFailed("Discord is down")


@pytest.fixture(autouse=True)
def late_acknowledgements_are_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "ANSWER_SECONDS", 0.1)


def public(member: Member) -> list[dict[str, Any]]:
    return [each for each in member.messages() if not each["ephemeral_for"]]


@pytest.mark.parametrize(("prompt", "requests"), [("a boat", 1), ("a {red, blue} boat", 2)])
async def test_an_acknowledgement_that_never_left_leaves_no_request(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch, prompt: str, requests: int
) -> None:
    is_cut = asyncio.Event()

    async def cut(*_: Any, **__: Any) -> Any:
        assert len(await bot.generations.lease(alone=True)) == requests, "all are saved first"
        is_cut.set()
        raise Lost

    monkeypatch.setattr(discord.InteractionResponse, "defer", cut)
    asking = asyncio.create_task(member.slash("imagine", {"prompt": prompt}))
    await is_cut.wait()
    await until_nothing_is_due(bot)
    asking.cancel()
    assert (await bot.generations.of_user(int(member.id))).total == 0
    assert public(member) == []


@pytest.mark.parametrize("private", [False, True])
async def test_an_acknowledgement_that_is_cut_and_arrives_late_is_a_request(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch, private: bool
) -> None:
    original, defer = Messages.original, discord.InteractionResponse.defer
    late: list[Callable[[], Awaitable[object]]] = []

    async def cut(self: Any, **how: Any) -> Any:
        late.append(partial(defer, self, **how))
        raise Lost

    async def arrives_after_the_first_look(self: Messages, origin: Origin) -> int | None:
        try:
            return await original(self, origin)
        finally:
            if late:
                await late.pop()()

    monkeypatch.setattr(discord.InteractionResponse, "defer", cut)
    monkeypatch.setattr(Messages, "original", arrives_after_the_first_look)
    assert finished(await member.imagine("a boat", private=private))


async def test_nothing_follows_an_acknowledgement_that_is_not_known_to_be_there(
    bot: app.Bot, playground: Playground, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut(*_: Any, **__: Any) -> Any:
        raise Lost

    monkeypatch.setattr(discord.InteractionResponse, "defer", cut)
    playground.fail_next("GET", "/messages/@original", 503)
    asking = asyncio.create_task(member.slash("imagine", {"prompt": "a {red, blue} boat"}))
    async with asyncio.timeout(60):
        while len(await bot.generations.unfinished()) < 2 or bot.dispatcher.line():
            await asyncio.sleep(0.02)
    await bot.reconciler.look()
    await until_nothing_is_due(bot)
    asking.cancel()
    assert (await bot.generations.of_user(int(member.id))).total == 0
    assert public(member) == []


async def test_an_acknowledgement_whose_answer_is_lost_is_a_request(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    defer = discord.InteractionResponse.defer

    async def cut(self: Any, **how: Any) -> Any:
        await defer(self, **how)
        raise Lost

    monkeypatch.setattr(discord.InteractionResponse, "defer", cut)
    assert finished(await member.imagine("a boat"))
    assert len(public(member)) == 1


async def never(*_: Any, **__: Any) -> Any:
    await asyncio.Event().wait()


@pytest.mark.parametrize("late", [False, True], ids=["at once", "when the token is dead"])
async def test_killed_right_after_the_acknowledgement(
    start: Start, member: Member, clock: Clock, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Generations, "answered", never)
        async with start():
            started = await member.start("a boat")
    clock.ahead += 20 * 60 * late
    async with start():
        await member.see_finished(started)
    assert len(public(member)) == 1


async def test_the_owner_of_a_private_request_that_nobody_can_answer_any_more_is_told(
    start: Start, member: Member, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Generations, "answered", never)
        async with start():
            await member.start("a boat", private=True)
    clock.ahead += 20 * 60
    async with start() as bot:
        await member.wait_for(lambda each: "I can't show it there. See /history, number 1" in each["content"])
        await until_nothing_is_due(bot)


async def test_a_look_at_the_requests_leaves_one_alone_that_is_being_saved(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, original, asked = Generations.add, Messages.original, 0
    looking: list[asyncio.Task[None]] = []

    async def looked_at_before_it_has_its_place(self: Generations, requests: Any) -> list[Generation]:
        rows = await add(self, requests)
        looking.append(asyncio.create_task(bot.reconciler.look()))
        await asyncio.wait(looking, timeout=0.1)
        return rows

    async def counted(self: Messages, origin: Origin) -> int | None:
        nonlocal asked
        asked += 1
        return await original(self, origin)

    monkeypatch.setattr(Generations, "add", looked_at_before_it_has_its_place)
    monkeypatch.setattr(Messages, "original", counted)
    await member.imagine("a boat")
    await asyncio.gather(*looking)
    assert asked == 0, "it is not taken for one whose answer is unknown"


async def test_a_look_that_waits_for_the_database_holds_up_nobody(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, go_on = Generations.lease, asyncio.Event()

    async def slow(self: Generations, **how: Any) -> list[Generation]:
        await go_on.wait()
        return await lease(self, **how)

    monkeypatch.setattr(Generations, "lease", slow)
    looking = asyncio.create_task(bot.reconciler.look())
    assert finished(await member.imagine("a boat"))
    go_on.set()
    await looking


async def test_requests_that_cannot_be_withdrawn_are_withdrawn_later(
    bot: app.Bot, playground: Playground, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    playground.fail_next("POST", "/callback", 404, times=9, code=10062)
    is_tried = asyncio.Event()

    async def locked_once(*_: Any) -> None:
        is_tried.set()
        raise StorageError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(Generations, "withdraw", locked_once)
        asking = asyncio.create_task(member.slash("imagine", {"prompt": "a {red, blue} boat"}))
        await is_tried.wait()
    assert bot.dispatcher.line() == [], "nobody holds them"
    await bot.reconciler.look()
    await until_nothing_is_due(bot)
    asking.cancel()
    assert (await bot.generations.of_user(int(member.id))).total == 0


async def disk_full(*_: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("lasts", [False, True], ids=["for a moment", "for long"])
async def test_a_disk_that_takes_no_given_picture_is_waited_for(
    bot: app.Bot, member: Member, clock: Clock, monkeypatch: pytest.MonkeyPatch, lasts: bool
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Images, "keep", disk_full)
        started = await member.start("a boat", image=given())
        await until(lambda: bot.dispatcher.line() == [])
        assert len(await bot.generations.unfinished()) == 1
        if lasts:
            clock.ahead += PATIENCE.total_seconds()
            await bot.reconciler.look()
            await member.wait_for(lambda each: "Something went wrong on my side" in each["content"])
    if not lasts:
        await bot.reconciler.look()
        assert urls_of(await member.see_finished(started))
    await until_nothing_is_due(bot)


async def test_a_file_that_cannot_be_read_for_a_moment_is_waited_for(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = await member.imagine("a boat")
    with monkeypatch.context() as patch:
        patch.setattr(Images, "read", disk_full)
        enlarging = (await member.click(done, "Upscale ×2")).message
        await until(lambda: bot.dispatcher.line() == [])
    assert enlarging is not None
    await bot.reconciler.look()
    assert urls_of(await member.see_finished(enlarging))


async def test_a_refusal_that_is_lost_after_its_message_is_deleted_is_told_elsewhere(
    bot: app.Bot, playground: Playground, member: Member
) -> None:
    playground.fail_next("POST", "^/webhooks/", 400)
    await member.start("a boat", image=File("look.png", b"no picture", "image/png"))
    await member.wait_for(lambda each: "could not be drawn" in each["content"] and "number 1" in each["content"])
    await until_nothing_is_due(bot)
    assert public(member) == []


@pytest.mark.parametrize("draws", [False, True], ids=["a message that Discord does not take", "a drawing without end"])
async def test_a_stop_ends_in_time(
    start: Start,
    pool: FakePool,
    member: Member,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    draws: bool,
) -> None:
    monkeypatch.setattr(app, "STOP_SECONDS", 0.2)
    serving = asyncio.create_task(app.serve(start()))
    await until(lambda: member.bot_online)
    pool.hold()
    started = await member.start("a boat")
    await member.see_drawing(pool, started)
    if not draws:
        monkeypatch.setattr(app, "STOP_SECONDS", 20.0)
        monkeypatch.setattr(Messages, "edit", down)
        pool.release()
        await until(lambda: "showing the ending" in caplog.text)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(60):
        assert await serving == 0
    assert ("not all is finished" in caplog.text) is draws
    monkeypatch.undo()
    pool.release()
    async with start():
        assert urls_of(await member.see_finished(started))


@pytest.fixture
def slow_download(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Pictures are never downloaded, until this is undone."""

    async def never(*_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(completion.Completion, "complete", never)
        yield patch


@pytest.mark.parametrize("late", [False, True])
async def test_stopped_while_a_picture_is_downloaded(
    start: Start, member: Member, clock: Clock, slow_download: pytest.MonkeyPatch, late: bool
) -> None:
    async with start():
        started = await member.start("a boat", image=given())
        blended = (await member.slash("blend", dict.fromkeys(("first", "second"), given()))).message
    slow_download.undo()
    clock.ahead += 20 * 60 * late
    async with start():
        assert blended is not None
        for message in (started, blended):
            assert urls_of(await member.see_finished(message))


async def test_stopped_in_the_middle_of_drawing_all(
    start: Start, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow_up, posted = Messages.follow_up, 0

    async def hangs_after_two(self: Messages, *given: Any) -> int:
        nonlocal posted
        posted += 1
        message = await follow_up(self, *given)
        if posted == 3:
            await asyncio.Event().wait()
        return message

    with monkeypatch.context() as patch:
        patch.setattr(Messages, "follow_up", hangs_after_two)
        async with start():
            question = await member.asks("imagine", prompt="{a, b, c} fox in {snow, rain}", steps=1)
            await member.click(question, "Draw all 6")
            await member.wait_until(lambda: posted == 3 and len(public(member)) == 4)
    async with start() as bot:
        await until_nothing_is_due(bot)
    done = public(member)
    assert len(done) == 6, "none is lost, and the one that was posted without a record of it is found again"
    assert all(finished(each) for each in done)


async def test_a_follow_up_leaves_an_empty_acknowledgement_to_the_request_it_belongs_to(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("bot.delivery.updates.RETRY_SECONDS", ())
        patch.setattr(Messages, "edit", down)
        with patch.context() as first:
            first.setattr(Messages, "follow_up", down)
            started = await member.start("a {red, blue} boat")
            await until(lambda: not bot.dispatcher.line())
        await bot.delivery.settle()
        await bot.reconciler.look()
        await until(lambda: not bot.dispatcher.line())
        assert [words_of(each) for each in public(member)] == [""], "the first request is drawn and not shown yet"
    async with asyncio.timeout(60):
        while await bot.generations.lease(alone=True):
            await bot.reconciler.look()
            await asyncio.sleep(0.02)
    shown, follow_up = public(member)
    assert shown["id"] == started["id"]
    assert "a red boat" in words_of(shown)
    assert "a blue boat" in words_of(follow_up)
    assert all(finished(each) for each in (shown, follow_up))


async def test_a_look_at_the_requests_leaves_one_alone_that_is_being_cancelled(
    bot: app.Bot, pool: FakePool, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel = Generations.cancel

    async def looked_at_meanwhile(self: Generations, generation_id: int, charged: int = 0) -> Generation:
        await bot.reconciler.look()
        return await cancel(self, generation_id, charged)

    pool.hold()
    await member.start("a boat", count=4)
    await pool.until_at_work()
    waiting = await member.see(await member.start("a castle", count=4), lambda each: "in the queue" in text_of(each))
    monkeypatch.setattr(Generations, "cancel", looked_at_meanwhile)
    await member.click(waiting, "Cancel")
    await member.see(waiting, lambda each: "Cancelled" in text_of(each))
    assert len(bot.dispatcher.line()) == 1
    pool.release()
    await until_nothing_is_due(bot)


async def test_a_question_whose_answer_never_reached_discord_can_be_answered_again(
    bot: app.Bot, playground: Playground, member: Member
) -> None:
    question = await member.asks("imagine", prompt="{a, b, c} fox in {snow, rain}", steps=1)
    playground.cut_next("POST", "/callback")
    asking = asyncio.create_task(member.click(question, "Draw all 6"))
    async with asyncio.timeout(60):
        while not await bot.generations.knows("draft:1"):
            await asyncio.sleep(0.01)
    await until_nothing_is_due(bot)
    assert public(member) == []
    await member.click(question, "Draw all 6")
    await until_nothing_is_due(bot)
    asking.cancel()
    assert len([each for each in public(member) if finished(each)]) == 6


async def test_a_question_whose_picture_was_never_read_can_be_answered(
    start: Start, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(PictureReader, "read", never)
        async with start():
            question = await member.asks("imagine", prompt="{a, b, c, d, e} fox", steps=1, image=given())
    async with start() as bot:
        await member.click(question, "Draw all 5")
        await until_nothing_is_due(bot)
    assert len([each for each in public(member) if finished(each)]) == 5


async def test_a_question_that_is_answered_twice_draws_once(bot: app.Bot, member: Member) -> None:
    question = await member.asks("imagine", prompt="{a, b, c} fox in {snow, rain}", steps=1)
    await asyncio.gather(member.click(question, "Draw all 6"), member.click(question, "Draw all 6"))
    await until_nothing_is_due(bot)
    assert (await bot.generations.of_user(int(member.id))).total == 6


async def test_a_locked_database_refuses_in_time_and_loses_nothing(
    bot: app.Bot,
    pool: FakePool,
    member: Member,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    pool.hold()
    drawing = await member.start("a boat")
    await pool.until_at_work()

    with monkeypatch.context() as patch:
        for name in ("complete", "add", "delivered"):
            patch.setattr(Generations, name, locked)
        pool.release()
        await until(lambda: not pool.at_work)
        await member.slash("imagine", {"prompt": "a castle"})
        await member.wait_for(lambda each: "I can't save anything right now" in each["content"])
    [refused] = [each for each in caplog.records if each.name == "bot.interactions.error_handler"]
    assert (refused.exc_info, refused.getMessage().partition(" failed: ")[2]) == (None, "database is locked")
    assert "a boat" in text_of(await member.asks("queue")), "nobody works on it, and it is in the queue"
    await bot.reconciler.look()
    await member.see_finished(drawing)
    await until_nothing_is_due(bot)
    assert database.BUSY_MILLISECONDS < 3000, "a locked file is given up before Discord gives up"


async def test_a_request_that_is_left_while_the_queue_is_read_is_listed_once(
    bot: app.Bot, pool: FakePool, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfinished = Generations.unfinished

    async def left_meanwhile(self: Generations) -> list[Generation]:
        rows = await unfinished(self)
        pool.finish()
        await until(lambda: bot.dispatcher.line() == [])
        return rows

    pool.hold()
    await member.see_drawing(pool, await member.start("a boat"))
    monkeypatch.setattr(Generations, "complete", locked)
    monkeypatch.setattr(Generations, "unfinished", left_meanwhile)
    assert text_of(await member.asks("queue")).count("**a boat**") == 1


async def test_what_nobody_works_on_can_be_cancelled(
    bot: app.Bot, pool: FakePool, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.hold()
    drawing = await member.see_drawing(pool, await member.start("a boat"))
    with monkeypatch.context() as patch:
        patch.setattr(Generations, "complete", locked)
        pool.finish()
        await until(lambda: bot.dispatcher.line() == [])
    await member.click(drawing, "Cancel")
    assert "Cancelled" in text_of(await member.see(drawing, lambda each: "Cancelled" in text_of(each)))
    await until_nothing_is_due(bot)


async def test_a_press_on_a_message_that_missed_the_end_shows_it(
    bot: app.Bot, pool: FakePool, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.hold()
    drawing = await member.see_drawing(pool, await member.start("a boat"))
    monkeypatch.setattr(Messages, "edit", down)
    monkeypatch.setattr("bot.delivery.updates.RETRY_SECONDS", ())
    pool.finish()
    await until(lambda: bot.dispatcher.line() == [])
    await bot.delivery.settle()
    await member.click(drawing, "Cancel")
    assert urls_of(await member.see_finished(drawing))
    await until_nothing_is_due(bot)


async def test_an_outage_that_outlasts_all_tries_is_mended_while_running(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Messages, "edit", down)
        patch.setattr("bot.delivery.updates.RETRY_SECONDS", ())
        started = await member.start("a boat")
        await until(lambda: bot.dispatcher.line() == [])
        await bot.delivery.settle()
    assert len(await bot.generations.lease(alone=True)) == 1
    await bot.reconciler.look()
    await member.see_finished(started)


async def test_a_reaction_during_a_fault_of_the_database_is_answered(
    bot: app.Bot, member: Member, other: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = await member.imagine("a boat")

    with monkeypatch.context() as patch:
        patch.setattr(Generations, "add", locked)
        await other.react(done, "🔁")
        await other.wait_for(lambda each: "I can't save anything right now" in each["content"])
    assert len([each for each in public(member) if "a boat" in text_of(each)]) == 1


async def test_an_upscale_keeps_the_picture_whose_request_is_deleted_while_it_waits(
    bot: app.Bot, pool: FakePool, member: Member, other: Member
) -> None:
    done = await member.imagine("a boat")
    pool.hold()
    enlarging = (await other.click(done, "Upscale ×2")).message
    assert enlarging is not None
    await pool.until_at_work()
    await member.click(done, "Delete")
    await bot.dispatcher.abandon((await bot.generations.unfinished())[0])
    await bot.reconciler.look()
    pool.release()
    assert urls_of(await other.see(enlarging, lambda each: bool(urls_of(each))))
    await bot.cleanup.remove_files()
    assert (await bot.generations.of_user(int(other.id))).generations[0].source is None


@pytest.mark.parametrize("minutes", [16, -16])
async def test_a_wrong_clock_keeps_no_private_picture_from_its_owner(
    start: Start, member: Member, clock: Clock, minutes: int
) -> None:
    clock.bot_behind = -60 * minutes
    async with start():
        started = await member.start("a secret", private=True)
        assert urls_of(await member.see(started, lambda each: bool(urls_of(each))))


async def test_an_upload_that_hangs_is_given_up_and_tried_again(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit, tries = Messages._edit_by_token, 0

    async def hangs_once(self: Messages, origin: Any, content: Any) -> None:
        nonlocal tries
        if content.files:
            tries += 1
        if content.files and tries == 1:
            await asyncio.Event().wait()
        await edit(self, origin, content)

    monkeypatch.setattr(messages, "UPLOAD_SECONDS", 0.05)
    monkeypatch.setattr("bot.delivery.updates.RETRY_SECONDS", (0.0,))
    monkeypatch.setattr(Messages, "_edit_by_token", hangs_once)
    await member.imagine("a boat")
    assert tries == 2


async def test_a_connection_that_is_reset_during_an_upload_writes_no_token(
    bot: app.Bot,
    pool: FakePool,
    playground: Playground,
    member: Member,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("bot.delivery.updates.RETRY_SECONDS", (0.0,))
    caplog.set_level(logging.DEBUG)
    pool.hold()
    started = await member.start("a noisy boat --size 1024x1024", count=2)
    await member.see_drawing(pool, started)
    playground.reset_uploads("PATCH", "/webhooks/", times=1)
    pool.release()
    assert len(urls_of(await member.see_finished(started))) == 2
    lines = [OF_THE_PROGRAM.format(record) for record in caplog.records]
    assert [line for line in lines if "showing the ending of request 1 failed" in line]
    assert [line for line in lines if place_of_token(line) is not None] == []


def forbid(playground: Playground, status: int, code: int) -> None:
    """Forbid the channel, and let direct messages be refused."""
    playground.fail_next("PATCH", r"/messages/\d", 403, times=10**6, code=50001)
    playground.fail_next("POST", r"^/channels/\d+/messages", status, times=10**6, code=code)


async def test_the_owner_of_a_picture_that_cannot_be_posted_finds_it(
    bot: app.Bot, playground: Playground, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.updates.RETRY_SECONDS", ())
    playground.fail_next("PATCH", r"/messages/\d", 403, times=1000)
    await member.start("a boat")
    told = await member.wait_for(lambda each: "I can't show it there. See /history" in each["content"])
    assert "Your picture is done" in told["content"]
    playground.clear_failures()
    await until_nothing_is_due(bot)
    assert "a boat" in words_of(await member.looks_up("history"))


@pytest.mark.parametrize(("status", "code"), [(403, 50013), (400, 0)])
async def test_the_owner_who_cannot_be_told_for_a_moment_is_told(
    bot: app.Bot, playground: Playground, member: Member, monkeypatch: pytest.MonkeyPatch, status: int, code: int
) -> None:
    monkeypatch.setattr("bot.delivery.updates.RETRY_SECONDS", (0.0,))
    playground.fail_next("PATCH", r"/messages/\d", 403, times=1000)
    playground.fail_next("POST", r"^/channels/\d+/messages", status, code=code)
    await member.start("a boat")
    await member.wait_for(lambda each: "I can't show it there. See /history, number 1" in each["content"])
    await until_nothing_is_due(bot)


@pytest.mark.parametrize(("status", "code"), [(403, 50007), (403, 50278), (403, 50013), (404, 10013)])
async def test_a_picture_that_nobody_could_be_told_of_is_shown_once_its_channel_is_open_again(
    bot: app.Bot, playground: Playground, member: Member, monkeypatch: pytest.MonkeyPatch, status: int, code: int
) -> None:
    monkeypatch.setattr("bot.delivery.updates.RETRY_SECONDS", (0.0,))
    forbid(playground, status, code)
    started = await member.start("a boat")
    for _ in range(3):
        await until(lambda: not bot.dispatcher.line() and not bot.delivery.holds(1))
        await bot.reconciler.look()
    await until(lambda: not bot.delivery.holds(1))
    assert len(await bot.generations.lease(alone=True)) == 1
    playground.clear_failures()
    monkeypatch.setattr(bot.delivery, "_clock", lambda: time.monotonic() + 3600)
    await bot.reconciler.look()
    await member.see_finished(started)
    await until_nothing_is_due(bot)


async def test_an_owner_who_takes_no_direct_messages_is_not_written_to_for_ever(
    bot: app.Bot,
    playground: Playground,
    member: Member,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("bot.delivery.updates.RETRY_SECONDS", ())
    caplog.set_level(logging.INFO)
    forbid(playground, 403, 50007)
    await member.start("a boat")
    await until(lambda: "nobody could be told" in caplog.text and not bot.delivery.holds(1))
    clock.ahead += UNTOLD.total_seconds()
    await bot.reconciler.look()
    await until_nothing_is_due(bot)
    assert "does not accept direct messages" in caplog.text


async def test_a_follow_up_that_is_forbidden_for_a_moment_is_posted(
    bot: app.Bot, playground: Playground, member: Member
) -> None:
    playground.fail_next("POST", "^/webhooks/", 403, code=50013)
    await member.see_finished(await member.start("a {red, blue} boat"))
    await until(lambda: bot.dispatcher.line() == [])
    await bot.reconciler.look()
    await until_nothing_is_due(bot)
    assert [finished(each) for each in public(member)] == [True, True]


async def test_a_follow_up_takes_an_acknowledgement_that_its_request_never_filled(
    bot: app.Bot, playground: Playground, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.updates.RETRY_SECONDS", ())
    with monkeypatch.context() as patch:
        patch.setattr(Messages, "follow_up", down)
        playground.fail_next("PATCH", r"/messages/\d", 403, times=1000, code=50013)
        started = await member.start("a {red, blue, green} boat")
        await member.wait_for(lambda each: "I can't show it there. See /history, number 1" in each["content"])
    playground.clear_failures()
    await until(lambda: bot.dispatcher.line() == [])
    await bot.reconciler.look()
    await until_nothing_is_due(bot)
    shown, follow_up = public(member)
    assert shown["id"] == started["id"]
    assert "a blue boat" in words_of(shown)
    assert "a green boat" in words_of(follow_up)
    assert all(finished(each) for each in (shown, follow_up))
    taken = await bot.generations.by_message(int(shown["id"]))
    assert taken is not None
    assert taken.settings.prompt == "a blue boat"


async def test_a_follow_up_to_an_acknowledgement_that_is_deleted_is_a_message_of_its_own(
    bot: app.Bot, playground: Playground, member: Member
) -> None:
    playground.fail_next("GET", "/messages/@original", 404, code=10008)
    await member.start("a {red, blue} boat")
    await until_nothing_is_due(bot)
    assert [finished(each) for each in public(member)] == [True, True]


@pytest.mark.parametrize("lasts", [False, True], ids=["for a moment", "for long"])
async def test_a_follow_up_is_not_posted_again_while_nobody_may_look_for_it(
    bot: app.Bot, playground: Playground, member: Member, clock: Clock, lasts: bool
) -> None:
    playground.cut_next("POST", "^/webhooks/", after=True)
    playground.fail_next("GET", r"^/channels/\d+/messages", 403, times=2 if lasts else 1, code=50013)
    await member.see_finished(await member.start("a {red, blue} boat"))
    await until(lambda: bot.dispatcher.line() == [])
    await bot.reconciler.look()
    await until(lambda: bot.dispatcher.line() == [])
    assert len(public(member)) == 2
    if lasts:
        clock.ahead += PATIENCE.total_seconds()
    await bot.reconciler.look()
    await until_nothing_is_due(bot)
    assert len(public(member)) == 2 + lasts
    assert finished(public(member)[-1])


async def test_a_follow_up_that_stays_forbidden_ends_and_its_owner_is_told(
    bot: app.Bot, playground: Playground, member: Member, clock: Clock
) -> None:
    playground.fail_next("POST", "^/webhooks/", 403, times=2, code=50013)
    await member.see_finished(await member.start("a {red, blue} boat"))
    await until(lambda: bot.dispatcher.line() == [])
    clock.ahead += PATIENCE.total_seconds()
    await bot.reconciler.look()
    await member.wait_for(lambda each: "I can't show it there. See /history, number 2" in each["content"])
    await until_nothing_is_due(bot)


@pytest.mark.parametrize("refusal", [EditRefused("a harmful link"), MessageDeleted("404")])
async def test_a_follow_up_that_cannot_be_posted_ends_and_its_owner_is_told(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch, refusal: Exception
) -> None:
    async def refused(*_: Any, **__: Any) -> int:
        raise refusal

    monkeypatch.setattr(Messages, "follow_up", refused)
    started = await member.start("a {red, blue} boat")
    await member.see_finished(started)
    await member.wait_for(lambda each: "I can't show it there. See /history, number 2" in each["content"])
    await until_nothing_is_due(bot)


async def test_follow_ups_after_the_life_of_the_token_are_messages_of_their_own(
    start: Start, member: Member, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(Messages, "follow_up", never)
        async with start():
            await member.start("a {red, blue, green} boat")
    clock.ahead += 20 * 60
    async with start() as bot:
        await until_nothing_is_due(bot)
    done = public(member)
    assert len(done) == 3
    assert all(finished(each) for each in done)


@pytest.mark.parametrize("where", ["channel", "thread", "private"])
@pytest.mark.parametrize("code", [10003, 10008])
async def test_the_owner_of_a_picture_whose_channel_is_deleted_is_told(
    bot: app.Bot, playground: Playground, pool: FakePool, member: Member, where: str, code: int
) -> None:
    """Discord may call the message unknown, or its channel."""
    await member.asks("settings notify", by="message")
    pool.hold()
    channel = playground.open_thread("plans", ART_ID, MEMBER_ONE_ID) if where == "thread" else ART_ID
    await member.wait_until(lambda: member.sees(str(channel)))
    await member.start("a boat", channel=str(channel), private=where == "private")
    await pool.until_at_work(1)
    if code == 10008:
        playground.fail_next("*", "/webhooks/.*/messages", 404, times=10**6, code=code)
    playground.delete_channel(channel)
    guild = bot.client.get_guild(GUILD_ID)
    await until(lambda: guild and guild.get_channel_or_thread(channel) is None)
    pool.release()
    told = await member.wait_for(lambda each: "Your picture is done" in each["content"])
    assert "See /history, number 1" in told["content"]
    assert "https://" not in told["content"]
    await until_nothing_is_due(bot)
