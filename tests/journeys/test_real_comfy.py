"""The journeys of ComfyUI with a real one, which `tools/try_comfy.sh` starts: 64×64 pixels, two steps."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot import app
from bot.config.workers import ComfyConfig
from generation.comfy_pool import ComfyPool
from playground import Playground
from tests.comfy import workflow
from tests.journeys.conftest import Member, Start, filled, labels_of, text_of, urls_of, words_of
from tests.journeys.test_blend import picture
from tests.journeys.test_comfy import MODELS

ADDRESS = os.environ.get("NOISEFOX_COMFYUI", "")

PATIENCE = 1800.0
"""Seconds that a picture may take on a CPU."""

pytestmark = [
    pytest.mark.skipif(not ADDRESS, reason="NOISEFOX_COMFYUI names no server"),
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture
async def member(playground: Playground) -> AsyncIterator[Member]:
    async with Member(playground.url, "member one", timeout=PATIENCE) as member:
        yield member


@pytest.fixture
async def bot(start: Start) -> AsyncIterator[app.Bot]:
    section = ComfyConfig(addresses=(ADDRESS,))
    async with ComfyPool([ADDRESS], MODELS, step_seconds=PATIENCE) as pool:
        while not pool.workers:
            await asyncio.sleep(1)
        async with start({"comfy": pool}, models=MODELS, workers=(("comfy", section),)) as bot:
            yield bot


async def asked(path: str, body: Any = None) -> Any:
    """What the server answers to somebody else."""
    async with (
        aiohttp.ClientSession() as session,
        session.request("POST" if body else "GET", ADDRESS + path, json=body) as response,
    ):
        return await response.json()


async def test_a_picture_its_reroll_and_a_start_picture(bot: app.Bot, member: Member) -> None:
    first = await member.imagine("a fox", seed=7, steps=2)
    again = await member.press(first, "Re-roll")
    assert (await member.image(first)).size == (64, 64)
    assert (await member.image(first)).tobytes() != (await member.image(again)).tobytes()
    assert [*(await member.image(first)).info] == ["parameters"]
    changed = await member.imagine("a fox", model="img2img", image=picture("red", 64, 64), strength=1.0, steps=2)
    assert len(urls_of(changed)) == 1


async def test_a_cancel_leaves_the_prompt_of_somebody_else(bot: app.Bot, member: Member) -> None:
    prompt = json.loads(Path(workflow("sd15")).read_text())
    prompt["5"]["inputs"] |= {"width": 64, "height": 64, "batch_size": 1}
    prompt["3"]["inputs"]["steps"] = 2
    others = (await asked("/prompt", {"prompt": prompt, "client_id": "somebody else"}))["prompt_id"]
    started = await member.start("a fox", steps=2)
    while not (await asked("/queue"))["queue_pending"]:
        await asyncio.sleep(0.1)
    await member.click(await member.see(started, lambda each: "Cancel" in labels_of(each)), "Cancel")
    await member.see(started, lambda each: "Cancelled" in text_of(each))
    while not (history := await asked(f"/history/{others}")):
        await asyncio.sleep(1)
    assert history[others]["status"]["status_str"] == "success"
    assert (await asked("/queue"))["queue_pending"] == []


async def test_a_cancel_stops_what_is_drawn(bot: app.Bot, member: Member) -> None:
    started = await member.start("a fox", steps=150)
    drawing = await member.see(started, lambda each: "step 1 of 150" in text_of(each))
    await member.click(drawing, "Cancel")
    await member.see(started, lambda each: "Cancelled" in text_of(each))
    while (await asked("/queue"))["queue_running"]:
        await asyncio.sleep(0.1)


async def test_refusals(bot: app.Bot, member: Member) -> None:
    outcome = await member.slash("imagine", {"prompt": "a fox", "image": picture("red")})
    assert outcome.message is not None
    assert "sd15 doesn't support a start picture" in words_of(await member.see(outcome.message, filled))
    missing = await member.start("a fox", model="sdxl")
    await member.see(missing, lambda each: "This model can't be loaded" in text_of(each))
