"""Two bots on one data folder, and a request in it that cannot be read."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.data_folder import UnusableFolder
from tests.journeys.conftest import Member, Start, text_of


async def test_a_second_bot_on_the_folder_is_refused_and_the_first_one_goes_on(start: Start, member: Member) -> None:
    async with start():
        with pytest.raises(UnusableFolder, match="in use by `noisefox run`, process"):
            async with start():
                pass
        await member.imagine()
    async with start():
        await member.imagine()


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
