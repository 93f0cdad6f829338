"""The commands, menus, buttons, forms and reactions."""

from discord.ext import commands

from bot.assembly.incoming import Incoming
from bot.assembly.outgoing import Outgoing
from bot.assembly.store import Store
from bot.attachments.decoder_processes import DecoderProcesses
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
from bot.interactions.bans import Bans
from bot.interactions.blocked_members import BlockedMembers
from bot.interactions.client import Client
from bot.interactions.compare_button import CompareButton
from bot.interactions.confirmation import DECISION as CONFIRM
from bot.interactions.dynamic_items import persistent, picture_buttons
from bot.interactions.gallery import Gallery
from bot.jobs.dispatcher import Dispatcher
from bot.privacy import PersonalData
from bot.prompts.style_book import StyleBook
from bot.requests.inputs import PictureReader
from bot.views import description, lesson, pages
from bot.views.blocked_list import DECISION as UNBLOCK
from bot.views.custom_ids import COMPARE, REGION
from generation.catalogue import Catalogue


def gallery_of(
    client: Client, store: Store, outgoing: Outgoing, incoming: Incoming, blocked: BlockedMembers
) -> Gallery:
    return Gallery(
        client=client,
        rules=store.rules,
        blocked=blocked,
        generations=store.generations,
        people=store.people,
        posts=store.gallery_posts,
        visibility=incoming.visibility,
        finished_files=outgoing.finished_files,
        messages=outgoing.messages,
        cleanup=outgoing.cleanup,
    )


async def serve(
    client: Client,
    banned: Bans,
    blocked: BlockedMembers,
    pictures: PictureReader,
    decoders: DecoderProcesses,
    catalogue: Catalogue,
    store: Store,
    outgoing: Outgoing,
    dispatcher: Dispatcher,
    incoming: Incoming,
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
            Styles(store.people, incoming.contexts),
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


def _drawing_cogs(catalogue: Catalogue, store: Store, incoming: Incoming) -> list[commands.Cog]:
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
