"""The composition root: makes every part of a bot, from the database up to the commands."""

import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

import discord
from discord.ext import commands

from bot import worker_pools
from bot.attachments.decoder_processes import DecoderProcesses
from bot.attachments.finished import FinishedFiles
from bot.cogs.blend import Blend
from bot.cogs.compare import Compare
from bot.cogs.context_menus import ContextMenus
from bot.cogs.deleted_places import DeletedPlaces
from bot.cogs.describe import Describe
from bot.cogs.edit import Edit
from bot.cogs.explain import Explain
from bot.cogs.gallery import GalleryCopies
from bot.cogs.help import Help
from bot.cogs.history import History
from bot.cogs.imagine import Imagine
from bot.cogs.look import LookCommands
from bot.cogs.me import DECISION as FORGET
from bot.cogs.me import Me
from bot.cogs.modals import ModalSubmissions
from bot.cogs.models import Models
from bot.cogs.queue import Queue
from bot.cogs.reactions import Reactions
from bot.cogs.replies import Replies
from bot.cogs.seed import Seed
from bot.cogs.server import Server
from bot.cogs.server_reset import DECISION as RESET
from bot.cogs.settings import DECISION as FORGET_SETTINGS
from bot.cogs.settings import Settings
from bot.cogs.styles import Styles
from bot.cogs.what import What
from bot.config import Config
from bot.delivery.audit_log import AuditLog
from bot.delivery.cleanup import Cleanup
from bot.delivery.deletion import Deletion
from bot.delivery.direct_messages import DirectMessages
from bot.delivery.messages import Messages
from bot.delivery.reports import ReportPosts
from bot.delivery.updates import MessageUpdates
from bot.interactions.bans import Bans
from bot.interactions.blocked_members import BlockedMembers
from bot.interactions.client import Client
from bot.interactions.compare_button import CompareButton
from bot.interactions.confirmation import DECISION as CONFIRM
from bot.interactions.confirmation import Confirmation
from bot.interactions.downloads import download
from bot.interactions.dynamic_items import persistent, picture_buttons
from bot.interactions.gallery import Gallery
from bot.interactions.gate import Gate
from bot.interactions.picture_actions import PictureActions
from bot.interactions.region_choice import Paint, RegionChoice
from bot.interactions.sight import Sight
from bot.interactions.visibility import Visibility
from bot.jobs.dispatcher import Dispatcher
from bot.jobs.estimates import Estimates
from bot.jobs.results import Results
from bot.jobs.tasks import Tasks
from bot.jobs.workers import Workers
from bot.policy.budgets import Budgets
from bot.policy.hints import Hints
from bot.policy.look_book import LookBook
from bot.policy.request_context import ContextLoader
from bot.privacy import PersonalData
from bot.prompts.presets import Presets
from bot.prompts.style_book import StyleBook
from bot.requests.comparisons import Comparisons
from bot.requests.completion import Completion
from bot.requests.derived_plans import Derivations
from bot.requests.descriptions import Descriptions
from bot.requests.disk_room import DiskRoom
from bot.requests.edits import Edits
from bot.requests.inputs import PictureReader
from bot.requests.planner import Planner
from bot.requests.preparation import Preparation
from bot.requests.reconciler import EVERY, Reconciler
from bot.requests.request_plans import RequestPlans
from bot.requests.submission import Submission
from bot.views import description, lesson, pages
from bot.views.blocked_list import DECISION as UNBLOCK
from bot.views.custom_ids import COMPARE, REGION
from bot.web.grants import Grants
from bot.web.links import Signer
from bot.web.painting import Painting
from bot.web.server import PaintServer, bound
from generation.catalogue import Catalogue
from generation.pool import WorkerPool
from generation.vision import Vision
from generation.vision_process import VisionProcess
from storage import blocked_members, data_folder, database
from storage.database import Sessions
from storage.drafts import Drafts
from storage.gallery import GalleryPosts
from storage.generations import Generations
from storage.images import PICTURES, Images
from storage.leftovers import Leftovers
from storage.looks import Looks
from storage.paces import Paces
from storage.people import People
from storage.preferences import Preferences
from storage.removals import Removals
from storage.reports import Reports
from storage.server_rules import ServerRules


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
        store = _Store.over(sessions, config.data, now)
        outgoing = _Outgoing.over(client, store, config.catalogue, gate, now)
        stack.push_async_callback(outgoing.updates.close)
        stack.push_async_callback(outgoing.cleanup.close)
        workers = _workers(config, pools)
        estimates = Estimates(workers=workers, paces=store.paces, catalogue=config.catalogue)
        dispatcher = _dispatcher(config, workers, store, outgoing, estimates, now)
        decoders = await stack.enter_async_context(DecoderProcesses())
        pictures = PictureReader(decoders, download, vision)
        page = _page(config, store, stack, now) if config.web.public_url else None
        paint = page.grants.offer if page else None
        incoming = _Incoming.over(config, store, outgoing, dispatcher, estimates, pictures, vision, gate, now, paint)
        stack.push_async_callback(incoming.preparation.close)
        gallery = _gallery(client, store, outgoing, incoming)
        await _serve(
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
            painting = _painting(client, banned, pictures, store, outgoing, incoming, now)
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
        )


