"""Freed pictures do not stay with the process."""

import subprocess
import sys

import pytest

FREED = """
import sys
from pathlib import Path
from bot.memory import give_back_pictures

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 // 2**20

kept = []

def filled_and_freed():
    pictures = [bytearray(8 * 2**20) for _ in range(12)]
    for each in pictures:
        each[::4096] = bytes([1]) * len(each[::4096])
    kept.append(bytes(300_000))

if give_back_pictures():
    before = resident()
    filled_and_freed()
    filled_and_freed()
    print(resident() - before)
"""


def test_freed_pictures_go_back_to_the_system() -> None:
    told = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, check=True).stdout
    if not told:
        pytest.skip("the C library is not glibc")
    assert int(told) < 8
