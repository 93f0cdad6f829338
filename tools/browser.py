"""A headless Chromium, where this machine has one."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page, async_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str | None:
    """The path of a Chromium, or None."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@asynccontextmanager
async def page(width: int = 1280, height: int = 800) -> AsyncIterator[Page]:
    """An empty page in dark colours."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), args=_QUIET)
        try:
            yield await browser.new_page(viewport={"width": width, "height": height}, color_scheme="dark")
        finally:
            await browser.close()