@dataclass(frozen=True, slots=True)
class _Store:
    """Everything that is kept."""

    generations: Generations
    images: Images
    leftovers: Leftovers
    looks: Looks
    people: People
    preferences: Preferences
    rules: ServerRules
    drafts: Drafts
    paces: Paces
    removals: Removals
    reports: Reports
    gallery_posts: GalleryPosts

    @classmethod
    def over(cls, sessions: Sessions, data: Path, now: Callable[[], datetime]) -> Self:
        return cls(
            generations=Generations(sessions, now),
            images=Images(data / PICTURES),
            leftovers=Leftovers(data, now),
            looks=Looks(sessions),
            people=People(sessions),
            preferences=Preferences(sessions),
            rules=ServerRules(sessions),
            drafts=Drafts(sessions, now),
            paces=Paces(sessions),
            removals=Removals(sessions),
            reports=Reports(sessions),
            gallery_posts=GalleryPosts(sessions),
        )


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """Everything that posts to Discord without being asked by an interaction."""

    messages: Messages
    finished_files: FinishedFiles
    direct_messages: DirectMessages
    updates: MessageUpdates
    audit_log: AuditLog
    reports: ReportPosts
    cleanup: Cleanup
    deletion: Deletion

    @classmethod
    def over(cls, client: Client, store: _Store, catalogue: Catalogue, gate: Gate, now: Callable[[], datetime]) -> Self:
        messages, finished_files = Messages(client, now), FinishedFiles(store.images)
        cleanup = Cleanup(
            generations=store.generations, removals=store.removals, images=store.images, messages=messages
        )
        direct_messages = DirectMessages(
            client=client, finished_files=finished_files, people=store.people, messages=messages
        )
        return cls(
            messages=messages,
            finished_files=finished_files,
            direct_messages=direct_messages,
            updates=MessageUpdates(
                messages=messages,
                generations=store.generations,
                finished_files=finished_files,
                abilities_of=catalogue.abilities_of,
                tell=direct_messages.tell_done,
                tell_unshown=direct_messages.tell_unshown,
                calm=gate.calm,
                now=now,
            ),
            audit_log=AuditLog(client, store.rules),
            reports=ReportPosts(client=client, rules=store.rules, reports=store.reports, finished_files=finished_files),
            cleanup=cleanup,
            deletion=Deletion(generations=store.generations, removals=store.removals, cleanup=cleanup),
        )


