"""Pictures from the host's own ComfyUI: a workflow is a model like any other, but for what it does not take."""

from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from bot import app
from bot.config.workers import ComfyConfig
from generation.catalogue import ModelSpec
from generation.comfy_pool import ComfyPool
from tests.comfy import workflow
from tests.comfy.stand_in import StandIn
from tests.comfy.test_pool import OTHERS, until
from tests.journeys.conftest import Member, Start, filled, labels_of, text_of, urls_of, words_of
from tests.journeys.test_blend import picture

SMALL: dict[str, Any] = {"width": 64, "height": 64, "steps": 2, "workers": "comfy", "harmless": True}

MODELS = tuple(ModelSpec(name, workflow(name), **SMALL) for name in ("sd15", "img2img", "inpaint", "flux", "sdxl"))


@pytest.fixture
async def server() -> AsyncIterator[StandIn]:
    async with StandIn() as server:
        yield server


@pytest.fixture
async def bot(start: Start, server: StandIn) -> AsyncIterator[app.Bot]:
    """A bot that draws with ComfyUI alone."""
    section = ComfyConfig(addresses=(server.address,))
    async with (
        ComfyPool([server.address], MODELS, max_pictures=1) as pool,
        start({"comfy": pool}, models=MODELS, workers=(("comfy", section),)) as bot,
    ):
        yield bot


async def test_a_picture_and_its_reroll(bot: app.Bot, server: StandIn, member: Member) -> None:
    first = await member.imagine("a fox", seed=7, count=2)
    assert len(urls_of(first)) == 2
    assert [each["3"]["inputs"]["seed"] for each in server.prompts] == [7, 8]
    again = await member.press(first, "Re-roll")
    assert (await member.image(again)).size == (64, 64)
    assert server.prompts[2]["6"]["inputs"]["text"] == "a fox"
    assert server.prompts[2]["3"]["inputs"]["seed"] != 7
    assert "127.0.0.1" not in words_of(first)


async def test_a_cancel_leaves_the_prompt_of_somebody_else(bot: app.Bot, server: StandIn, member: Member) -> None:
    server.free.clear()
    others = server.draw_for_another(OTHERS)
    await until(lambda: server.running)
    started = await member.start("a fox")
    await until(lambda: server.queue)
    waiting = await member.see(started, lambda each: "Cancel" in labels_of(each))
    await member.click(waiting, "Cancel")
    await member.see(started, lambda each: "Cancelled" in text_of(each))
    await until(lambda: not server.queue)
    server.free.set()
    await until(lambda: others in server.history)
    assert not server.interrupted


async def test_a_cancel_stops_what_is_drawn(bot: app.Bot, server: StandIn, member: Member) -> None:
    server.free.clear()
    started = await member.start("a fox")
    drawing = await member.see(started, lambda each: " of 4" in text_of(each))
    await member.click(drawing, "Cancel")
    await member.see(started, lambda each: "Cancelled" in text_of(each))
    await until(lambda: server.interrupted)
    server.free.set()
    await member.imagine("a boat")


async def test_a_start_picture(bot: app.Bot, server: StandIn, member: Member) -> None:
    await member.imagine("a fox", model="img2img", image=picture("red", 64, 64), strength=0.5)
    [(name, stored)] = server.uploads.items()
    assert server.prompts[0]["10"]["inputs"]["image"] == name
    assert server.prompts[0]["3"]["inputs"]["denoise"] == 0.5
    assert Image.open(BytesIO(stored)).getpixel((9, 9)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"model": "flux", "negative": "rain"}, "flux doesn't support a negative prompt. Remove it"),
        ({"model": "sd15", "image": picture("red")}, "sd15 doesn't support a start picture. Remove it"),
        ({"model": "img2img"}, "img2img edits pictures. Attach one as `image`"),
        ({"model": "sd15", "prompt": "a fox --vary 0.2"}, "sd15 doesn't support variations. Remove them"),
        ({"model": "sd15", "prompt": "a fox <lora:ink:1>"}, "LoRA"),
        ({"model": "sd15", "clip_skip": 2}, "sd15 doesn't support clip skip"),
    ],
)
async def test_what_a_workflow_does_not_take_is_refused_in_one_sentence(
    bot: app.Bot, server: StandIn, member: Member, options: dict[str, Any], sentence: str
) -> None:
    outcome = await member.slash("imagine", {"prompt": "a fox"} | options)
    assert outcome.message is not None
    assert sentence in words_of(await member.see(outcome.message, filled))
    assert not server.prompts


async def test_an_explanation_is_refused_and_the_buttons_that_need_noise_are_not_there(
    bot: app.Bot, server: StandIn, member: Member
) -> None:
    outcome = await member.slash("explain", {"prompt": "a fox"})
    assert outcome.message is not None
    assert "sd15 can't be explained. Choose another model." in words_of(await member.see(outcome.message, filled))
    assert "Vary" not in text_of(await member.imagine("a fox"))


async def test_a_model_that_the_server_does_not_have_is_no_fault_of_the_member(
    bot: app.Bot, member: Member, caplog: pytest.LogCaptureFixture
) -> None:
    started = await member.start("a fox", model="sdxl")
    await member.see(started, lambda each: "This model can't be loaded" in text_of(each))
    assert "ckpt_name: 'sdxl.safetensors'" in caplog.text


async def test_requests_wait_while_the_server_is_away_and_are_drawn_when_it_is_back(
    bot: app.Bot, server: StandIn, member: Member
) -> None:
    server.free.clear()
    started = await member.start("a fox")
    await member.see(started, lambda each: "step" in text_of(each))
    await server.go()
    await member.see(started, lambda each: "What draws this is away" in text_of(each))
    server.free.set()
    await server.come()
    await member.see_finished(started)
