"""Painting over a picture on the bot's own page: what may be drawn, by whom, and what becomes of it."""

import asyncio
import os
import re
from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import aiohttp
import numpy as np
import pytest
from axe_playwright_python.async_playwright import Axe
from PIL import Image, ImageDraw
from playwright.async_api import CDPSession, Page

from bot.config import BansConfig, WebConfig
from bot.web import links
from generation.jobs import Draw
from tests.fake_pool import FakePool
from tests.journeys.conftest import (
    Clock,
    Member,
    Message,
    Start,
    finished,
    labels_of,
    text_of,
    until_nothing_is_due,
    words_of,
)
from tests.journeys.test_commands import exported
from tests.journeys.test_result import settings_in
from tools import browser

HERE = WebConfig("127.0.0.1:0", "http://127.0.0.1:0")
"""A page on a free port of this machine."""


def painted(size: tuple[int, int], *boxes: tuple[int, int, int, int]) -> bytes:
    """A mask as the page sends it, white in the boxes."""
    mask = Image.new("L", size)
    for box in boxes:
        ImageDraw.Draw(mask).rectangle(box, 255)
    file = BytesIO()
    mask.save(file, "PNG")
    return file.getvalue()


LEFT_HALF = painted((64, 64), (0, 0, 31, 63))


@dataclass
class Browser:
    """A browser of nobody in particular: all that it has is the address of a page."""

    url: str
    session: aiohttp.ClientSession

    async def page(self, more: str = "") -> tuple[int, str]:
        async with self.session.get(self.url + more) as response:
            return response.status, await response.text()

    async def until_refused(self, said: str = "") -> str:
        """Load the page until it refuses, and says so: what a press does after its answer, nothing announces."""
        async with asyncio.timeout(60):
            while (answer := await self.page())[0] == 200 or said not in answer[1]:
                await asyncio.sleep(0.01)
        return answer[1]

    async def send(
        self, words: str = "a wolf", mask: bytes = LEFT_HALF, margins: tuple[int, ...] = (0, 0, 0, 0)
    ) -> tuple[bool, str]:
        body = {"words": words, "margins": list(margins), "mask": b64encode(mask).decode()}
        return await self.post(json=body)

    async def post(self, **body: Any) -> tuple[bool, str]:
        async with self.session.post(self.url, **body) as response:
            answer = await response.json()
            assert response.ok == answer["taken"]
            return answer["taken"], answer["said"]

    def changed(self, url: str) -> Self:
        return type(self)(url, self.session)

    def at(self, other: "Browser") -> Self:
        """The same link on the server that another page is on."""
        return self.changed(f"{other.root}/paint/{self.url.partition('/paint/')[2]}")

    @property
    def root(self) -> str:
        return self.url.partition("/paint/")[0]


@pytest.fixture
async def session() -> Any:
    async with aiohttp.ClientSession() as session:
        yield session


async def opened(
    member: Member, picture: Message, session: aiohttp.ClientSession, label: str = "Vary region"
) -> Browser:
    """Press Vary region, and open the page that is offered there."""
    outcome = await member.click(picture, label)
    assert outcome.message is not None, outcome
    shown = await member.see(outcome.message, lambda each: "/paint/" in text_of(each))
    assert shown["ephemeral_for"] == member.id
    return Browser(re.findall(r'"(http[^"]+/paint/[^"]+)"', text_of(shown))[-1], session)


async def result_of(member: Member, before: Message) -> Message:
    """The finished message that is newer than another."""
    return await member.wait_for(lambda each: int(each["id"]) > int(before["id"]) and finished(each))


async def pixels(member: Member, message: Message, index: int) -> Any:
    return np.asarray((await member.image(message, index)).convert("RGB"))


async def test_without_an_address_there_is_no_page(start: Start, member: Member) -> None:
    async with start():
        outcome = await member.click(await member.imagine("a fox"), "Vary region")
        assert outcome.message is not None
        choice = await member.see(outcome.message, lambda each: "cells are chosen" in text_of(each))
        assert "Paint" not in labels_of(choice)


