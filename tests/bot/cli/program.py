"""The `noisefox` program, called in this process or as a process of its own."""

import os
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from subprocess import CompletedProcess
from unittest.mock import patch

from bot.__main__ import main
from tests.written import place_of_token


def noisefox(*arguments: str, folder: Path, token: str = "") -> CompletedProcess[str]:
    """Call the program's entry point with a working directory and a token; its exit status and what it printed."""
    with (
        chdir(folder),
        patch.dict(os.environ, {"NOISEFOX_TOKEN": token}),
        redirect_stdout(StringIO()) as output,
        redirect_stderr(StringIO()) as errors,
    ):
        status = main(arguments)
    return _searched(CompletedProcess(arguments, status, output.getvalue(), errors.getvalue()))


def noisefox_process(*arguments: str, folder: Path) -> CompletedProcess[str]:
    """Run the program as a person does, without a token."""
    command = [sys.executable, "-m", "bot", *arguments]
    environment = os.environ | {"NOISEFOX_TOKEN": ""}
    return _searched(subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment))


def _searched(ended: CompletedProcess[str]) -> CompletedProcess[str]:
    """A program that has ended, and that has written no token."""
    assert place_of_token(ended.stdout + ended.stderr) is None
    return ended
