"""The composition root: everything that lives is made here, in order, and ends in the opposite order."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

import aiohttp
import discord

from bot.archive import Archive
from bot.bans import Banned
from bot.budgets import Budgets
from bot.buttons import lasting, pressable
from bot.client import Client
from bot.commands.blend import Blend
from bot.commands.compare import Compare
from bot.commands.explain import Explain
from bot.commands.help import Help
from bot.commands.history import History
from bot.commands.imagine import Imagine
from bot.commands.me import DECISION as FORGET
from bot.commands.me import Me
from bot.commands.models import Models
from bot.commands.queue import Queue
from bot.commands.seed import Seed
from bot.commands.server import Server
from bot.commands.settings import Settings
from bot.commands.styles import Styles
from bot.commands.what import What
from bot.comparisons import Comparisons
from bot.config import Config, ConfigError
from bot.consent import DECISION as CONSENT
from bot.consent import Consent
from bot.delivery import Delivery
from bot.followups import Followups
from bot.forms import Forms
from bot.hints import Hints
from bot.house import House
from bot.intake import Intake
from bot.layouts import invited, lessons, lists
from bot.letters import Letters
from bot.logbook import Logbook
from bot.menus import Menus
from bot.posts import Posts
from bot.prints import Prints
from bot.reactions import Reactions
from bot.sight import Sight
from bot.studio import Studio
from bot.sweeper import Sweeper
from bot.trying import Trying
from bot.wording import Wording
from generation.local_pool import LocalPool
from generation.pace import Pace
from generation.pool import WorkerPool
from storage import database
from storage.drafts import Drafts
from storage.generations import Generations
from storage.house_rules import HouseRules
from storage.images import Images
from storage.paces import Paces
from storage.people import People
from storage.preferences import Preferences
from storage.removals import Removals

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot, as far as anyone outside needs it."""

    client: Client
    studio: Studio
    delivery: Delivery
    generations: Generations
    logbook: Logbook
    sweeper: Sweeper


class LocalChat(Protocol):
    """A stand-in for Discord on this machine."""

    url: str
    api_base: str
    token: str


@asynccontextmanager
async def assembled(
    config: Config,
    *,
    pool: WorkerPool | None = None,
    now: Callable[[], datetime] = discord.utils.utcnow,
) -> AsyncIterator[Bot]:
    """Everything a bot is made of, before its login; with a worker pool of its own if given none."""
    async with contextlib.AsyncExitStack() as stack:
        sessions = await stack.enter_async_context(database.opened(config.data / "noisefox.db"))
        if pool is None:
            pool = await stack.enter_async_context(LocalPool(config.worker_options))
        generations, preferences, rules = Generations(sessions, now), Preferences(sessions), HouseRules(sessions)
        images = Images(config.data / "pictures")
        banned = Banned(frozenset(config.bans.members), frozenset(config.bans.servers))
        client = await stack.enter_async_context(Client(config.discord.api_base, banned))
        posts = Posts(client, now)
        people, drafts, prints = People(sessions), Drafts(sessions, now), Prints(images)
        letters = Letters(client=client, prints=prints, people=people, posts=posts)
        delivery = Delivery(posts=posts, generations=generations, prints=prints, tell=letters.tell_done)
        stack.push_async_callback(delivery.close)
        sweeper = Sweeper(removals=Removals(sessions), images=images, posts=posts)
        stack.push_async_callback(sweeper.close)
        studio = Studio(
            pool=pool,
            catalogue=config.catalogue,
            generations=generations,
            images=images,
            delivery=delivery,
            paces=Paces(sessions),
            pace=Pace(),
            hints=Hints(catalogue=config.catalogue, people=people, rules=rules, now=now),
            sweeper=sweeper,
            longest_line=config.worker.longest_line,
        )
        logbook = Logbook(client, rules)
        budgets = Budgets(host_limits=config.limits, generations=generations, now=now)
        house = House(
            host_limits=config.limits,
            rules=rules,
            preferences=preferences,
            models=config.catalogue.names,
            budgets=budgets,
        )
        intake = Intake(
            catalogue=config.catalogue,
            house=house,
            budgets=budgets,
            generations=generations,
            people=people,
            images=images,
            studio=studio,
            logbook=logbook,
        )
        wording = Wording(people=people, generations=generations)
        sight = Sight(rules=rules, catalogue=config.catalogue)
        followups = Followups(
            intake=intake,
            studio=studio,
            generations=generations,
            people=people,
            posts=posts,
            prints=prints,
            sight=sight,
            wording=wording,
        )
        reactions = Reactions(
            client=client,
            banned=banned,
            intake=intake,
            studio=studio,
            generations=generations,
            people=people,
            posts=posts,
            letters=letters,
        )
        menus = Menus(
            client=client,
            followups=followups,
            intake=intake,
            wording=wording,
            generations=generations,
            drafts=drafts,
            catalogue=config.catalogue,
        )
        archive = Archive(
            generations=generations,
            images=images,
            people=people,
            preferences=preferences,
            drafts=drafts,
            studio=studio,
            sweeper=sweeper,
        )
        comparisons = Comparisons(catalogue=config.catalogue, house=house, intake=intake)
        consent = Consent(catalogue=config.catalogue, intake=intake, comparisons=comparisons, drafts=drafts)
        history, queue, me, what = (
            History(generations=generations, people=people, prints=prints, sight=sight),
            Queue(studio=studio, generations=generations),
            Me(archive),
            What(),
        )
        server = Server(
            rules=rules,
            house=house,
            catalogue=config.catalogue,
            generations=generations,
            studio=studio,
            logbook=logbook,
        )
        await client.serve(
            families=[
                Imagine(consent=consent, intake=intake, wording=wording, people=people, catalogue=config.catalogue),
                Blend(intake=intake, wording=wording, catalogue=config.catalogue),
                Compare(
                    comparisons=comparisons,
                    consent=consent,
                    intake=intake,
                    wording=wording,
                    people=people,
                    catalogue=config.catalogue,
                ),
                Explain(consent=consent, intake=intake, wording=wording, people=people, catalogue=config.catalogue),
                history,
                queue,
                Seed(intake=intake, catalogue=config.catalogue),
                Styles(people),
                Models(config.catalogue),
                Settings(preferences=preferences, people=people, catalogue=config.catalogue),
                me,
                server,
                what,
                Help(),
            ],
            menus=menus.commands(),
            items=[
                pressable(followups.press),
                lasting(lists.TURN, history.turn),
                lasting(lists.SHOW, history.chosen),
                lasting(lists.STOP, queue.cancel),
                lasting(CONSENT, consent.decide),
                lasting(FORGET, me.decide),
                lasting(lessons.ANOTHER, what.turn),
                lasting(invited.TRY, Trying(consent=consent, generations=generations).press),
            ],
            reacted=reactions.added,
            unreacted=reactions.removed,
            submitted=Forms(followups, menus).submit,
        )
        yield Bot(client, studio, delivery, generations, logbook, sweeper)


