"""The README's way from the small model to a real one, command by command, with a small checkpoint on a hub here."""

import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from huggingface_hub import constants

from bot import config
from bot.__main__ import main
from bot.cli.doctor import device
from tests.bot.cli.doctor.conftest import TRIAL
from tests.bot.cli.program import noisefox
from tests.bot.cli.test_readme import README
from tests.forked_worker import ForkServer

pytest.importorskip("tests.model_hosts")
from tests.model_hosts import ModelHosts

SECTION = README.partition("## From the toy to a real model on a 12 GB card\n")[2].partition("\n## ")[0]
LINUX, *_ = re.findall(r"```\n(.*?)```", SECTION, re.DOTALL)
COMMANDS = [shlex.split(line)[1:] for line in LINUX.splitlines()]

CHECKPOINT = """
from pathlib import Path
from diffusers import DiffusionPipeline
from tests.generation.engine import single_file, tiny
folder = Path({folder!r})
pipeline = DiffusionPipeline.from_pretrained(tiny.checkpoint_xl(folder.parent / "parts"))
single_file.write(pipeline, folder / "sd_xl_base_1.0.safetensors")
"""


class Terminal(StringIO):
    """Where a person types."""

    def isatty(self) -> bool:
        return True


class Page(StringIO):
    """The output of `noisefox try`, which is told to stop once its page is open."""

    def write(self, text: str) -> int:
        if text.startswith("\nOpen http"):
            signal.raise_signal(signal.SIGTERM)
        return super().write(text)


@pytest.fixture
def hub(tmp_path: Path, fork_server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A hub with a small Stable Diffusion XL under the name of the real one."""
    folder = tmp_path / "hosts" / "hub" / "stabilityai" / "stable-diffusion-xl-base-1.0"
    folder.mkdir(parents=True)
    subprocess.run(fork_server.command(CHECKPOINT.format(folder=str(folder))), check=True, capture_output=True)
    (folder / "card.json").write_text('{"license": "openrail++"}')
    with ModelHosts(tmp_path / "hosts") as hosts:
        monkeypatch.setattr(constants, "ENDPOINT", hosts.address)
        template = hosts.address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(device, "TRIAL", fork_server.command(TRIAL))
        yield


@pytest.mark.usefixtures("hub")
def test_each_command_does_what_the_readme_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    *before, doctor, local = COMMANDS
    assert (doctor, local) == (["doctor"], ["try", "--config", "config.toml"])
    folder = tmp_path / "noisefox"
    folder.mkdir()
    monkeypatch.setattr(sys, "stdin", Terminal("y\n" * len(before)))
    for command in before:
        done = noisefox(*command, folder=folder)
        assert done.returncode == 0, done.stderr
    read = config.load(folder / "config.toml")
    assert (read.catalogue.default.name, read.catalogue.default.width) == ("sdxl", 1024)
    found = noisefox(*doctor, folder=folder).stdout
    assert "ok       model sdxl: Stable Diffusion XL, in " in found
    assert [line for line in found.splitlines() if line.startswith("missing")] == [
        line for line in found.splitlines() if "There is no bot token." in line
    ]
    with chdir(folder), redirect_stdout(Page()) as page:
        assert main(local) == 0
    assert "Open http://127.0.0.1:" in page.getvalue()