@pytest.mark.real_worker
async def test_what_is_painted_and_what_is_added_is_drawn_and_nothing_else(
    start: Start, member: Member, session: aiohttp.ClientSession
) -> None:
    async with start(web=HERE):
        first = await member.imagine("a red apple", seed=7, steps=4)
        page = await opened(member, first, session)
        assert await page.send("a green apple") == (True, "Look in the chat: it is being drawn.")
        changed = await result_of(member, first)
        before, after = await pixels(member, first, 0), await pixels(member, changed, 1)
        assert (before[:, 64:] == after[:, 64:]).all()
        assert (before[:, :64] != after[:, :64]).any()
        assert (await settings_in(member, changed, 1)).prompt == "a green apple"
        assert f"<@{member.id}>" in words_of(changed)
        assert labels_of(changed)[1:5] == ["Undo", "Again", "More", "Less"]
        assert changed["channel_id"] == first["channel_id"]
        assert changed["ephemeral_for"] is None

        page = await opened(member, first, session)
        across_the_border = painted((192, 128), (0, 0, 63, 40))
        assert (await page.send("two apples", across_the_border, (32, 0, 32, 0)))[0]
        wide = await result_of(member, changed)
        drawn = await pixels(member, wide, 1)
        assert drawn.shape == (128, 192, 3)
        kept = np.zeros((128, 192), bool)
        kept[:, 40:152] = True
        kept[:41, :64] = False
        assert (drawn[:, 32:160][kept[:, 32:160]] == before[kept[:, 32:160]]).all()
        assert (drawn[:40, 40:64] != before[:40, 8:32]).any()


