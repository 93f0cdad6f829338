"""What draws on the command line, where the configuration has more than this machine."""

from pathlib import Path

import pytest

from bot.cli.doctor.comfy import comfy_findings
from bot.cli.drawer import Drawer, NotDrawn
from bot.config import Config
from bot.config.workers import ComfyConfig
from generation.catalogue import POCKET, ModelSpec
from generation.jobs import Draw
from generation.settings import GenerationSettings
from tests.comfy import workflow
from tests.comfy.stand_in import StandIn

FOXES = ModelSpec("foxes", workflow("sd15"), workers="comfy", width=64, height=64, steps=2)

ASKED = Draw(GenerationSettings("a fox", seed=7, model="foxes", width=64, height=64, steps=2))

UNUSED = "http://127.0.0.1:9"
"""An address where nothing answers."""


def drawing_at(*addresses: str) -> Config:
    return Config(models=(POCKET, FOXES), workers=(("comfy", ComfyConfig(addresses=addresses)),))


async def test_a_workflow_is_drawn_by_its_server_and_two_pictures_by_one_connection() -> None:
    async with StandIn() as server, Drawer(drawing_at(server.address)) as drawer:
        first, second = [await drawer.drawn(ASKED) for _ in range(2)]
    assert [each.seed for each in (*first.pictures, *second.pictures)] == [7, 7]
    assert len(server.prompts) == 2


async def test_a_server_that_is_away_is_told_in_a_sentence() -> None:
    async with Drawer(drawing_at(UNUSED)) as drawer:
        with pytest.raises(NotDrawn, match="What draws this model is away"):
            await drawer.drawn(ASKED)


async def test_the_doctor_asks_each_server() -> None:
    async with StandIn() as server:
        there, away = await comfy_findings(drawing_at(server.address, UNUSED))
    assert there == (True, f"workers.comfy: ComfyUI 0.8.0 cpu at {server.name}")
    assert away[0] is False
    assert "no ComfyUI answers at 127.0.0.1:9." in away[1]


def test_a_worker_of_this_machine_is_not_given_workflows() -> None:
    assert [each.name for each in drawing_at(UNUSED).worker_options.models] == ["pocket"]
    assert not drawing_at(UNUSED).draws_here
    assert Config(data=Path("data")).draws_here
