"""The page for painting: its address, and whether the public one leads anywhere."""

import asyncio
from contextlib import closing

import aiohttp

from bot.cli.doctor.findings import Finding
from bot.config import Config
from bot.web.server import UnusableAddress, bound
from storage import data_folder

SECONDS = 10.0
"""Seconds that the public address may take to answer."""


async def web_findings(config: Config) -> list[Finding]:
    """What there is to say of [web]; nothing without a public address."""
    web = config.web
    if not web.public_url:
        return []
    if data_folder.owner(config.data):
        here: Finding = None, f"web: {web.address} is not tried, for the bot runs"
    else:
        here = _address(config)
    return [here, await _public(web.public_url)]


def _address(config: Config) -> Finding:
    try:
        with closing(bound(config.web)[0]):
            return True, f"web: the page for painting can be served at {config.web.address}"
    except UnusableAddress as refusal:
        return False, f"web: {refusal}"


async def _public(url: str) -> Finding:
    """Any answer will do: without the bot, a reverse proxy says that nobody is there."""
    try:
        async with asyncio.timeout(SECONDS), aiohttp.ClientSession() as session, session.get(url) as response:
            return True, f"web: {url} answers ({response.status}; without the bot, 502 is usual)"
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False, f"web: {url} doesn't answer from here. Start the reverse proxy, or correct public_url."
