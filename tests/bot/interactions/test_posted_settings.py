"""The settings of posted pictures: few files are in memory at the same time."""

import asyncio

import pytest

from bot.attachments.decoder_processes import DecoderProcesses
from bot.errors import Refusal
from bot.interactions import posted_settings
from bot.interactions.message_pictures import PostedPicture
from bot.interactions.posted_settings import AT_ONCE, PostedSettings
from generation.errors import UserError


async def test_few_files_are_in_memory_and_who_waits_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once, go_on = 0, asyncio.Event()

    async def fetched(*_: object) -> bytes:
        nonlocal at_once
        at_once += 1
        await go_on.wait()
        return b"no picture"

    monkeypatch.setattr(posted_settings, "download", fetched)
    posted = PostedSettings(DecoderProcesses(), seconds=60)
    asked = [asyncio.create_task(posted.of(PostedPicture("a"))) for _ in range(10)]
    while at_once < AT_ONCE:
        await asyncio.sleep(0)
    for _ in range(20):
        await asyncio.sleep(0)
    assert at_once == AT_ONCE
    go_on.set()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(each, UserError) and "can't read that file" in str(each) for each in outcomes)
    go_on.clear()
    with pytest.raises(Refusal, match="took too long"):
        await PostedSettings(DecoderProcesses(), seconds=0).of(PostedPicture("a"))
