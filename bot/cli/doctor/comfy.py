"""The servers of ComfyUI that the configuration names, asked who they are."""

import asyncio

import aiohttp

from bot.cli.doctor.findings import Finding
from bot.config import Config
from bot.config.workers import ComfyConfig
from generation.comfy.client import UNREACHABLE, ComfyClient
from generation.comfy_pool import name_of

SECONDS = 10.0
"""Seconds that a server may take to answer."""


async def comfy_findings(config: Config) -> list[Finding]:
    """A finding for each server, all asked at once."""
    servers = [
        (name, address)
        for name, section in config.pools.items()
        if isinstance(section, ComfyConfig)
        for address in section.addresses
    ]
    async with aiohttp.ClientSession() as session:
        return await asyncio.gather(*(_finding(name, address, session) for name, address in servers))


async def _finding(name: str, address: str, session: aiohttp.ClientSession) -> Finding:
    where = f"workers.{name}:"
    try:
        async with asyncio.timeout(SECONDS):
            return True, f"{where} {await ComfyClient(address, session).about()} at {name_of(address)}"
    except UNREACHABLE:
        return False, f"{where} no ComfyUI answers at {name_of(address)}. Start it there, or correct the address."
