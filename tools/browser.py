"""A headless Chromium, if one is installed."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from playwright.async_api import Page, async_playwright

_COMMANDS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

_PATIENCE_MS = 120_000
"""For how long what must appear is waited for; a busy machine takes its time."""


def executable() -> str | None:
    """Return the path of Chromium, None when it isn't installed."""
    return next((path for command in _COMMANDS if (path := shutil.which(command))), None)


@asynccontextmanager
async def page(width: int = 1280, height: int = 800, scheme: Literal["dark", "light"] = "dark") -> AsyncIterator[Page]:
    """Open an empty page, in dark or light mode. Width and height are in CSS pixels."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), args=_ARGUMENTS)
        try:
            page = await browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.set_default_timeout(_PATIENCE_MS)
            yield page
        finally:
            await browser.close()
