"""Presses and commands whose acknowledgement is lost on the way, and those that come while the bot closes."""

import asyncio
import logging
from typing import Any

import pytest

from bot import app
from bot.interactions import gate
from playground import Playground
from storage.generations import Generations
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Start, text_of, until_nothing_is_due, urls_of, words_of


def private(member: Member) -> list[dict[str, Any]]:
    return [each for each in member.messages() if each["ephemeral_for"]]


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
async def test_delete_deletes(
    bot: app.Bot,
    playground: Playground,
    member: Member,
    caplog: pytest.LogCaptureFixture,
    times: int,
    after: bool,
) -> None:
    done = await member.imagine("a boat")
    await until_nothing_is_due(bot)
    playground.cut_next("POST", "/callback", times=times, after=after)
    pressing = asyncio.create_task(member.click(done, "Delete"))
    await member.wait_until(lambda: member.message(done["id"]) is None)
    pressing.cancel()
    assert private(member) == []
    assert errors(caplog) == []


@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
async def test_an_answer_is_given_once(
    bot: app.Bot, playground: Playground, member: Member, caplog: pytest.LogCaptureFixture, after: bool
) -> None:
    done = await member.imagine("a boat")
    for label in ("Favourite", "Details", "Remix"):
        playground.cut_next("POST", "/callback", after=after)
        outcome = await member.click(done, label)
        assert outcome.message is not None or outcome.modal is not None
    assert len(private(member)) == 2
    playground.cut_next("POST", "/callback", after=after)
    assert "soft light" in words_of(await member.asks("settings suffix", text="soft light"))
    playground.cut_next("POST", "/callback", after=after)
    assert "a boat" in words_of(await member.looks_up("history"))
    assert len(private(member)) == 4
    assert errors(caplog) == []


async def test_what_is_deferred_is_answered_where_nobody_knows_whether_it_was(
    bot: app.Bot, playground: Playground, member: Member, caplog: pytest.LogCaptureFixture
) -> None:
    await member.imagine("a boat")
    playground.cut_next("POST", "/callback", times=2, after=True)
    assert "a boat" in words_of(await member.looks_up("history"))
    playground.cut_next("POST", "/callback", times=2)
    assert "a boat" in words_of(await member.looks_up("history"))
    assert len(private(member)) == 2
    assert errors(caplog) == []


async def test_a_refusal_follows_an_acknowledgement_that_was_cut(
    bot: app.Bot, playground: Playground, member: Member, caplog: pytest.LogCaptureFixture
) -> None:
    playground.cut_next("POST", "/callback", after=True)
    await member.slash("history", {})
    pictures = await member.imagine("a boat")
    await member.click(pictures, "Delete")
    playground.cut_next("POST", "/callback", times=2, after=True)
    outcome = await member.slash("show", {"number": 99})
    assert outcome.message is not None
    assert "no picture with that number" in words_of(outcome.message)
    assert errors(caplog) == []


async def test_an_error_that_cannot_be_said_is_one_line(
    bot: app.Bot, playground: Playground, member: Member, caplog: pytest.LogCaptureFixture
) -> None:
    playground.cut_next("POST", "/callback", times=9)
    asking = asyncio.create_task(member.slash("show", {"number": 99}))
    while caplog.text.count("not known whether") < 2:
        await asyncio.sleep(0.01)
    asking.cancel()
    assert errors(caplog) == []
    assert "Traceback" not in caplog.text


async def test_whoever_comes_while_the_bot_closes_is_told(bot: app.Bot, member: Member) -> None:
    drawn = await member.imagine("a boat")
    await bot.client.stop_taking()
    sentence = "I'm restarting. Try again in a minute."
    assert words_of(await member.asks("imagine", prompt="a fox")) == sentence
    pressed = await member.click(drawn, "Re-roll")
    assert pressed.message is not None
    assert words_of(pressed.message) == sentence
    assert (await bot.generations.of_user(int(member.id))).total == 1


@pytest.mark.parametrize("label", ["Re-roll", "Details", "Delete"])
async def test_what_is_cut_off_by_the_close_writes_no_traceback(
    start: Start,
    member: Member,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    label: str,
) -> None:
    monkeypatch.setattr(gate, "ANSWER_SECONDS", 0.0)
    get, comes, may_go_on, handlers = Generations.get, asyncio.Event(), asyncio.Event(), set[Any]()

    async def slowly(self: Generations, number: int) -> Any:
        found = await get(self, number)
        handlers.add(asyncio.current_task())
        comes.set()
        await may_go_on.wait()
        return found

    async with start() as bot:
        done = await member.imagine("a boat")
        await until_nothing_is_due(bot)
        with monkeypatch.context() as patch:
            patch.setattr(Generations, "get", slowly)
            pressing = asyncio.create_task(member.click(done, label))
            await comes.wait()
            await bot.client.close()
            may_go_on.set()
            await asyncio.wait(handlers, timeout=60)
    pressing.cancel()
    assert errors(caplog) == []
    assert "Traceback" not in caplog.text


async def test_the_close_waits_for_whoever_is_being_answered(
    start: Start, pool: FakePool, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, comes, may_save = Generations.add, asyncio.Event(), asyncio.Event()

    async def slowly(self: Generations, requests: Any) -> Any:
        comes.set()
        await may_save.wait()
        return await add(self, requests)

    async with start():
        with monkeypatch.context() as patch:
            patch.setattr(Generations, "add", slowly)
            asking = asyncio.create_task(member.start("a boat"))
            await comes.wait()
            asyncio.get_running_loop().call_later(0.1, may_save.set)
    message = await asking
    async with start():
        assert urls_of(await member.see_finished(message)), text_of(message)
