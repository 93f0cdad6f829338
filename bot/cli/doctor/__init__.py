"""`noisefox doctor`: checks what the bot needs and says what is missing."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

from bot.cli.doctor.app_token import token_finding
from bot.cli.doctor.comfy import comfy_findings
from bot.cli.doctor.data import data_findings, word_list_findings
from bot.cli.doctor.device import device_finding, worker_finding
from bot.cli.doctor.findings import Finding, line
from bot.cli.doctor.models import model_findings
from bot.cli.doctor.ray import ray_findings
from bot.cli.doctor.upscaling import upscaler_finding
from bot.cli.doctor.web import web_findings
from bot.config import FILE, ConfigError, read


async def examine(path: Path | None) -> int:
    """Print one line for each check. Returns 1 where something is missing, else 0."""
    states = set()
    async for finding in _findings(path):
        print(line(finding), flush=True)
        states.add(finding[0])
    print(f"\n{_summary(states)}")
    return 1 if False in states else 0


def _summary(states: set[bool | None]) -> str:
    if False in states:
        return "Fix what is missing above, then run this again."
    return "Nothing is missing, as far as it was checked." if None in states else "Everything is fine."


async def _findings(path: Path | None) -> AsyncIterator[Finding]:
    yield sys.version_info >= (3, 11), f"Python {sys.version.split()[0]} (3.11 or newer is needed)"
    try:
        config, mistakes = read(path)
    except ConfigError as error:
        yield False, str(error)
        return
    yield True, f"configuration: {path or f'no file was named, and {FILE} is not here; using the defaults'}"
    for sentence in mistakes.sentences:
        yield False, sentence
    yield token_finding(config)
    if "data" not in mistakes:
        for finding in data_findings(config.data):
            yield finding
    for finding in word_list_findings(config):
        yield finding
    for finding in ray_findings(config):
        yield finding
    for finding in await model_findings(config):
        yield finding
    for finding in await comfy_findings(config):
        yield finding
    for finding in await web_findings(config):
        yield finding
    yield upscaler_finding(config)
    if not config.draws_here:
        return
    all_work = True
    for device in config.devices_here:
        works, sentence = await device_finding(device)
        all_work = all_work and works is True
        yield works, sentence
    if all_work and not mistakes.sentences:
        yield await worker_finding(config)
