"""The life of a bot: log in, run until a signal, finish what is being drawn, close."""

import asyncio
import contextlib
import errno
import gc
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

import discord

from bot.assembly import Bot, assembled
from bot.config import Config, WebConfig
from bot.interactions.connection import ConnectionRefused, log_in, stay_connected, wait_to_log_in
from bot.redaction import RedactingFormatter
from bot.requests.reconciler import EVERY
from bot.stop_signals import StopSignals, stop_signals
from bot.version import noisefox_version
from bot.views import toy
from generation.pool import WorkerPool
from generation.vision import Vision
from storage import data_folder
from storage.database import StorageError

log = logging.getLogger(__name__)

__all__ = ["Bot", "assembled", "run", "run_locally", "running", "serve"]


STOP_SECONDS = 60.0
"""Seconds after a signal in which what is being drawn may be finished. The next start goes on with the rest. Service
managers kill a bot that takes longer than 90 s; some of these are left for closing."""

_TRY = "noisefox try"

_HERE = WebConfig("127.0.0.1:0", "http://127.0.0.1:0")
"""The page for painting, on this machine alone."""

_EXAMPLE = "/imagine prompt:a cute fox seed:5"
"""A first picture that comes out well with the small model."""

_PORT_REFUSED = {
    errno.EADDRINUSE: "another program uses it",
    errno.EACCES: "this user has no right to it, choose one above 1023",
}
"""Why a port cannot be used, by the operating system's number of the error."""


class LocalChat(Protocol):
    """A stand-in for Discord on this machine."""

    url: str
    api_base: str
    token: str


@asynccontextmanager
async def running(
    config: Config,
    token: str,
    *,
    command: str = "noisefox run",
    pools: Mapping[str, WorkerPool] | None = None,
    vision: Vision | None = None,
    now: Callable[[], datetime] = discord.utils.utcnow,
    reconcile_every: float = EVERY,
    waits: bool = False,
) -> AsyncIterator[Bot]:
    """The bot, logged in and ready, for as long as the context lasts. It looks for requests that nobody works on every
    `reconcile_every` seconds, and `waits` for a Discord that is down.

    command: what this process was started as, for the message to a second one on the same data folder.
    """
    async with assembled(
        config, command=command, pools=pools, vision=vision, now=now, reconcile_every=reconcile_every
    ) as bot:
        await (wait_to_log_in if waits else log_in)(bot.client, token)
        await _take_up(bot)
        with _refusals_alone():
            async with asyncio.TaskGroup() as tasks:
                work = (
                    stay_connected(bot.client),
                    bot.dispatcher.run(),
                    bot.audit_log.run(),
                    bot.reconciler.run(),
                )
                running_tasks = [tasks.create_task(each) for each in work]
                try:
                    await bot.client.wait_until_ready()
                    yield bot
                finally:
                    await bot.client.stop_taking()
                    await bot.delivery.close()
                    await bot.gallery.close()
                    connection, *others = running_tasks
                    for task in others:  # what they post needs the client's session
                        task.cancel()
                    await asyncio.wait(others)
                    # A connection that just opens may miss that it is cancelled; this it cannot.
                    await bot.client.close()
                    connection.cancel()


async def _take_up(bot: Bot) -> None:
    """Go on where an earlier run stopped; where the database is locked, the reconciler does that later."""
    try:
        await bot.generations.forget_old_charges()
        await bot.drafts.forget_old()
        await bot.estimates.load()
        await bot.reconciler.look()
    except StorageError as failure:
        log.warning("what an earlier run left is taken up later: %s", failure)


async def run(config: Config, token: str) -> int:
    """Be the bot until told to stop: the first signal lets drawings finish, the second does not wait."""
    return await serve(running(config, token, waits=True))


async def serve(bot_running: AbstractAsyncContextManager[Bot]) -> int:
    """Keep a bot until told to stop, as `run` does."""
    _start_log()
    with stop_signals() as signals:
        async with bot_running as bot:
            _spare_collections()
            await _until_told(bot, signals)
    return 0


async def run_locally(config: Config, chat: Callable[..., AbstractAsyncContextManager[LocalChat]], port: int) -> int:
    """Be the bot on a chat page of this machine. `chat` makes the stand-in, given a port, a folder, and the `note` on
    its first screen."""
    _start_log()
    folder = config.data / "try"
    data_folder.refuse_foreign(folder)
    with stop_signals() as signals:
        told = partial(chat, note=toy.first_screen(config.catalogue))
        async with _on_a_free_port(told, port, folder / "chat") as local:
            discord_here = replace(config.discord, api_base=local.api_base)
            config = replace(config, data=folder, discord=discord_here, web=_HERE)
            async with running(config, local.token, command=_TRY) as bot:
                _spare_collections()
                print(f"\nOpen {local.url}\nand type {_EXAMPLE}\n(Ctrl-C ends it.)\n", flush=True)
                await _until_told(bot, signals)
    return 0


@asynccontextmanager
async def _on_a_free_port(
    chat: Callable[..., AbstractAsyncContextManager[LocalChat]], port: int, folder: Path
) -> AsyncIterator[LocalChat]:
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(data_folder.owned(folder, _TRY))
        try:
            local = await stack.enter_async_context(_made(chat, port, folder))
        except OSError as reason:
            why = _PORT_REFUSED.get(reason.errno or 0) or os.strerror(reason.errno or 0)
            log.warning("port %s cannot be used: %s; using another", port, why)
            local = await stack.enter_async_context(_made(chat, 0, folder))
        yield local


def _made(
    chat: Callable[..., AbstractAsyncContextManager[LocalChat]], port: int, folder: Path
) -> AbstractAsyncContextManager[LocalChat]:
    """A stand-in that is not served yet. Raises `UnusableFolder` where its folder cannot be used."""
    try:
        return chat(port=port, folder=folder)
    except OSError as reason:
        raise data_folder.unwritable(folder, reason) from reason
    except sqlite3.OperationalError as reason:
        raise data_folder.UnusableFolder(
            f"The chat in {folder} cannot be used ({reason}): end the program that uses it, let this user write there, "
            "or move the folder away."
        ) from reason


@contextlib.contextmanager
def _refusals_alone() -> Iterator[None]:
    """Raise a refusal of Discord by itself, not as the group of exceptions in which a task group wraps it."""
    try:
        yield
    except BaseExceptionGroup as failures:
        refusals, others = failures.split(ConnectionRefused)
        if refusals is None or others is not None:
            raise
        raise refusals.exceptions[0] from None


def _spare_collections() -> None:
    """Leave what was made until now, modules above all, out of all garbage collections: going through it would hold up
    the event loop for a tenth of a second, again and again."""
    gc.collect()
    gc.freeze()


async def _until_told(bot: Bot, signals: StopSignals) -> None:
    """Wait for a signal, then for the drawings in flight, for `STOP_SECONDS`, or for another signal."""
    signals.started()
    await signals.next()
    log.info("finishing what is being drawn; once more to stop at once")
    waits = {asyncio.create_task(_finish(bot)), asyncio.create_task(signals.next())}
    done, left = await asyncio.wait(waits, timeout=STOP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if not done:
        log.warning("not all is finished after %.0f s; the next start goes on with it", STOP_SECONDS)
    for task in left:
        task.cancel()
    signals.close()


async def _finish(bot: Bot) -> None:
    await bot.dispatcher.drain()
    bot.delivery.hurry()
    await bot.delivery.settle()


def _start_log() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    log.info("this is Noisefox %s", noisefox_version())
    logging.getLogger("alembic").setLevel(logging.WARNING)
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
