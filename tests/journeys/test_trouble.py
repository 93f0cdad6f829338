"""Problems around a request: slow loading, expired links, very long prompts, full disks."""

import errno
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot import app
from bot.jobs import results, unkept
from playground.client.person import File
from storage.database import StorageError
from storage.generations import Generations
from tests.fake_pool import FakePool
from tests.journeys.conftest import Clock, Member, finished, text_of, until, until_nothing_is_due, urls_of


async def test_while_a_model_loads_everybody_is_answered(
    bot: app.Bot, pool: FakePool, member: Member, other: Member
) -> None:
    pool.hold()
    started = await member.start("a boat")
    await pool.until_at_work()
    pool.load("pocket")
    await member.see(started, lambda each: "Loading the model" in text_of(each))
    assert "a boat" in text_of(await other.asks("queue"))
    theirs = await other.start("a castle")
    pool.release()
    for person, message in ((member, started), (other, theirs)):
        assert finished(await person.see_finished(message))


async def test_a_link_that_has_ended_is_named(bot: app.Bot, member: Member, clock: Clock) -> None:
    file = BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "PNG")
    given = File("mine.png", file.getvalue(), "image/png")
    question = await member.asks("imagine", prompt="{a, b, c} fox in {snow, rain}", steps=1, image=given)
    await member.see(question, lambda each: "This makes 6 requests" in text_of(each))
    clock.ahead += 48 * 3600
    await member.click(question, "Draw all 6")
    refusal = await member.wait_for(lambda each: "can't be downloaded any more" in each["content"])
    assert refusal["ephemeral_for"] == member.id
    await until_nothing_is_due(bot)
    told = [each for each in member.messages() if "can't be downloaded" in each["content"]]
    assert len(told) == 1, "six requests of one question are refused once"
    assert [each for each in member.messages() if not each["ephemeral_for"]] == []


async def test_a_prompt_of_six_thousand_characters_is_shown_cut_and_kept_whole(bot: app.Bot, member: Member) -> None:
    prompt = ("a fox under an old tree, " * 240)[:6000].strip()
    done = await member.imagine(prompt)
    assert len(text_of(done)) < 12_000
    details = (await member.click(done, "Details")).message
    assert details is not None
    assert "settings.txt" in text_of(details)
    [kept] = (await bot.generations.of_user(int(member.id))).generations
    assert kept.settings.prompt == prompt
    assert all("old tree" not in url for url in text_of(done).split() if "http" in url)


@pytest.mark.parametrize("prompt", ["a boat", "a {red, blue} boat"])
async def test_a_request_that_cannot_be_saved_is_not_acknowledged(
    bot: app.Bot, member: Member, monkeypatch: pytest.MonkeyPatch, prompt: str
) -> None:
    async def full(*_: Any) -> Any:
        raise StorageError("the disk is full")

    monkeypatch.setattr(Generations, "add", full)
    await member.slash("imagine", {"prompt": prompt})
    told = await member.wait_for(lambda each: "I can't save anything right now" in each["content"])
    assert told["ephemeral_for"] == member.id
    assert [each for each in member.messages() if not each["ephemeral_for"]] == []


@pytest.mark.parametrize("lasts", [False, True], ids=["for a moment", "for long"])
async def test_a_disk_that_is_full_at_the_second_picture_keeps_nothing_of_the_first_and_is_waited_for(
    bot: app.Bot, member: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lasts: bool
) -> None:
    flush, left = os.fsync, 1

    def full(file: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(file)

    monkeypatch.setattr(os, "fsync", full)
    started = await member.start("a boat", count=2)
    await until(lambda: left < 0 and bot.dispatcher.line() == [])
    assert not [each for each in (tmp_path / "data" / "pictures").rglob("*") if each.is_file()]
    if lasts:
        monkeypatch.setattr(results, "DISK_SECONDS", 0.0)
        await bot.reconciler.look()
        failed = await member.see(started, lambda each: "Something went wrong on my side" in text_of(each))
        assert "space" not in text_of(failed)
        assert not [each for each in (tmp_path / "data" / "pictures").rglob("*") if each.is_file()]
    monkeypatch.undo()
    if not lasts:
        await bot.reconciler.look()
        assert len(urls_of(await member.see_finished(started))) == 2
    assert finished(await member.imagine("a castle"))


@pytest.mark.parametrize("lasts", [False, True], ids=["for a moment", "for long"])
async def test_what_cannot_be_written_down_is_written_later_and_drawn_once(
    bot: app.Bot, pool: FakePool, member: Member, monkeypatch: pytest.MonkeyPatch, lasts: bool
) -> None:
    submit, drawn, refused = FakePool.submit, 0, 0

    async def counted(self: FakePool, job: Any, worker: str | None = None) -> None:
        nonlocal drawn
        drawn += 1
        await submit(self, job, worker)

    async def locked(*_: Any, **__: Any) -> Any:
        nonlocal refused
        refused += 1
        raise StorageError("the database is locked")

    monkeypatch.setattr(FakePool, "submit", counted)
    monkeypatch.setattr(unkept, "PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(unkept, "KEPT_SECONDS", 0.0 if lasts else 60.0)
    with monkeypatch.context() as patch:
        patch.setattr(Generations, "complete", locked)
        started = await member.start("a boat")
        if lasts:
            [row] = await bot.generations.unfinished()
            await until(lambda: refused > 1 and not bot.dispatcher.holds(row.id))
        else:
            await until(lambda: refused > 2)
            assert "a boat" in text_of(await member.asks("queue"))
            await bot.reconciler.look()
    if lasts:
        await bot.reconciler.look()
    assert urls_of(await member.see_finished(started))
    await until_nothing_is_due(bot)
    assert drawn == 1 + lasts
