"""The README's command lines are ones that the program reads."""

import re
import shlex
from pathlib import Path

import pytest

from bot.__main__ import parser

README = (Path(__file__).parents[3] / "README.md").read_text()
LINES = sorted(set(re.findall(r"`(?:[^`]*/)?noisefox ([a-z][^`]*)`", README)))


def test_the_readme_says_how_to_save_and_repair() -> None:
    assert {"backup FILE.zip", "restore FILE.zip", "check", "check --repair"} <= set(LINES)


@pytest.mark.parametrize("line", [line for line in LINES if line not in ("explain", "compare")])
def test_a_command_line_of_the_readme_is_understood(line: str) -> None:
    assert callable(parser().parse_args(shlex.split(line)).command)
