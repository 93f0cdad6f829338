"""The first start of `noisefox try`, as after `git clone`."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import app
from bot.config import Config
from playground.server import Playground
from storage.data_folder import UnusableFolder


@pytest.fixture
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("usual_umask")
async def test_it_starts_in_a_fresh_folder_and_again_in_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        bot = asyncio.create_task(app.run_locally(Config(data=tmp_path / "data"), Playground, 0))
        async with asyncio.timeout(60):
            while "and type /imagine prompt:a cute fox seed:5" not in capsys.readouterr().out:
                await asyncio.wait([bot], timeout=0.05)
                assert not bot.done(), bot.result()
            os.kill(os.getpid(), signal.SIGTERM)
            assert await bot == 0
    folders = [tmp_path / "data" / "try", tmp_path / "data" / "try" / "chat"]
    assert [each.stat().st_mode & 0o777 for each in folders] == [0o700, 0o700]


async def test_a_folder_of_others_is_refused_before_a_chat_lies_in_it(tmp_path: Path) -> None:
    (tmp_path / "try").mkdir()
    (tmp_path / "try" / "first.txt").touch()
    with pytest.raises(UnusableFolder, match=r"such as first\.txt"):
        await app.run_locally(Config(data=tmp_path), Playground, 0)
    assert [each.name for each in (tmp_path / "try").iterdir()] == ["first.txt"]
