"""Two bots on one data folder, a request in it that cannot be read, and a backup of it."""

import asyncio
import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import pytest

from bot.cli import check
from storage import backups, orphans
from storage.data_folder import LOCK, OWNER, UnusableFolder
from storage.images import PICTURES
from tests.databases import save_empty
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Start, text_of, until


async def test_a_second_bot_on_the_folder_is_refused_and_the_first_one_goes_on(start: Start, member: Member) -> None:
    async with start():
        with pytest.raises(UnusableFolder, match="in use by `noisefox run`, process"):
            async with start():
                pass
        await member.imagine()
    async with start():
        await member.imagine()


async def test_a_second_bot_is_refused_also_where_the_lock_file_was_deleted(
    start: Start, member: Member, tmp_path: Path
) -> None:
    async with start():
        for name in (LOCK, OWNER):
            (tmp_path / "data" / name).unlink()
        with pytest.raises(UnusableFolder, match="in use by another process"):
            async with start():
                pass
        await member.imagine()


async def test_two_bots_with_one_token_do_not_do_the_same_twice(
    start: Start, member: Member, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save_empty(tmp_path / "other" / "noisefox.db")
    second = FakePool()
    async with start() as one, start(second, data=tmp_path / "other") as two:
        await member.imagine("a plum")
        await member.asks("queue")
        await until(lambda: caplog.text.count("was answered by somebody else") == 2)
        done = [each for bot in (one, two) for each in (await bot.generations.of_user(int(member.id))).generations]
        assert [each.settings.prompt for each in done] == ["a plum"]
        assert await one.generations.unfinished() == await two.generations.unfinished() == []
    assert len([each for each in member.messages() if not each["ephemeral_for"]]) == 1
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


async def test_one_unreadable_request_does_not_stop_the_bot(start: Start, member: Member, tmp_path: Path) -> None:
    async with start():
        await member.imagine("an old apple")
        await member.imagine("a pear")
    with closing(sqlite3.connect(tmp_path / "data" / "noisefox.db")) as database:
        database.execute("UPDATE generations SET sampler = 'of next year', delivered = 0 WHERE id = 1")
        database.commit()
    async with start():
        await member.imagine("a plum")
        history = text_of(await member.looks_up("history"))
    assert "a plum" in history
    assert "a pear" in history
    assert "an old apple" not in history


async def test_a_backup_of_a_running_bot_is_a_data_folder_with_everything_until_then(
    start: Start, member: Member, tmp_path: Path
) -> None:
    async with start():
        saved = await member.imagine("a pear")
        backup = await asyncio.to_thread(backups.save, tmp_path / "data", tmp_path / "backup.zip")
        assert (backup.pictures, backup.left_out) == (1, 0)
        later = await member.imagine("a plum")
    with ZipFile(tmp_path / "backup.zip") as archive:
        archive.extractall(tmp_path / "restored")
    async with start(data=tmp_path / "restored") as bot:
        again = await member.press(saved, "Re-roll")
        assert "a pear" in text_of(again)
        found = await bot.generations.by_message(int(again["id"]))
        assert found is not None
        assert found.id > 1000  # and so no number of a request that the backup lacks
        lost = await member.click(later, "Re-roll")
        assert lost.message is not None
        assert "This picture no longer exists" in text_of(lost.message)


async def test_files_that_were_set_aside_are_forgotten_with_their_person(
    start: Start, member: Member, other: Member, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    aside = data / orphans.ORPHANS
    async with start() as bot:
        shown = [await member.imagine("a pear"), await other.imagine("a plum")]
        numbers = [found.id for each in shown if (found := await bot.generations.by_message(int(each["id"])))]
    for number in numbers:
        (data / PICTURES / f"{number:03}" / f"{number}-0-lost.png").write_bytes(b"png")
    assert check.examine(data, repair=True) == 0
    assert len(list(aside.rglob("*.png"))) == 2
    old = data / "backups" / "before-repair-1970-01-01-000000-000000.db"
    old.touch()
    os.utime(old, (0, 0))
    async with start():
        await member.wait_until(lambda: not old.exists())
        question = await member.asks("me forget")
        await member.click(question, "Delete everything")
        await member.see(question, lambda each: "Deleted 1 request" in text_of(each))
        assert [path.name for path in aside.rglob("*.png")] == [f"{numbers[1]}-0-lost.png"]
