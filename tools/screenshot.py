"""Makes the screenshots of the chat page: `python -m tools.screenshot docs`. Needs Chromium.

Four scenes, each on a desktop and on a phone: a result, the remix modal, the history, a server's rules.
`--size desktop` or `--size phone` makes only those.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import Page

from bot import app
from bot.config import Config, DiscordConfig
from playground import Playground
from playground.client.person import Person
from tools import browser

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
"""Width and height of the page in CSS pixels."""
QUALITY = 88
"""Of the WebP files: text stays sharp, and no file is larger than 200 kB."""

DRAWING_SECONDS = 600
"""How long one request may take; a busy machine is slow."""

EARLIER = ("a castle on a hill", "a cute fox", "a sailing boat, ocean waves", "a snowman", "an old tree in autumn")
RESULT = "a blue rose"
RULES: tuple[dict[str, object], ...] = (
    {"setting": "steps", "most": 40},
    {"setting": "guidance_scale", "default": "5", "locked": True},
)


async def prepare(playground: Playground) -> None:
    """Fill the server with a few rules and pictures."""
    async with Person(playground.url, "admin") as admin, Person(playground.url, "member one") as member:
        for rule in RULES:
            await admin.slash("server rule", rule)
        for seed, prompt in enumerate(EARLIER, start=5):
            outcome = await member.slash("imagine", {"prompt": prompt, "seed": seed, "count": 1})
            assert outcome.message is not None
            await _wait_until_drawn(member, outcome.message["id"])
        outcome = await member.slash("imagine", {"prompt": RESULT, "seed": 5, "count": 4})
        assert outcome.message is not None
        await _wait_until_drawn(member, outcome.message["id"])


async def _wait_until_drawn(member: Person, message_id: str) -> None:
    await member.wait_for(
        lambda each: each["id"] == message_id and "noisefox:delete:" in str(each["components"]), timeout=DRAWING_SECONDS
    )


async def result(page: Page) -> None:
    """The latest pictures."""
    await _wait_until_still(page)


async def remix(page: Page) -> None:
    """The remix modal of the latest picture."""
    await page.click('[data-custom-id^="noisefox:remix:"] >> nth=-1')
    await page.wait_for_selector("dialog [data-custom-id=prompt]")


async def history(page: Page) -> None:
    """The member's history."""
    await _send(page, "/history")


async def server(page: Page) -> None:
    """The rules of the server."""
    await _send(page, "/server show")


SCENES: dict[Callable[[Page], Awaitable[None]], str] = {
    result: "member one",
    remix: "member one",
    history: "member one",
    server: "admin",
}
"""Each scene with the user whose screen it shows."""


async def _send(page: Page, line: str) -> None:
    before = await page.locator("[data-message-id]").count()
    await page.fill("#composer", line)
    await page.press("#composer", "Enter")
    await page.wait_for_function("n => document.querySelectorAll('[data-message-id]').length > n", arg=before)
    await _wait_until_still(page)


async def _wait_until_still(page: Page) -> None:
    """Wait until every picture is loaded and nothing moves."""
    await page.wait_for_function("[...document.images].every(each => each.complete)")
    await page.wait_for_timeout(500)


async def main(folder: Path, sizes: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        async with Playground() as playground:
            config = Config(data=Path(data), discord=DiscordConfig(api_base=playground.api_base))
            async with app.running(config, playground.token):
                await prepare(playground)
                for scene, username in SCENES.items():
                    for size in sizes:
                        picture = await _screenshot(playground.url, scene, username, SIZES[size])
                        picture.save(folder / f"chat-{scene.__name__}-{size}.webp", quality=QUALITY, method=6)


async def _screenshot(
    url: str, scene: Callable[[Page], Awaitable[None]], username: str, size: tuple[int, int]
) -> Image.Image:
    async with browser.page(*size) as page:
        await page.goto(url)
        user = f'[data-user][data-name="{username}"]'
        await page.wait_for_selector(user, state="attached")
        await page.eval_on_selector(user, "each => each.click()")
        await page.wait_for_selector("[data-message-id] .media img")
        await _wait_until_still(page)
        await scene(page)
        await _wait_until_still(page)
        picture = Image.open(BytesIO(await page.screenshot()))
        if await page.locator("[data-act=dismiss]").count():
            await page.click("[data-act=dismiss] >> nth=-1")
        return picture


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", choices=SIZES, action="append")
    given = parser.parse_args()
    asyncio.run(main(given.folder, given.size or list(SIZES)))