async def test_a_page_shows_one_picture_to_whoever_has_its_link_and_nothing_to_others(
    start: Start, member: Member, other: Member, clock: Clock, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async with start(web=HERE):
        first = await member.imagine('a <fox> & a "wolf"')
        page = await opened(other, first, session)
        status, html = await page.page()
        assert status == 200
        assert "a &lt;fox&gt; &amp; a &quot;wolf&quot;" in html
        async with session.get(page.url + "/picture") as response:
            assert Image.open(BytesIO(await response.read())).size == (128, 128)
            assert response.headers["Content-Type"] == "image/png"
        for address in (page.url, page.url + "/picture", page.root + "/paint.js"):
            async with session.get(address) as response:
                policy = response.headers["Content-Security-Policy"]
                assert policy.startswith("default-src 'none'; script-src 'self';")
                assert policy.endswith("frame-ancestors 'none'")
                assert response.headers["Cache-Control"] == "no-store"
                assert response.headers["Referrer-Policy"] == "no-referrer"
                assert "Set-Cookie" not in response.headers
        assert (tmp_path / "data" / links.KEY).stat().st_mode & 0o777 == 0o600

        for wrong in (page.url[:-1], page.url[:-6] + "AAAAAA", page.url + "A", page.url[:-20], page.url + "é"):
            status, html = await page.changed(wrong).page()
            assert (status, "This link isn&#x27;t complete" in html) == (403, True)
            assert await page.changed(wrong).send() == (
                False,
                "This link isn't complete. Open it again from the chat.",
            )
        clock.ahead += 15 * 60 - 1
        assert (await page.page())[0] == 200
        clock.ahead += 2
        assert "has expired" in (await page.page())[1]
        assert "has expired" in (await page.send())[1]
        assert (await page.page("/picture"))[0] == 403


async def test_a_link_draws_once_and_outlives_a_restart(
    start: Start, member: Member, other: Member, pool: FakePool, session: aiohttp.ClientSession
) -> None:
    async with start(web=HERE):
        first = await member.imagine("a fox")
        page = await opened(other, first, session)
    async with start(web=HERE) as bot:
        page = page.at(await opened(member, first, session))
        pool.hold()
        assert (await page.send("a wolf --seed 5", painted((64, 64), (0, 0, 31, 63))))[0]
        await pool.until_at_work()
        [job] = pool.at_work.values()
        assert isinstance(job.task, Draw)
        mask = Image.open(BytesIO(job.task.inputs.mask))
        assert (mask.size, mask.getbbox()) == ((128, 128), (0, 0, 64, 128))
        assert (job.task.settings.seed, job.task.settings.prompt) == (5, "a wolf")
        pool.release()
        assert f"<@{other.id}>" in words_of(await result_of(member, first))
        taken, said = await page.send("a wolf")
        assert not taken
        assert "This was drawn already" in said
        assert "This was drawn already" in (await page.page())[1]
        await until_nothing_is_due(bot)


async def test_what_a_page_sends_may_be_anything(
    start: Start, member: Member, admin: Member, session: aiohttp.ClientSession
) -> None:
    async with start(web=HERE):
        await admin.slash("server words", {"add": "axolotl"})
        page = await opened(member, await member.imagine("a fox"), session)
        bomb = painted((6000, 6000))
        for sent, said in (
            ({"mask": painted((64, 64))}, "Paint over the part that is to be drawn anew"),
            ({"mask": LEFT_HALF[:60]}, "I can't read that picture"),
            ({"mask": b"GIF89a no"}, "I can't read"),
            ({"mask": bomb}, "million pixels"),
            ({"mask": b"x" * (2**19 + 1)}, "That is too much to send"),
            ({"mask": b"x" * 2**20}, "That is too much to send"),
            ({"margins": (4096, 0, 0, 0)}, "something that I can't read"),
            ({"margins": (-8, 0, 0, 0)}, "something that I can't read"),
            ({"margins": (7, 0, 0, 0)}, "The picture can't become that large here"),
            ({"margins": (2000, 0, 0, 0)}, "The picture can't become that large here"),
            ({"margins": (8, 8)}, "something that I can't read"),
            ({"words": "an axolotl"}, "is blocked on this server"),
            ({"words": "a fox --steps 9999"}, "150"),
        ):
            taken, answered = await page.send(**sent)
            assert not taken, said
            assert said in answered
        for body in (b"", b"[]", b"[" * 100_000, b'{"words": 1}', b'{"words": "a", "margins": [0,0,0,0], "mask": "*"}'):
            assert "something that I can't read" in (await page.post(data=body))[1]
        assert (await page.send())[0], "a refusal uses nothing up"


async def test_private_stays_private_and_bans_and_deletion_count(
    start: Start, member: Member, other: Member, clock: Clock, session: aiohttp.ClientSession
) -> None:
    async with start(web=HERE):
        first = await member.imagine("a fox", private=True)
        page = await opened(member, first, session)
        assert (await page.send("a wolf"))[0]
        changed = await result_of(member, first)
        assert changed["ephemeral_for"] == member.id

        public = await member.imagine("a fox")
        late = await opened(member, public, session)
        clock.ahead += 14 * 60 + 50
        assert (await late.send("a wolf"))[0]
        clock.ahead += 60
        assert (await result_of(member, public))["ephemeral_for"] is None

        secret = await opened(other, await other.imagine("a fox", private=True), session)
        clock.ahead += 14 * 60 + 50
        assert "too little time left" in (await secret.send())[1]

        gone = await opened(other, public, session)
        await member.click(public, "Delete")
        await gone.until_refused()
        assert await gone.send() == (False, "That picture is no longer available. Re-roll to draw another.")
        assert (await gone.page("/picture"))[0] == 403

        data, given = await exported(member)
        assert len(given) == 2, "the masks that they painted"
        assert [{*each} for each in data["drafts"]] == [{"paint"}] * 2, "without the tokens of their presses"

        again = await other.imagine("a cat")
        forgotten = await opened(other, again, session)
        outcome = await other.slash("me forget", {})
        assert outcome.message is not None
        await other.click(outcome.message, "Delete everything")
        await forgotten.until_refused("no longer works")


async def test_a_banned_person_sees_and_draws_nothing(
    start: Start, member: Member, other: Member, session: aiohttp.ClientSession
) -> None:
    async with start(web=HERE):
        first = await member.imagine("a fox")
        page = await opened(member, first, session)
    async with start(web=HERE, bans=BansConfig(members=(int(member.id),))):
        page = page.at(await opened(other, first, session))
        assert "has blocked you" in (await page.page())[1]
        assert "has blocked you" in (await page.page("/picture"))[1]
        assert "has blocked you" in (await page.send())[1]


async def test_the_page_speaks_spanish(start: Start, member: Member, session: aiohttp.ClientSession) -> None:
    async with start(web=HERE):
        first = await member.imagine("a fox")
        member.locale = "es-ES"
        page = await opened(member, first, session)
        assert '<html lang="es">' in (await page.page())[1]
        headers = {"Accept-Language": "es-MX,es;q=0.9"}
        async with session.get(page.url[:-1], headers=headers) as response:
            assert '<html lang="es">' in await response.text()


@pytest.mark.skipif(
    browser.executable() is None and not os.environ.get("NOISEFOX_NEEDS_BROWSER"),
    reason="there is no Chromium on this machine (Debian: apt-get install chromium)",
)
async def test_a_finger_paints_on_a_phone(
    start: Start, member: Member, pool: FakePool, session: aiohttp.ClientSession
) -> None:
    async with start(web=HERE), browser.page(390, 844) as page:
        first = await member.imagine("a fox --size 128x128")
        link = await opened(member, first, session)
        faults: list[str] = []
        foreign: list[str] = []
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        page.on("request", lambda asked: None if asked.url.startswith(link.root) else foreign.append(asked.url))
        await page.goto(link.url)
        await page.wait_for_function("document.querySelector('#picture').naturalWidth === 128")
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert (await Axe().run(page, options={"resultTypes": ["violations"]})).response["violations"] == []

        await page.click("#draw")
        assert "Paint over the part" in await page.inner_text("#said")
        finger = await Finger.on(page)
        await finger.drag((0.1, 0.2), (0.4, 0.2))
        assert await covered(page) == (True, False)
        await page.click("#invert")
        assert await covered(page) == (False, True)
        await page.click("#undo")
        await page.click("#erase")
        await finger.drag((0.1, 0.2), (0.4, 0.2))
        assert await covered(page) == (False, False)
        await page.click("#undo")
        await page.click("#clear")
        assert await covered(page) == (False, False)
        await page.click("#undo")
        await page.keyboard.press("Tab")
        await page.focus("[data-side='2']")
        await page.keyboard.press("Enter")
        assert await page.inner_text("#pixels") == "160 × 128"
        assert await covered(page) == (True, False), "what is painted stays on the picture's same place"
        await finger.pinch((0.4, 0.5), (0.6, 0.5))
        assert "scale(2" in (await page.get_attribute("#stage", "style") or "")
        assert await covered(page) == (True, False), "two fingers do not paint"

        await page.fill("#words", "a wolf")
        pool.hold()
        await page.click("#draw")
        await page.wait_for_selector("text=Look in the chat")
        assert not await page.is_visible("#draw")
        await pool.until_at_work()
        [job] = pool.at_work.values()
        assert isinstance(job.task, Draw)
        assert (job.task.settings.prompt, job.task.settings.width) == ("a wolf", 160)
        mask = np.asarray(Image.open(BytesIO(job.task.inputs.mask)))
        assert (mask[26, 32], mask[26, 100], mask[100, 30], mask[100, 140]) == (255, 0, 0, 255)
        pool.release()
        assert "A part of" in words_of(await result_of(member, first))
        assert (faults, foreign) == ([], [])


async def covered(page: Page) -> tuple[bool, bool]:
    """True where the canvas is painted: on the picture's upper left, and on its lower middle."""
    at = "document.querySelector('#paint').getContext('2d').getImageData(%d, %d, 1, 1).data[3] > 128"
    return await page.evaluate(at % (32, 26)), await page.evaluate(at % (64, 100))


@dataclass
class Finger:
    """Touches the canvas of a page, at shares of its width and height."""

    page: Page
    devtools: CDPSession

    @classmethod
    async def on(cls, page: Page) -> Self:
        return cls(page, await page.context.new_cdp_session(page))

    async def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        await self._touch(("touchStart", start), ("touchMove", middle), ("touchMove", end), ("touchEnd",))

    async def pinch(self, one: tuple[float, float], other: tuple[float, float]) -> None:
        """Move two fingers apart, to twice their distance."""
        away = (other[0] - one[0]) / 2
        apart = (one[0] - away, one[1]), (other[0] + away, other[1])
        await self._touch(
            ("touchStart", one), ("touchStart", one, other), ("touchMove", one, apart[1]), ("touchMove", *apart),
            ("touchEnd",),
        )  # fmt: skip

    async def _touch(self, *events: tuple[Any, ...]) -> None:
        canvas = self.page.locator("#paint")
        await canvas.scroll_into_view_if_needed()
        box = await canvas.bounding_box()
        assert box is not None
        for kind, *places in events:
            points = [
                {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"], "id": number}
                for number, (x, y) in enumerate(places)
            ]
            await self.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