def _workers(config: Config, pools: Mapping[str, WorkerPool]) -> Workers:
    models = {each.name: config.pool_of(each) for each in config.models}
    return Workers(
        [worker_pools.named(config, name, pool) for name, pool in pools.items()], lambda model: models.get(model, "")
    )


def _dispatcher(
    config: Config,
    workers: Workers,
    store: _Store,
    outgoing: _Outgoing,
    estimates: Estimates,
    now: Callable[[], datetime],
) -> Dispatcher:
    hints = Hints(
        catalogue=config.catalogue, generations=store.generations, people=store.people, rules=store.rules, now=now
    )
    return Dispatcher(
        workers=workers,
        generations=store.generations,
        tasks=Tasks(store.images),
        results=Results(generations=store.generations, images=store.images, hints=hints),
        estimates=estimates,
        delivery=outgoing.updates,
        longest_line=config.longest_line,
    )


@dataclass(frozen=True, slots=True)
class _Page:
    """What there is of the page for painting before it is served."""

    grants: Grants
    listening: socket.socket


def _page(config: Config, store: _Store, stack: contextlib.AsyncExitStack, now: Callable[[], datetime]) -> _Page:
    """The page's links, and the socket at its address. Raises `UnusableAddress`."""
    listening, public_url = bound(config.web)
    stack.enter_context(contextlib.closing(listening))
    signer = Signer.of_folder(config.data)
    return _Page(Grants(drafts=store.drafts, signer=signer, public_url=public_url, now=now), listening)


@dataclass(frozen=True, slots=True)
class _Incoming:
    """Everything that turns what people ask for into requests."""

    contexts: ContextLoader
    planner: Planner
    derivations: Derivations
    descriptions: Descriptions
    edits: Edits
    comparisons: Comparisons
    submission: Submission
    preparation: Preparation
    presets: Presets
    confirmation: Confirmation
    sight: Sight
    visibility: Visibility
    picture_actions: PictureActions
    region_choice: RegionChoice

    @classmethod
    def over(
        cls,
        config: Config,
        store: _Store,
        outgoing: _Outgoing,
        dispatcher: Dispatcher,
        estimates: Estimates,
        pictures: PictureReader,
        vision: Vision,
        gate: Gate,
        now: Callable[[], datetime],
        paint: Paint | None,
    ) -> Self:
        contexts = ContextLoader(
            host_limits=config.limits,
            catalogue=config.catalogue,
            rules=store.rules,
            preferences=store.preferences,
            people=store.people,
            seconds=estimates.seconds_for,
            host_lists=config.wildcards.read(),
            looks=LookBook(store.looks),
        )
        planner = Planner(config.catalogue)
        derivations = Derivations(planner=planner, catalogue=config.catalogue)
        edits = Edits(planner=planner, catalogue=config.catalogue)
        comparisons = Comparisons(catalogue=config.catalogue, planner=planner)
        request_plans = RequestPlans(planner=planner, edits=edits, comparisons=comparisons)
        preparation = Preparation(
            generations=store.generations,
            completion=Completion(
                generations=store.generations,
                images=store.images,
                contexts=contexts,
                request_plans=request_plans,
                pictures=pictures,
                dispatcher=dispatcher,
                vision=vision,
            ),
            dispatcher=dispatcher,
            messages=outgoing.messages,
            delivery=outgoing.updates,
            audit_log=outgoing.audit_log,
            calm=gate.calm,
            now=now,
        )
        submission = Submission(
            budgets=Budgets(host_limits=config.limits, generations=store.generations, now=now),
            generations=store.generations,
            dispatcher=dispatcher,
            preparation=preparation,
            disk=DiskRoom(config.data),
        )
        presets = Presets(styles=StyleBook(store.people), generations=store.generations)
        sight = Sight(generations=store.generations, people=store.people)
        visibility = Visibility(rules=store.rules, catalogue=config.catalogue)
        region_choice = RegionChoice(
            contexts=contexts,
            edits=edits,
            submission=submission,
            finished_files=outgoing.finished_files,
            sight=sight,
            visibility=visibility,
            vision=vision,
            paint=paint,
        )
        return cls(
            contexts=contexts,
            planner=planner,
            derivations=derivations,
            descriptions=Descriptions(pictures=pictures, vision=vision),
            edits=edits,
            comparisons=comparisons,
            submission=submission,
            preparation=preparation,
            presets=presets,
            confirmation=Confirmation(
                catalogue=config.catalogue,
                contexts=contexts,
                request_plans=request_plans,
                submission=submission,
                drafts=store.drafts,
                pictures=pictures,
            ),
            sight=sight,
            visibility=visibility,
            picture_actions=PictureActions(
                contexts=contexts,
                planner=planner,
                derivations=derivations,
                edits=edits,
                submission=submission,
                dispatcher=dispatcher,
                deletion=outgoing.deletion,
                generations=store.generations,
                people=store.people,
                messages=outgoing.messages,
                finished_files=outgoing.finished_files,
                sight=sight,
                visibility=visibility,
                presets=presets,
                reports=outgoing.reports,
                region_choice=region_choice,
            ),
            region_choice=region_choice,
        )


