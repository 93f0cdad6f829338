"""The script for GPU machines, with an interpreter that only notes what it is asked."""

import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gpu.sh"

NOTES = """#!/bin/sh
case "$2" in
zipfile) exec {python} "$@" ;;
benchmarks.random_weights) echo "asked: $*" ;;
pytest) echo "tested: $NOISEFOX_TEST_DEVICE $(ls -m "${{PYTHONPATH#*:}}")" ;;
*) cat >/dev/null; echo "checked: $*" ;;
esac
{more}
"""


def script(folder: Path, more: str = "", **environment: str) -> "subprocess.Popen[str]":
    """The script, with one wheel; the interpreter ends with the commands `more`."""
    python, wheels = folder / "python", folder / "wheels"
    python.write_text(NOTES.format(python=sys.executable, more=more))
    python.chmod(0o755)
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "one-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("one.py", "")
    own = {"PYTHON": str(python), "RESULTS": str(folder / "results.txt")}
    return subprocess.Popen(
        [SCRIPT, wheels], env=os.environ | own | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_the_parts_that_matter_most_come_first_each_with_its_limit(tmp_path: Path) -> None:
    said, errors = script(tmp_path).communicate()
    assert not errors
    sizes = [line.split("--size ")[1] for line in said.splitlines() if line.startswith("asked")]
    assert sizes[:4] == ["sd15 --seconds 70", "sdxl --seconds 90", "flux --seconds 90", "z-image --seconds 60"]
    assert sizes[4] == "sd15 --jobs 16 --compile --seconds 50"
    assert sizes[-1] == "sdxl --jobs 16 --attention _native_efficient --seconds 25"
    assert "tested: cuda noisefox-0.dist-info, one.py" in said, "on the device, with what was in the wheel"
    assert said.index("z-image") < said.index("tested") < said.index("--compile")
    assert said == (tmp_path / "results.txt").read_text()


def test_without_time_no_part_begins(tmp_path: Path) -> None:
    said, _ = script(tmp_path, LIMIT="20").communicate()
    assert "asked" not in said
    assert said.count("no time left") == said.count("==") == 13


def test_what_a_part_failed_with_is_told_and_the_next_one_runs(tmp_path: Path) -> None:
    failing = 'case "$*" in *flux*) echo "no kernel image" >&2; exit 1 ;; esac'
    said, _ = script(tmp_path, failing).communicate()
    after = said.partition("== FLUX.1")[2].splitlines()
    assert after[2:4] == ["failed:", "no kernel image"]
    assert after[4] == "== Z-Image"


def test_a_machine_that_cannot_be_measured_is_told_why(tmp_path: Path) -> None:
    process = script(tmp_path, 'case "$1" in -) echo "torch sees no GPU." >&2; exit 1 ;; esac')
    said, errors = process.communicate()
    assert process.returncode == 1
    assert "torch sees no GPU." in errors
    assert "==" not in said


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_ended_early_it_prints_what_there_is(tmp_path: Path, sent: signal.Signals) -> None:
    fifo = tmp_path / "reached"
    os.mkfifo(fifo)
    process = script(tmp_path, f'case "$*" in *sdxl*) echo >"{fifo}"; exec sleep 600 ;; esac')
    assert fifo.read_text() == "\n"
    process.send_signal(sent)
    said, _ = process.communicate()
    assert process.returncode == 128 + sent
    assert "sd15 --seconds 70" in said
    assert "sdxl --seconds 90" in said
    assert "flux" not in said
