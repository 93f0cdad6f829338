import base64
from pathlib import Path

import pytest

from bot.cli.doctor.app_token import invite_link
from bot.cli.doctor.data import data_findings, word_list_findings
from bot.config import Config, WildcardsConfig
from bot.interactions.permissions import NEEDED


def test_the_link_asks_for_the_least() -> None:
    token = base64.b64encode(b"123456789012345678").decode().rstrip("=") + ".x.y"
    link = invite_link(token)
    assert link is not None
    assert "client_id=123456789012345678" in link
    assert "scope=bot+applications.commands" in link
    assert f"permissions={(1 << 10) | (1 << 11) | (1 << 15) | (1 << 16) | (1 << 38)}&" in f"{link}&"
    assert f"permissions={NEEDED.value}&" in f"{link}&"


@pytest.mark.parametrize("token", ["", "x", "bm90IGFuIGlk.x.y", "ünïcode.x"])
def test_no_link_for_what_is_no_token(token: str) -> None:
    assert invite_link(token) is None


def test_a_data_folder_of_others_is_missing(tmp_path: Path) -> None:
    (tmp_path / "holidays.txt").touch()
    tmp_path.chmod(0o755)
    ((well, sentence),) = data_findings(tmp_path)
    assert (well, "has files of others, such as holidays.txt" in sentence) == (False, True)


def test_word_lists_that_help_nobody_are_named(tmp_path: Path) -> None:
    for name, text in (("colour", "red"), ("empty", "# none\n"), ("my list", "red")):
        (tmp_path / f"{name}.txt").write_text(text)
    fine, empty, unsayable = word_list_findings(Config(wildcards=WildcardsConfig(tmp_path)))
    assert fine == (True, f"3 word lists in {tmp_path}")
    assert empty == (False, f"the word list {tmp_path / 'empty.txt'} has no entries. Write one a line")
    assert (unsayable[0], "no prompt can name the word list" in unsayable[1]) == (False, True)
    assert list(word_list_findings(Config())) == []