def _gallery(client: Client, store: _Store, outgoing: _Outgoing, incoming: _Incoming) -> Gallery:
    return Gallery(
        client=client,
        rules=store.rules,
        generations=store.generations,
        people=store.people,
        posts=store.gallery_posts,
        visibility=incoming.visibility,
        finished_files=outgoing.finished_files,
        messages=outgoing.messages,
        cleanup=outgoing.cleanup,
    )


async def _serve(
    client: Client,
    banned: Bans,
    blocked: BlockedMembers,
    pictures: PictureReader,
    decoders: DecoderProcesses,
    catalogue: Catalogue,
    store: _Store,
    outgoing: _Outgoing,
    dispatcher: Dispatcher,
    incoming: _Incoming,
    gallery: Gallery,
) -> None:
    """Give the client its commands, menus, buttons, forms and reactions."""
    actions, confirmation = incoming.picture_actions, incoming.confirmation
    context_menus = ContextMenus(
        client=client,
        picture_actions=actions,
        confirmation=confirmation,
        contexts=incoming.contexts,
        planner=incoming.planner,
        submission=incoming.submission,
        presets=incoming.presets,
        sight=incoming.sight,
        drafts=store.drafts,
        catalogue=catalogue,
        decoders=decoders,
    )
    reactions = Reactions(
        client=client,
        banned=banned,
        contexts=incoming.contexts,
        derivations=incoming.derivations,
        submission=incoming.submission,
        deletion=outgoing.deletion,
        generations=store.generations,
        people=store.people,
        messages=outgoing.messages,
        direct_messages=outgoing.direct_messages,
        audit_log=outgoing.audit_log,
        gallery=gallery,
    )
    replies = Replies(
        client=client,
        banned=banned,
        contexts=incoming.contexts,
        edits=incoming.edits,
        submission=incoming.submission,
        generations=store.generations,
        sight=incoming.sight,
        direct_messages=outgoing.direct_messages,
        audit_log=outgoing.audit_log,
    )
    history = History(
        generations=store.generations,
        sight=incoming.sight,
        finished_files=outgoing.finished_files,
        visibility=incoming.visibility,
        catalogue=catalogue,
    )
    queue = Queue(dispatcher=dispatcher, generations=store.generations)
    me = Me(
        PersonalData(
            generations=store.generations,
            images=store.images,
            leftovers=store.leftovers,
            looks=store.looks,
            people=store.people,
            preferences=store.preferences,
            drafts=store.drafts,
            reports=store.reports,
            dispatcher=dispatcher,
            cleanup=outgoing.cleanup,
        )
    )
    what = What()
    describe = Describe(
        descriptions=incoming.descriptions,
        confirmation=confirmation,
        contexts=incoming.contexts,
        drafts=store.drafts,
    )
    server = Server(
        blocked=blocked,
        pictures=pictures,
        rules=store.rules,
        contexts=incoming.contexts,
        catalogue=catalogue,
        generations=store.generations,
        dispatcher=dispatcher,
        audit_log=outgoing.audit_log,
    )
    compare_button = CompareButton(
        confirmation=confirmation, contexts=incoming.contexts, generations=store.generations, sight=incoming.sight
    )
    settings = Settings(preferences=store.preferences, people=store.people, catalogue=catalogue)
    look_commands = LookCommands(
        looks=store.looks,
        contexts=incoming.contexts,
        images=store.images,
        pictures=pictures,
        catalogue=catalogue,
        cleanup=outgoing.cleanup,
        audit_log=outgoing.audit_log,
    )
    await client.serve(
        families=[
            *_drawing_cogs(catalogue, store, incoming),
            describe,
            history,
            queue,
            Styles(store.people, store.rules),
            look_commands,
            Models(catalogue),
            settings,
            me,
            server,
            GalleryCopies(posts=store.gallery_posts, cleanup=outgoing.cleanup),
            DeletedPlaces(client=client, rules=store.rules, audit_log=outgoing.audit_log),
            what,
            Help(),
        ],
        context_menus=context_menus.commands(),
        items=[
            picture_buttons(actions.press),
            persistent(pages.TURN, history.turn),
            persistent(pages.SHOW, history.chosen),
            persistent(pages.STOP, queue.cancel),
            persistent(CONFIRM, confirmation.decide),
            persistent(FORGET, me.decide),
            persistent(RESET, server.decide_reset),
            persistent(UNBLOCK, server.decide_words),
            persistent(FORGET_SETTINGS, settings.decide_reset),
            persistent(lesson.ANOTHER, what.turn),
            persistent(description.DRAW, describe.draw),
            persistent(COMPARE, compare_button.press),
            persistent(REGION, incoming.region_choice.press),
        ],
        reacted=reactions.added,
        said=replies.said,
        unreacted=reactions.removed,
        refused=outgoing.audit_log.refused,
        submitted=ModalSubmissions(actions, incoming.region_choice, context_menus).submit,
    )