@asynccontextmanager
async def running(
    config: Config,
    token: str,
    *,
    pool: WorkerPool | None = None,
    now: Callable[[], datetime] = discord.utils.utcnow,
) -> AsyncIterator[Bot]:
    """The bot, logged in and ready, for as long as the context lasts."""
    async with assembled(config, pool=pool, now=now) as bot:
        await _log_in(bot.client, token)
        await bot.generations.forget_spendings()
        await bot.studio.resume()
        await bot.sweeper.resume()
        async with asyncio.TaskGroup() as tasks:
            work = (bot.client.connect(), bot.studio.run(), bot.logbook.run())
            running_tasks = [tasks.create_task(each) for each in work]
            try:
                await bot.client.wait_until_ready()
                yield bot
            finally:
                await bot.delivery.close()
                await bot.client.close()  # a connection that just opens may miss that it is cancelled; this it cannot
                for task in running_tasks:
                    task.cancel()


async def run(config: Config, token: str) -> int:
    """Be the bot until told to stop: the first signal lets drawings finish, the second does not wait."""
    _start_log()
    async with running(config, token) as bot:
        await _until_told(bot)
    return 0


async def run_locally(config: Config, chat: Callable[..., AbstractAsyncContextManager[LocalChat]], port: int) -> int:
    """Be the bot on a chat page of this machine. `chat` makes the stand-in, given a port and a folder."""
    _start_log()
    folder = config.data / "try"
    async with _on_a_free_port(chat, port, folder / "chat") as local:
        config = replace(config, data=folder, discord=replace(config.discord, api_base=local.api_base))
        async with running(config, local.token) as bot:
            print(f"\nOpen {local.url}\nand type /imagine prompt:a cute fox\n(Ctrl-C ends it.)\n", flush=True)
            await _until_told(bot)
    return 0


@asynccontextmanager
async def _on_a_free_port(
    chat: Callable[..., AbstractAsyncContextManager[LocalChat]], port: int, folder: Path
) -> AsyncIterator[LocalChat]:
    async with contextlib.AsyncExitStack() as stack:
        try:
            local = await stack.enter_async_context(chat(port=port, folder=folder))
        except OSError:
            log.warning("port %s is taken; using another", port)
            local = await stack.enter_async_context(chat(port=0, folder=folder))
        yield local


async def _log_in(client: Client, token: str) -> None:
    try:
        await client.login(token)
    except discord.LoginFailure:
        raise ConfigError("Discord does not take this token. Copy it anew from the Bot page of your app.") from None
    except (discord.HTTPException, aiohttp.ClientError) as reason:
        raise ConfigError(f"Discord cannot be reached: {reason}.") from reason


async def _until_told(bot: Bot) -> None:
    """Wait for a signal, then for the drawings in flight or for another signal."""
    signals: asyncio.Queue[None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, signals.put_nowait, None)
    await signals.get()
    log.info("finishing what is being drawn; once more to stop at once")
    waits = {asyncio.create_task(_finish(bot)), asyncio.create_task(signals.get())}
    _, left = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for task in left:
        task.cancel()
    with contextlib.suppress(NotImplementedError):
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _finish(bot: Bot) -> None:
    await bot.studio.drain()
    await bot.delivery.settle()


def _start_log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
