"""The page for painting."""

import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.assembly.incoming import Incoming
from bot.assembly.outgoing import Outgoing
from bot.assembly.store import Store
from bot.config import Config
from bot.interactions.bans import Bans
from bot.interactions.client import Client
from bot.requests.inputs import PictureReader
from bot.web.grants import Grants
from bot.web.links import Signer
from bot.web.painting import Painting
from bot.web.server import bound


@dataclass(frozen=True, slots=True)
class Page:
    """What there is of the page for painting before it is served."""

    grants: Grants
    listening: socket.socket


def page_of(config: Config, store: Store, stack: contextlib.AsyncExitStack, now: Callable[[], datetime]) -> Page:
    """The page's links, and the socket at its address. Raises `UnusableAddress`."""
    listening, public_url = bound(config.web)
    stack.enter_context(contextlib.closing(listening))
    signer = Signer.of_folder(config.data)
    return Page(Grants(drafts=store.drafts, signer=signer, public_url=public_url, now=now), listening)


def painting_of(
    client: Client,
    banned: Bans,
    pictures: PictureReader,
    store: Store,
    outgoing: Outgoing,
    incoming: Incoming,
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
