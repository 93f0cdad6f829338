import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli import check
from generation.settings import GenerationSettings
from storage import database, numbers
from storage.database import UnusableDatabase
from storage.drafts import Drafts
from storage.generations import AlreadyAsked, Generations
from storage.images import PICTURES
from storage.records import Lineage, Origin
from tests.saved import saved
from tests.storage.faults import FAULTS, fill

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.storage import faults
from storage import database
from storage.drafts import Drafts

async def main(folder):
    await faults.fill(folder, 3)
    async with database.opened(folder / database.FILE) as sessions:
        await Drafts(sessions).add(1, {})
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    await fill(tmp_path)
    return tmp_path


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_is_told_and_nothing_is_changed(fault: Callable[[Path], None], folder: Path) -> None:
    fault(folder)
    file = folder / database.FILE
    before = file.read_bytes() if file.is_file() else None
    with pytest.raises(UnusableDatabase, match=FAULTS[fault]):
        database.migrate(file)
    assert (file.read_bytes() if file.is_file() else None) == before


def test_a_database_without_the_log_that_was_not_written_back_is_refused(tmp_path: Path) -> None:
    """Killed with a draft in the log alone: with its log all is well, without it something is missing."""
    result = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert result.returncode == -signal.SIGKILL
    shutil.copytree(tmp_path, tmp_path / "copy")
    (tmp_path / "copy" / f"{database.FILE}-wal").unlink()
    with pytest.raises(
        UnusableDatabase, match=r"lacks drafts: it ends at number 0, .* Put back the missing noisefox\.db-wal"
    ):
        database.check(tmp_path / "copy" / database.FILE)
    database.check(tmp_path / database.FILE)


def test_an_older_database_beside_newer_pictures_is_refused(tmp_path: Path) -> None:
    database.migrate(tmp_path / database.FILE)
    (tmp_path / PICTURES / "007").mkdir(parents=True)
    (tmp_path / PICTURES / "007" / "7-0-abc.png").write_bytes(b"")
    with pytest.raises(UnusableDatabase, match="ends at number 0, and its folder knows number 7"):
        database.check(tmp_path / database.FILE)


async def test_a_new_database_gives_no_number_that_a_lost_one_gave(folder: Path) -> None:
    async with database.opened(folder / database.FILE) as sessions:
        draft = await Drafts(sessions).add(1, {})
    (folder / database.FILE).unlink()
    shutil.rmtree(folder / PICTURES)
    async with database.opened(folder / database.FILE) as sessions:
        assert await Drafts(sessions).add(1, {}) > draft + 1000
        origin = Origin(key="new", user_id=1, channel_id=2, message_id=3)
        settings = GenerationSettings(prompt="a pear", model="pocket", seed=1, width=64, height=64)
        assert (await saved(Generations(sessions), origin, settings, Lineage())).id > 20 + 1000


async def test_numbers_are_noted_once_they_are_saved(tmp_path: Path) -> None:
    await fill(tmp_path, 3)
    assert numbers.NumbersFile(tmp_path).highest == {"generations": 3, "drafts": 0}
    async with database.opened(tmp_path / database.FILE) as sessions:
        origin = Origin(key="0", user_id=1, channel_id=2, message_id=3)
        settings = GenerationSettings(prompt="a pear", model="pocket", seed=1, width=64, height=64)
        with pytest.raises(AlreadyAsked):
            await saved(Generations(sessions), origin, settings, Lineage())
        await Drafts(sessions).add(1, {})
    assert numbers.NumbersFile(tmp_path).highest == {"generations": 3, "drafts": 1}
    database.check(tmp_path / database.FILE)


def test_damaged_notes_of_numbers_are_no_fault(tmp_path: Path) -> None:
    (tmp_path / numbers.FILE).write_text("[{")
    database.migrate(tmp_path / database.FILE)
    assert numbers.NumbersFile(tmp_path).highest == {"generations": 0, "drafts": 0}


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 10**30, -5])
def test_numbers_that_no_request_ever_had_are_no_fault(tmp_path: Path, number: int) -> None:
    (tmp_path / numbers.FILE).write_text(json.dumps({"generations": number}))
    database.migrate(tmp_path / database.FILE)
    assert numbers.NumbersFile(tmp_path).highest == {"generations": 0, "drafts": 0}
    assert check.examine(tmp_path, repair=True) == 0
