"""The chat page in a real browser."""

import os

import pytest

from bot import app
from bot.views import toy
from generation.catalogue import Catalogue
from playground import Playground
from tests.journeys.conftest import Start
from tools import browser

pytestmark = pytest.mark.skipif(
    browser.executable() is None and not os.environ.get("NOISEFOX_NEEDS_BROWSER"),
    reason="there is no Chromium on this machine (Debian: apt-get install chromium)",
)


@pytest.mark.real_worker
async def test_a_picture_forms_on_the_page_and_is_rolled_again(bot: app.Bot, playground: Playground) -> None:
    async with browser.page() as page:
        faults: list[str] = []
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        await page.goto(playground.url)
        await page.click('[data-user][data-name="member one"]')
        await page.fill("#composer", "/imagine prompt:a red apple steps:60 seed:7")
        await page.press("#composer", "Enter")
        await page.wait_for_selector("[data-message-id] .media img")
        await page.wait_for_selector('[data-custom-id^="noisefox:cancel:"]')
        await page.click('[data-custom-id^="noisefox:reroll:"]')
        await page.wait_for_selector("text=Re-roll of this picture")
        await page.wait_for_function("document.querySelectorAll('[data-custom-id^=\"noisefox:delete:\"]').length === 2")
        pictures = "[...document.querySelectorAll('[data-message-id] .media img')]"
        await page.wait_for_function(f"{pictures}.map(i => i.naturalWidth).join() === '128,128'")
        assert faults == []


async def test_options_are_offered_and_checked_on_a_phone(bot: app.Bot, playground: Playground) -> None:
    async with browser.page(390, 844) as page:
        await page.goto(playground.url)
        await page.fill("#composer", "/imagine ")
        await page.fill("[data-option=prompt]", "a cat")
        await page.press("[data-option=prompt]", "Enter")
        await page.wait_for_selector('[data-custom-id^="noisefox:reroll:"]')
        overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0


async def test_a_command_typed_before_the_bot_is_there_gets_its_form_when_it_is(
    start: Start, playground: Playground
) -> None:
    async with browser.page() as page:
        await page.goto(playground.url)
        await page.fill("#composer", "/imagine ")
        await page.wait_for_selector("text=There is no command")
        async with start():
            await page.fill("[data-option=prompt]", "a cat")


async def test_forms_selects_and_menus_work_on_the_page(bot: app.Bot, playground: Playground) -> None:
    async with browser.page() as page:
        faults: list[str] = []
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        await page.goto(playground.url)
        await page.click('[data-user][data-name="member one"]')
        await page.fill("#composer", "/imagine prompt:a red apple steps:4 seed:7")
        await page.press("#composer", "Enter")
        await page.click('[data-custom-id="noisefox:remix:1:0"]')
        await page.fill("dialog [data-custom-id=prompt]", "a green apple")
        await page.click("dialog button[type=submit]")
        await page.wait_for_selector("text=Remix of this picture")
        await page.click('[data-custom-id="noisefox:more:1:0"]')
        await page.click("text=Try other guidance")
        await page.wait_for_selector("text=Other settings for this picture")
        await page.click("[data-message-id] .md-jump")
        await page.click('[data-custom-id="noisefox:details:1:0"]', button="right")
        await page.click("text=Show settings")
        await page.wait_for_selector("text=--size 128x128 --seed 7 --steps 4")
        await page.fill("#composer", "/history search:green")
        await page.press("#composer", "Enter")
        await page.wait_for_selector("text=Your pictures with “green”")
        assert faults == []


async def test_imagine_comes_first_and_one_press_on_the_first_page_draws(bot: app.Bot, playground: Playground) -> None:
    async with browser.page() as page:
        await page.goto(playground.url)
        await page.wait_for_selector(".starter")
        assert await page.locator(".starter:not(.example) b").first.inner_text() == "/imagine"
        await page.fill("#composer", "/")
        assert (await page.locator("[role=option]").first.inner_text()).startswith("/imagine")
        await page.fill("#composer", "")
        assert await page.locator(".example span").inner_text() == "/imagine prompt:a cute fox seed:5"
        await page.click(".example")
        await page.wait_for_selector('[data-custom-id^="noisefox:reroll:"]')
        await page.wait_for_selector("text=a cute fox")


async def test_the_first_page_says_what_the_model_is_in_the_readers_language() -> None:
    async with Playground(note=toy.first_screen(Catalogue())) as playground, browser.page() as page:
        await page.goto(playground.url)
        sentence = "pocket is a teaching toy that knows emoji-like things; the host can add a real model."
        assert await page.locator(".welcome .note").inner_text() == sentence
        for locale in ("es-ES", "es-419"):
            await page.goto(f"{playground.url}#locale={locale}")
            await page.reload()
            assert (await page.locator(".welcome .note").inner_text()).startswith("pocket es un juguete para aprender")


async def test_a_flag_is_not_broken_after_its_dashes_on_a_phone(bot: app.Bot, playground: Playground) -> None:
    async with browser.page(320, 700) as page:
        await page.goto(playground.url)
        for letters in range(22, 40):
            await page.fill("#composer", f"{'a' * letters} `--steps`")
            await page.press("#composer", "Enter")
            await page.wait_for_selector(f"text={'a' * letters} --steps")
        lines = await page.evaluate(
            "[...document.querySelectorAll('.md-code')].map(each => each.getClientRects().length)"
        )
        assert len(lines) >= 18
        assert set(lines) == {1}
