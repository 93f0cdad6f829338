"""What is missing for the bot to run, in plain words."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path

from bot.cli import invitation
from bot.config import Config, ConfigError, load
from generation.local_pool import LocalPool
from generation.sources import is_single_file
from generation.upscaling import UpscalerName, real_esrgan_installed
from storage import database

NEEDED_BYTES = 2 * 10**9
"""Free disk below which pictures may soon fail to be written."""

WORKER_SECONDS = 120.0

Finding = tuple[bool, str]
"""Whether it is well, and a sentence."""


async def examine(path: Path | None) -> int:
    """Print a line a finding; 0 where nothing is missing."""
    well = True
    async for good, sentence in _findings(path):
        print(f"{'ok     ' if good else 'missing'}  {sentence}")
        well = well and good
    print("\nAll is well." if well else "\nMend what is missing above, then run this again.")
    return 0 if well else 1


async def _findings(path: Path | None) -> AsyncIterator[Finding]:
    yield sys.version_info >= (3, 11), f"Python {sys.version.split()[0]} (3.11 or newer is needed)"
    try:
        config = load(path)
    except ConfigError as error:
        yield False, str(error)
        return
    yield True, f"configuration: {path or 'none given, so the defaults'}"
    yield _token(config)
    yield _data(config.data)
    for finding in _databases(config.data):
        yield finding
    for finding in _models(config):
        yield finding
    yield _upscaling(config)
    yield await _worker(config)


def _token(config: Config) -> Finding:
    try:
        link = invitation.link(config.token())
    except ConfigError as error:
        return False, f"{error} (`noisefox try` needs none.)"
    if link is None:
        return False, "the bot token has not the form of Discord's: copy it anew from the Bot page of your app"
    return True, f"a bot token is set; invite the bot to a server with {link}"


def _data(folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as reason:
        return False, f"the data folder {folder} cannot be written: {reason.strerror}"
    free = shutil.disk_usage(folder).free
    return free >= NEEDED_BYTES, f"the data folder {folder} can be written; {free / 1e9:.0f} GB are free"


def _databases(folder: Path) -> Iterator[Finding]:
    """The databases of `noisefox run` and `noisefox try` that are there already."""
    for file in (folder / database.FILE, folder / "try" / database.FILE):
        try:
            database.check(file)
        except database.UnusableDatabase as error:
            yield False, str(error)


def _models(config: Config) -> Iterator[Finding]:
    for model in config.models:
        folder = Path(model.source).expanduser()
        if (folder / "model_index.json").is_file() or (is_single_file(model.source) and folder.is_file()):
            family = model.family
            yield family is not None, f"model {model.name}: {family or 'nothing that can be read'}, in {folder}"
        elif is_single_file(model.source):
            yield False, f"model {model.name}: there is no file {folder}"
        elif folder.is_absolute() or model.source.startswith((".", "~")):
            yield False, f"model {model.name}: {folder} holds no model in diffusers' format"
        else:
            yield True, f"model {model.name}: {model.source}, to be fetched from the hub at its first use"


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
        return False, f"the drawing process did not start within {WORKER_SECONDS:.0f} s; see the log above"
    cores = os.cpu_count()
    return True, f"drawing on {about.device} in {about.dtype}, {about.threads} threads ({cores} cores here)"
