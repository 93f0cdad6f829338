"""Makes the pictures of the chat page in docs/: `python -m tools.screenshot docs` (needs a Chromium).

Four scenes, each on a desktop and on a phone: a result, the remix form, the history, what applies in a server. With
`--size desktop` or `--size phone` only those.
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
QUALITY = 88
"""Of a WebP file: letters stay sharp, and none is larger than 200 kB."""

EARLIER = ("a castle on a hill", "a cute fox", "a sailing boat, ocean waves", "a snowman", "an old tree in autumn")
RESULT = "a blue rose"
RULES: tuple[dict[str, object], ...] = (
    {"setting": "steps", "most": 40},
    {"setting": "guidance_scale", "default": "5", "locked": True},
)


async def prepare(playground: Playground) -> None:
    """What a server looks like that has been drawn in: some pictures, and a few rules."""
    async with Person(playground.url, "admin") as admin, Person(playground.url, "member one") as member:
        for rule in RULES:
            await admin.slash("server rule", rule)
        for seed, prompt in enumerate(EARLIER, start=5):
            outcome = await member.slash("imagine", {"prompt": prompt, "seed": seed})
            assert outcome.message is not None
            await _drawn(member, outcome.message["id"])
        outcome = await member.slash("imagine", {"prompt": RESULT, "seed": 5, "count": 4})
        assert outcome.message is not None
        await _drawn(member, outcome.message["id"])


async def _drawn(member: Person, message_id: str) -> None:
    await member.wait_for(lambda each: each["id"] == message_id and "noisefox:delete:" in str(each["components"]))


async def result(page: Page) -> None:
    await _settled(page)


async def remix(page: Page) -> None:
    await page.click('[data-custom-id^="noisefox:remix:"] >> nth=-1')
    await page.wait_for_selector("dialog [data-custom-id=prompt]")


async def history(page: Page) -> None:
    await _say(page, "/history")


async def server(page: Page) -> None:
    await _say(page, "/server show")


SCENES: dict[Callable[[Page], Awaitable[None]], str] = {
    result: "member one",
    remix: "member one",
    history: "member one",
    server: "admin",
}
"""Each with whose screen it is."""


async def _say(page: Page, line: str) -> None:
    before = await page.locator("[data-message-id]").count()
    await page.fill("#composer", line)
    await page.press("#composer", "Enter")
    await page.wait_for_function("n => document.querySelectorAll('[data-message-id]').length > n", arg=before)
    await _settled(page)


async def _settled(page: Page) -> None:
    """Every picture is there, and nothing moves any more."""
    await page.wait_for_function("[...document.images].every(each => each.complete)")
    await page.wait_for_timeout(500)


async def main(folder: Path, sizes: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        async with Playground() as playground:
            config = Config(data=Path(data), discord=DiscordConfig(api_base=playground.api_base))
            async with app.running(config, playground.token):
                await prepare(playground)
                for scene, person in SCENES.items():
                    for size in sizes:
                        picture = await _picture_of(playground.url, scene, person, SIZES[size])
                        picture.save(folder / f"chat-{scene.__name__}-{size}.webp", quality=QUALITY, method=6)


async def _picture_of(
    url: str, scene: Callable[[Page], Awaitable[None]], person: str, size: tuple[int, int]
) -> Image.Image:
    async with browser.page(*size) as page:
        await page.goto(url)
        user = f'[data-user][data-name="{person}"]'
        await page.wait_for_selector(user, state="attached")
        await page.eval_on_selector(user, "each => each.click()")
        await page.wait_for_selector("[data-message-id] .media img")
        await _settled(page)
        await scene(page)
        await _settled(page)
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
