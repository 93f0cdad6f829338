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

from bot.attachments.finished import FinishedFiles
from bot.cogs.blend import Blend
from bot.cogs.compare import Compare
from bot.cogs.context_menus import ContextMenus
from bot.cogs.explain import Explain
from bot.cogs.help import Help
from bot.cogs.history import History
from bot.cogs.imagine import Imagine
from bot.cogs.me import DECISION as FORGET
from bot.cogs.me import Me
from bot.cogs.modals import ModalSubmissions
from bot.cogs.models import Models
from bot.cogs.queue import Queue
from bot.cogs.reactions import Reactions
from bot.cogs.seed import Seed
from bot.cogs.server import Server
from bot.cogs.settings import Settings
from bot.cogs.styles import Styles
from bot.cogs.what import What
from bot.config import Config, ConfigError
from bot.delivery.audit_log import AuditLog
from bot.delivery.cleanup import Cleanup
from bot.delivery.direct_messages import DirectMessages
from bot.delivery.messages import Messages
from bot.delivery.updates import MessageUpdates
from bot.interactions.bans import Bans
from bot.interactions.client import Client
from bot.interactions.compare_button import CompareButton
from bot.interactions.confirmation import DECISION as CONSENT
from bot.interactions.confirmation import Confirmation
from bot.interactions.dynamic_items import lasting, pressable
from bot.interactions.picture_actions import PictureActions
from bot.interactions.visibility import Visibility
from bot.jobs.dispatcher import Dispatcher
from bot.policy.budgets import Budgets
from bot.policy.hints import Hints
from bot.policy.server_rules import ServerPolicy
from bot.privacy import PersonalData
from bot.prompts.presets import Presets
from bot.requests.comparisons import Comparisons
from bot.requests.planner import Planner
from bot.views import lesson, pages
from bot.views.custom_ids import COMPARE
from generation.local_pool import LocalPool
from generation.pace import Pace
from generation.pool import WorkerPool
from storage import database
from storage.drafts import Drafts
from storage.generations import Generations
from storage.images import Images
from storage.paces import Paces
from storage.people import People
from storage.preferences import Preferences
from storage.removals import Removals
from storage.server_rules import ServerRules

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot, as far as anyone outside needs it."""

    client: Client
    dispatcher: Dispatcher
    delivery: MessageUpdates
    generations: Generations
    audit_log: AuditLog
    cleanup: Cleanup


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
        generations, preferences, rules = Generations(sessions, now), Preferences(sessions), ServerRules(sessions)
        images = Images(config.data / "pictures")
        banned = Bans(frozenset(config.bans.members), frozenset(config.bans.servers))
        client = await stack.enter_async_context(Client(config.discord.api_base, banned))
        messages = Messages(client, now)
        people, drafts, finished_files = People(sessions), Drafts(sessions, now), FinishedFiles(images)
        direct_messages = DirectMessages(client=client, finished_files=finished_files, people=people, messages=messages)
        delivery = MessageUpdates(
            messages=messages, generations=generations, finished_files=finished_files, tell=direct_messages.tell_done
        )
        stack.push_async_callback(delivery.close)
        cleanup = Cleanup(removals=Removals(sessions), images=images, messages=messages)
        stack.push_async_callback(cleanup.close)
        dispatcher = Dispatcher(
            pool=pool,
            catalogue=config.catalogue,
            generations=generations,
            images=images,
            delivery=delivery,
            paces=Paces(sessions),
            pace=Pace(),
            hints=Hints(catalogue=config.catalogue, people=people, rules=rules, now=now),
            cleanup=cleanup,
            longest_line=config.worker.longest_line,
        )
        audit_log = AuditLog(client, rules)
        budgets = Budgets(host_limits=config.limits, generations=generations, now=now)
        policy = ServerPolicy(
            host_limits=config.limits,
            rules=rules,
            preferences=preferences,
            models=config.catalogue.names,
            budgets=budgets,
        )
        planner = Planner(
            catalogue=config.catalogue,
            policy=policy,
            budgets=budgets,
            generations=generations,
            people=people,
            images=images,
            dispatcher=dispatcher,
            audit_log=audit_log,
        )
        presets = Presets(people=people, generations=generations)
        visibility = Visibility(rules=rules, catalogue=config.catalogue)
        picture_actions = PictureActions(
            planner=planner,
            dispatcher=dispatcher,
            generations=generations,
            people=people,
            messages=messages,
            finished_files=finished_files,
            visibility=visibility,
            presets=presets,
        )
        reactions = Reactions(
            client=client,
            banned=banned,
            planner=planner,
            dispatcher=dispatcher,
            generations=generations,
            people=people,
            messages=messages,
            direct_messages=direct_messages,
        )
        context_menus = ContextMenus(
            client=client,
            picture_actions=picture_actions,
            planner=planner,
            presets=presets,
            generations=generations,
            drafts=drafts,
            catalogue=config.catalogue,
        )
        personal_data = PersonalData(
            generations=generations,
            images=images,
            people=people,
            preferences=preferences,
            drafts=drafts,
            dispatcher=dispatcher,
            cleanup=cleanup,
        )
        comparisons = Comparisons(catalogue=config.catalogue, policy=policy, planner=planner)
        confirmation = Confirmation(catalogue=config.catalogue, planner=planner, comparisons=comparisons, drafts=drafts)
        history, queue, me, what = (
            History(generations=generations, people=people, finished_files=finished_files, visibility=visibility),
            Queue(dispatcher=dispatcher, generations=generations),
            Me(personal_data),
            What(),
        )
        server = Server(
            rules=rules,
            policy=policy,
            catalogue=config.catalogue,
            generations=generations,
            dispatcher=dispatcher,
            audit_log=audit_log,
        )
        await client.serve(
            families=[
                Imagine(
                    confirmation=confirmation,
                    planner=planner,
                    presets=presets,
                    people=people,
                    catalogue=config.catalogue,
                ),
                Blend(planner=planner, presets=presets, catalogue=config.catalogue),
                Compare(
                    comparisons=comparisons,
                    confirmation=confirmation,
                    planner=planner,
                    presets=presets,
                    people=people,
                    catalogue=config.catalogue,
                ),
                Explain(
                    confirmation=confirmation,
                    planner=planner,
                    presets=presets,
                    people=people,
                    catalogue=config.catalogue,
                ),
                history,
                queue,
                Seed(planner=planner, catalogue=config.catalogue),
                Styles(people),
                Models(config.catalogue),
                Settings(preferences=preferences, people=people, catalogue=config.catalogue),
                me,
                server,
                what,
                Help(),
            ],
            context_menus=context_menus.commands(),
            items=[
                pressable(picture_actions.press),
                lasting(pages.TURN, history.turn),
                lasting(pages.SHOW, history.chosen),
                lasting(pages.STOP, queue.cancel),
                lasting(CONSENT, confirmation.decide),
                lasting(FORGET, me.decide),
                lasting(lesson.ANOTHER, what.turn),
                lasting(COMPARE, CompareButton(confirmation=confirmation, generations=generations).press),
            ],
            reacted=reactions.added,
            unreacted=reactions.removed,
            submitted=ModalSubmissions(picture_actions, context_menus).submit,
        )
        yield Bot(client, dispatcher, delivery, generations, audit_log, cleanup)


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
        await bot.dispatcher.resume()
        await bot.cleanup.resume()
        async with asyncio.TaskGroup() as tasks:
            work = (bot.client.connect(), bot.dispatcher.run(), bot.audit_log.run())
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
    await bot.dispatcher.drain()
    await bot.delivery.settle()


def _start_log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