def _painting(
    client: Client,
    banned: Bans,
    pictures: PictureReader,
    store: _Store,
    outgoing: _Outgoing,
    incoming: _Incoming,
    now: Callable[[], datetime],
) -> Painting:
    """What the page for painting shows and draws."""
    return Painting(
        client=client,
        banned=banned,
        contexts=incoming.contexts,
        edits=incoming.edits,
        submission=incoming.submission,
        pictures=pictures,
        images=store.images,
        generations=store.generations,
        finished_files=outgoing.finished_files,
        visibility=incoming.visibility,
        audit_log=outgoing.audit_log,
        now=now,
    )


def _drawing_cogs(catalogue: Catalogue, store: _Store, incoming: _Incoming) -> list[commands.Cog]:
    """The commands that draw."""
    contexts, confirmation, presets = incoming.contexts, incoming.confirmation, incoming.presets
    styles = StyleBook(store.people)
    return [
        Imagine(confirmation=confirmation, contexts=contexts, presets=presets, styles=styles, catalogue=catalogue),
        Edit(confirmation=confirmation, contexts=contexts, catalogue=catalogue),
        Blend(confirmation=confirmation, contexts=contexts, presets=presets, catalogue=catalogue),
        Compare(
            comparisons=incoming.comparisons,
            confirmation=confirmation,
            contexts=contexts,
            presets=presets,
            styles=styles,
            catalogue=catalogue,
        ),
        Explain(confirmation=confirmation, contexts=contexts, presets=presets, styles=styles, catalogue=catalogue),
        Seed(contexts=contexts, confirmation=confirmation, catalogue=catalogue),
    ]
