"""Everything that posts to Discord without being asked by an interaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from bot.assembly.store import Store
from bot.attachments.finished import FinishedFiles
from bot.delivery.audit_log import AuditLog
from bot.delivery.cleanup import Cleanup
from bot.delivery.deletion import Deletion
from bot.delivery.direct_messages import DirectMessages
from bot.delivery.messages import Messages
from bot.delivery.reports import ReportPosts
from bot.delivery.updates import MessageUpdates
from bot.interactions.client import Client
from bot.interactions.gate import Gate
from generation.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Outgoing:
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
    def over(cls, client: Client, store: Store, catalogue: Catalogue, gate: Gate, now: Callable[[], datetime]) -> Self:
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
