"""Makes the README's screenshot: `python -m tests.screenshot FILE.png` (needs a Chromium)."""

import asyncio
import sys
import tempfile
from pathlib import Path

from bot import app
from bot.config import Config, DiscordConfig
from playground import Playground
from tests import browser

LINES = ("/imagine prompt:a blue rose seed:5 count:2", "/imagine prompt:a red apple seed:5 steps:30")


async def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with Playground() as playground:
            config = Config(data=Path(folder), discord=DiscordConfig(api_base=playground.api_base))
            async with app.running(config, playground.token), browser.page(1280, 900) as page:
                await page.goto(playground.url)
                await page.click('[data-user][data-name="member one"]')
                for number, line in enumerate(LINES, start=1):
                    await page.fill("#composer", line)
                    await page.press("#composer", "Enter")
                    await page.wait_for_function(
                        "n => document.querySelectorAll('[data-custom-id^=\"noisefox:delete:\"]').length === n",
                        arg=number,
                    )
                await page.wait_for_timeout(1000)
                target.parent.mkdir(parents=True, exist_ok=True)
                await page.screenshot(path=target)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
