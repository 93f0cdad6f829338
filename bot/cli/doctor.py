"""`noisefox doctor`: checks what the bot needs and says what is missing."""

import asyncio
import base64
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path

import discord

from bot.config import Config, ConfigError, load
from bot.interactions.permissions import NEEDED
from generation.local_pool import LocalPool
from generation.sources import is_single_file
from generation.upscaling import UpscalerName, real_esrgan_installed
from storage import data_folder, database

NEEDED_BYTES = 2 * 10**9
"""Free disk space below which writing pictures may soon fail."""

WORKER_SECONDS = 120.0

Finding = tuple[bool, str]
"""Whether the check passed, and a sentence about it."""


async def examine(path: Path | None) -> int:
    """Print one line for each check. Returns 0 if all passed, else 1."""
    well = True
    async for good, sentence in _findings(path):
        print(f"{'ok     ' if good else 'missing'}  {sentence}")
        well = well and good
    print("\nEverything is fine." if well else "\nFix what is missing above, then run this again.")
    return 0 if well else 1


async def _findings(path: Path | None) -> AsyncIterator[Finding]:
    yield sys.version_info >= (3, 11), f"Python {sys.version.split()[0]} (3.11 or newer is needed)"
    try:
        config = load(path)
    except ConfigError as error:
        yield False, str(error)
        return
    yield True, f"configuration: {path or 'no file given, using the defaults'}"
    yield _token(config)
    for finding in data_findings(config.data):
        yield finding
    for finding in _models(config):
        yield finding
    yield _upscaling(config)
    yield await _worker(config)


def _token(config: Config) -> Finding:
    try:
        link = invite_link(config.token())
    except ConfigError as error:
        return False, f"{error} (`noisefox try` needs no token.)"
    if link is None:
        return False, "the bot token does not look like one of Discord's: copy it again from the Bot page of your app"
    return True, f"a bot token is set; invite the bot to a server with {link}"


def invite_link(token: str) -> str | None:
    """The link that invites a token's application with the permissions it needs; None if it is no Discord token.

    The first part of a token is the id of its application, in base64.
    """
    first = token.partition(".")[0]
    try:
        application = base64.b64decode(first + "=" * (-len(first) % 4), validate=True).decode("ascii")
    except ValueError:
        return None
    if not application.isdecimal():
        return None
    return discord.utils.oauth_url(application, permissions=NEEDED, scopes=("bot", "applications.commands"))


def data_findings(folder: Path) -> Iterator[Finding]:
    """The data folder, and what is in it already."""
    writable, sentence = _data(folder)
    yield writable, sentence
    if writable:
        yield from database_findings(folder)


def _data(folder: Path) -> Finding:
    try:
        data_folder.refuse_foreign(folder)
        data_folder.make_private_folder(folder)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except data_folder.UnusableFolder as refusal:
        return False, str(refusal)
    except OSError as reason:
        return False, str(data_folder.unwritable(folder, reason))
    free = shutil.disk_usage(folder).free
    return free >= NEEDED_BYTES, f"the data folder {folder} is writable; {free / 1e9:.0f} GB are free"


def database_findings(folder: Path) -> Iterator[Finding]:
    """The data folders of `noisefox run` and `noisefox try`: who owns them now, and whether their databases can be
    opened."""
    for each in (folder, folder / "try"):
        if owner := data_folder.owner(each):
            yield True, f"the data folder {each} is in use by {owner}"
        try:
            if database.check(each / database.FILE):
                yield True, f"the database {each / database.FILE} is sound"
        except database.UnusableDatabase as error:
            yield False, str(error)


def _models(config: Config) -> Iterator[Finding]:
    for model in config.models:
        folder = Path(model.source).expanduser()
        if (folder / "model_index.json").is_file() or (is_single_file(model.source) and folder.is_file()):
            family = model.family
            yield family is not None, f"model {model.name}: {family or 'not a model that can be read'}, in {folder}"
        elif is_single_file(model.source):
            yield False, f"model {model.name}: the file {folder} does not exist"
        elif folder.is_absolute() or model.source.startswith((".", "~")):
            yield False, f"model {model.name}: {folder} has no model in diffusers' format"
        else:
            yield True, f"model {model.name}: {model.source}, will be downloaded from the hub at first use"


def _upscaling(config: Config) -> Finding:
    wanted = config.upscaling.upscaler
    if real_esrgan_installed():
        return True, f"upscaler: {wanted}; Real-ESRGAN is installed"
    well = wanted not in (UpscalerName.REAL_ESRGAN, UpscalerName.REAL_ESRGAN_ANIME)
    return well, f'upscaler: {wanted}; Real-ESRGAN is not installed (pip install "noisefox[upscale]")'


async def _worker(config: Config) -> Finding:
    if find_spec("torch") is None:
        return False, "torch is not installed: run `pip install torch` in this environment"
    try:
        async with LocalPool(config.worker_options) as pool, asyncio.timeout(WORKER_SECONDS):
            about = await pool.ready()
    except TimeoutError:
        return False, f"the worker did not start within {WORKER_SECONDS:.0f} s; see the log above"
    cores = os.cpu_count()
    return True, f"worker: runs on {about.device} in {about.dtype}, with {about.threads} threads ({cores} cores)"
