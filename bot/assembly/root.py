"""The composition root: makes every part of a bot, from the database up to the commands."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import discord

from bot import worker_pools
from bot.assembly.commands import gallery_of, serve
from bot.assembly.drawing import dispatcher_of, workers_of
from bot.assembly.incoming import Incoming
from bot.assembly.outgoing import Outgoing
from bot.assembly.painting import page_of, painting_of
from bot.assembly.store import Store
from bot.attachments.decoder_processes import DecoderProcesses
from bot.config import Config
from bot.delivery.audit_log import AuditLog
from bot.delivery.cleanup import Cleanup
from bot.delivery.updates import MessageUpdates
from bot.interactions.bans import Bans
from bot.interactions.blocked_members import BlockedMembers
from bot.interactions.client import Client
from bot.interactions.downloads import download
from bot.interactions.gallery import Gallery
from bot.interactions.gate import Gate
from bot.jobs.dispatcher import Dispatcher
from bot.jobs.estimates import Estimates
from bot.requests.inputs import PictureReader
from bot.requests.reconciler import EVERY, Reconciler
from bot.web.server import PaintServer
from generation.pool import WorkerPool
from generation.vision import Vision
from generation.vision_process import VisionProcess
from storage import blocked_members, data_folder, database
from storage.drafts import Drafts
from storage.generations import Generations


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot, as far as anyone outside needs it."""

    client: Client
    dispatcher: Dispatcher
    delivery: MessageUpdates
    generations: Generations
    audit_log: AuditLog
    cleanup: Cleanup
    estimates: Estimates
    reconciler: Reconciler
    gallery: Gallery
    drafts: Drafts


@asynccontextmanager
async def assembled(
    config: Config,
    *,
    command: str = "noisefox",
    pools: Mapping[str, WorkerPool] | None = None,
    vision: Vision | None = None,
    now: Callable[[], datetime] = discord.utils.utcnow,
    reconcile_every: float = EVERY,
) -> AsyncIterator[Bot]:
    """A bot before its login, from the database up to the commands; with worker pools of its own if given none.

    It owns its data folder; `command` tells a second process who does.
    """
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(data_folder.owned(config.data, command))
        sessions = await stack.enter_async_context(database.opened(config.data / database.FILE))
        if pools is None:
            pools = {name: await stack.enter_async_context(worker_pools.pool(config, name)) for name in config.pools}
        if vision is None:
            vision = await stack.enter_async_context(VisionProcess(config.vision))
        blocked = await BlockedMembers.loaded(blocked_members.BlockedMembers(sessions))
        banned = Bans(frozenset(config.bans.members), frozenset(config.bans.servers), blocked)
        gate = Gate()
        client = await stack.enter_async_context(Client(config.discord.api_base, banned, gate))
        store = Store.over(sessions, config.data, now)
        outgoing = Outgoing.over(client, store, config.catalogue, gate, now)
        stack.push_async_callback(outgoing.updates.close)
        stack.push_async_callback(outgoing.cleanup.close)
        workers = workers_of(config, pools)
        estimates = Estimates(workers=workers, paces=store.paces, catalogue=config.catalogue)
        dispatcher = dispatcher_of(config, workers, store, outgoing, estimates, now)
        decoders = await stack.enter_async_context(DecoderProcesses())
        pictures = PictureReader(decoders, download, vision)
        page = page_of(config, store, stack, now) if config.web.public_url else None
        paint = page.grants.offer if page else None
        incoming = Incoming.over(config, store, outgoing, dispatcher, estimates, pictures, vision, gate, now, paint)
        stack.push_async_callback(incoming.preparation.close)
        gallery = gallery_of(client, store, outgoing, incoming, blocked)
        await serve(
            client,
            banned,
            blocked,
            pictures,
            decoders,
            config.catalogue,
            store,
            outgoing,
            dispatcher,
            incoming,
            gallery,
        )
        if page:
            painting = painting_of(client, banned, pictures, store, outgoing, incoming, now)
            server = PaintServer(grants=page.grants, painting=painting, config=config.web)
            await stack.enter_async_context(server.serving(page.listening))
        yield Bot(
            client,
            dispatcher,
            outgoing.updates,
            store.generations,
            outgoing.audit_log,
            outgoing.cleanup,
            estimates,
            Reconciler(
                generations=store.generations,
                preparation=incoming.preparation,
                dispatcher=dispatcher,
                delivery=outgoing.updates,
                cleanup=outgoing.cleanup,
                leftovers=store.leftovers,
                check_person=banned.check,
                resume_gallery=gallery.resume,
                every=reconcile_every,
            ),
            gallery,
            store.drafts,
        )
