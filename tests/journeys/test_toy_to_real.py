"""From the small model that ships with the bot to one of Civitai, as a host goes there."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot import config
from bot.cli.models import civitai
from bot.config import WorkerConfig
from generation.local_pool import LocalPool
from tests.bot.cli.program import noisefox
from tests.forked_worker import ForkServer
from tests.journeys.conftest import Member, Start
from tests.journeys.test_result import settings_in
from tests.model_hosts import ModelHosts

CHECKPOINT = """
from pathlib import Path
from diffusers import DiffusionPipeline
from tests.generation.engine import single_file, tiny
folder = Path({folder!r})
single_file.write(DiffusionPipeline.from_pretrained(tiny.checkpoint_1(folder / "parts")), folder / "2.safetensors")
"""


@pytest.fixture
def hosts(tmp_path: Path, fork_server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelHosts]:
    """Civitai with a tiny Stable Diffusion 1.5 in one file."""
    folder = tmp_path / "hosts" / "civitai"
    folder.mkdir(parents=True)
    subprocess.run(fork_server.command(CHECKPOINT.format(folder=str(folder))), check=True, capture_output=True)
    with ModelHosts(
        tmp_path / "hosts",
        models={1: {"name": "Foxes", "allowCommercialUse": ["Image"]}},
        versions={2: {"modelId": 1, "name": "v2", "baseModel": "SD 1.5"}},
    ) as hosts:
        monkeypatch.setenv(civitai.ENDPOINT_VARIABLE, hosts.address)
        yield hosts


async def test_from_the_toy_to_a_real_model(
    hosts: ModelHosts, start: Start, member: Member, worker_command: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    models = partial(noisefox, "models", folder=tmp_path)
    on_file = ("--config", str(file))
    assert (
        models("list", *on_file).stdout
        == "pocket (default): pocket; ships with Noisefox; needs 0.4 GB of GPU memory, or at least 0.3 GB\n"
    )
    page = "https://civitai.com/models/1?modelVersionId=2"
    added = models("add", "fox", page, "--accept-licence", *on_file)
    assert "fox: Foxes v2 on Civitai, made from SD 1.5" in added.stdout
    for action in (["pull", "fox"], ["check"], ["default", "fox"]):
        done = models(*action, *on_file)
        assert done.returncode == 0, done.stderr
    read = replace(config.load(file), worker=WorkerConfig(dtype="float32"))
    async with LocalPool(read.worker_options, worker_command) as pool, start(pool, models=read.models):
        listed = (await member.asks("models"))["content"]
        assert "**fox** (default): 512×512, 25 steps, guidance 7; licence: Civitai, creativeml-openrail-m" in listed
        drawn = await member.imagine("a red fox --size 64x64")
        assert (await member.image(drawn)).size == (64, 64)
        assert (await settings_in(member, drawn)).model == "fox"
