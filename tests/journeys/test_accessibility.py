"""The chat page for people who see, hear or point otherwise: checked with axe, by keyboard, and for its alt texts."""

import os
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from bot import app
from playground import Playground
from tests.journeys.conftest import Member
from tests.journeys.test_blend import picture
from tests.playground.page.test_fonts import own_emoji
from tools import browser

pytestmark = pytest.mark.skipif(
    browser.executable() is None and not os.environ.get("NOISEFOX_NEEDS_BROWSER"),
    reason="there is no Chromium on this machine (Debian: apt-get install chromium)",
)


SCHEMES: tuple[tuple[Literal["dark", "light"], dict[str, Any]], ...] = (
    ("dark", {"resultTypes": ["violations"]}),
    ("light", {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}),
)
"""Colours of the page, with the rules that axe checks in them."""

SCROLLED_BY_ITS_TEXT_BOX = '<div class="listbox"'
"""The list of suggestions takes no focus of its own: the arrow keys of the text box move through it."""


async def faults_of(page: Page, where: str) -> list[str]:
    """What axe finds in dark colours, and of contrast in light ones."""
    found = []
    for scheme, options in SCHEMES:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.evaluate("Promise.allSettled(document.getAnimations().map(each => each.finished)).then(() => null)")
        results = await Axe().run(page, options=options)
        found += [
            f"{where}, {scheme}: {each['id']}: {node['html'][:200]}"
            for each in results.response["violations"]
            for node in each["nodes"]
            if each["id"] != "scrollable-region-focusable" or not node["html"].startswith(SCROLLED_BY_ITS_TEXT_BOX)
        ]
    return found


async def test_axe_finds_no_faults(bot: app.Bot, playground: Playground, member: Member) -> None:
    async with browser.page() as page:
        await page.goto(playground.url)
        await page.wait_for_selector(".starter")
        faults = await faults_of(page, "first page")
        await member.imagine("a fox", count=4, seed=1)
        await page.wait_for_selector("[data-message-id] .media img")
        await page.fill("#composer", "/")
        faults += await faults_of(page, "commands")
        await page.fill("#composer", "/imagine ")
        faults += await faults_of(page, "form")
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
        await page.click('[data-custom-id^="noisefox:remix:"]')
        await page.wait_for_selector("dialog [data-custom-id=prompt]")
        faults += await faults_of(page, "modal")
        await page.keyboard.press("Escape")
        await page.click("[data-act=open-picture]")
        faults += await faults_of(page, "picture")
        await page.keyboard.press("Escape")
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.click('[data-custom-id^="noisefox:pick:"]')
        faults += await faults_of(page, "select")
        await page.keyboard.press("Escape")
        await page.focus("[data-message-id]")
        await page.keyboard.press("Enter")
        faults += await faults_of(page, "menu")
        await page.keyboard.press("Escape")
        await page.fill("#composer", "/history")
        await page.press("#composer", "Enter")
        await page.wait_for_selector("text=in all")
        faults += await faults_of(page, "history")
        assert faults == []


async def focused(page: Page, selector: str) -> bool:
    matches: bool = await page.evaluate("selector => document.activeElement.matches(selector)", selector)
    return matches


async def test_the_page_works_by_keyboard(bot: app.Bot, playground: Playground) -> None:
    async with browser.page() as page:
        await page.goto(playground.url)
        await page.wait_for_selector(".starter")
        await page.keyboard.press("Tab")
        assert await focused(page, ".skip")
        await page.keyboard.press("Enter")
        await page.keyboard.type("/imagine a red apple")
        for _ in range(4):
            await page.keyboard.press("Tab")
            if await focused(page, ".more-options"):
                break
        assert await focused(page, ".more-options"), "Tab reaches “+… more”"
        await page.keyboard.press("Enter")
        await page.keyboard.type("steps")
        await page.keyboard.press("Enter")
        await page.keyboard.type("4")
        await page.keyboard.press("Enter")
        await page.wait_for_selector('[data-custom-id^="noisefox:reroll:"]')
        for _ in range(20):
            await page.keyboard.press("Shift+Tab")
            if await focused(page, '[data-custom-id^="noisefox:reroll:"]'):
                break
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=Re-roll of this picture")


async def test_pictures_have_alt_text(bot: app.Bot, playground: Playground, member: Member) -> None:
    await member.imagine("a fox", count=2, seed=1)
    await member.imagine("an owl", image=picture("red"))
    async with browser.page() as page:
        await page.goto(playground.url)
        await page.click('[data-user][data-name="member one"]')
        await page.wait_for_selector("[data-message-id] .media img")
        await page.fill("#composer", "/history")
        await page.press("#composer", "Enter")
        await page.wait_for_selector("text=in all")
        described: list[str] = await page.eval_on_selector_all("[data-message-id] img", "all => all.map(i => i.alt)")
        assert described == ["Picture 1: a fox", "Picture 2: a fox", "an owl", "an owl", "a fox"]


async def test_emoji_come_from_the_page_itself(bot: app.Bot, playground: Playground) -> None:
    async with browser.page() as page:
        await page.goto(playground.url)
        await page.evaluate(
            """async emoji => {
                for (const each of emoji) {
                    const probe = document.createElement("span");
                    probe.className = "probe";
                    probe.textContent = each;
                    document.body.append(probe);
                }
                await document.fonts.load("16px 'Noisefox Emoji'", emoji.join(""));
                await document.fonts.ready;
            }""",
            sorted(own_emoji()),
        )
        devtools = await page.context.new_cdp_session(page)
        await devtools.send("DOM.enable")
        await devtools.send("CSS.enable")
        root: dict[str, Any] = await devtools.send("DOM.getDocument")
        probes = await devtools.send("DOM.querySelectorAll", {"nodeId": root["root"]["nodeId"], "selector": ".probe"})
        foreign = []
        for emoji, node in zip(sorted(own_emoji()), probes["nodeIds"], strict=True):
            used = await devtools.send("CSS.getPlatformFontsForNode", {"nodeId": node})
            if not all(font["isCustomFont"] for font in used["fonts"]):
                foreign.append(emoji)
        assert foreign == []
