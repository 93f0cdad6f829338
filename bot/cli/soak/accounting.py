"""How every accepted request ended: what the database has, against what the members see."""

import re
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bot.cli.soak.crowd import DEFERRED, Json, Observed, custom_ids_of, has_pictures, text_of

LOADING = 1 << 7
"""Discord's flag of a message that shows "is thinking"."""

_RESULT = re.compile(r"noisefox:delete:(\d+):\d")
_CANCEL = re.compile(r"noisefox:cancel:(\d+):\d")


@dataclass(frozen=True, slots=True)
class Row:
    """A request as the database has it. `message_id` is None until it is known."""

    id: int
    key: str
    state: str
    message_id: str | None
    user_id: str
    delivered: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What an interaction asks for: so many requests, whose keys begin with its id or with the draft it decides on."""

    requests: int = 1
    draft: str = ""

    def keys(self, interaction_id: str) -> list[tuple[str, str]]:
        """The keys that each request may have."""
        endings = ["", *(f":{number}" for number in range(1, self.requests))]
        return [(f"interaction:{interaction_id}{each}", f"draft:{self.draft}{each}") for each in endings]


@dataclass
class Report:
    """The number of requests by how they ended. `reasons` has the sentences of those that failed."""

    accepted: int = 0
    posted: int = 0
    failed: int = 0
    lost: int = 0
    duplicated: int = 0
    stuck: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    faulty: list[str] = field(default_factory=list)
    """One line for each request that is lost, duplicated or stuck."""

    @property
    def is_clean(self) -> bool:
        """True where nothing is lost, duplicated or stuck."""
        return not (self.lost or self.duplicated or self.stuck)

    def __str__(self) -> str:
        return (
            f"accepted {self.accepted}, posted {self.posted}, failed with a reason {self.failed}, "
            f"lost {self.lost}, duplicated {self.duplicated}, stuck {self.stuck}"
        )


def rows_in(database: Path) -> list[Row]:
    """All requests of a database file; none where there is no such file yet."""
    if not database.exists():
        return []
    query = "SELECT id, key, state, message_id, user_id, delivered FROM generations ORDER BY id"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        return [
            Row(id, key, state, None if message_id is None else str(message_id), str(user_id), bool(delivered))
            for id, key, state, message_id, user_id, delivered in connection.execute(query)
        ]


def report(rows: list[Row], observed: Observed, expected: Mapping[str, Asked]) -> Report:
    """Compare rows with what was seen. `expected` has the interactions that ask for pictures."""
    return _Accounts(rows, observed).of(expected)


class _Accounts:
    def __init__(self, rows: list[Row], observed: Observed) -> None:
        self._rows = {row.key: row for row in rows}
        self._observed = observed
        self._results: dict[int, list[str]] = {}
        self._answers: dict[str, list[Json]] = {}
        self._notices: dict[str, list[str]] = {}
        for message in observed.messages.values():
            self._index(message)
        self._report = Report()

    def _index(self, message: Json) -> None:
        if message.get("deleted"):
            return
        for custom_id in custom_ids_of(message):
            if (match := _RESULT.fullmatch(custom_id)) and has_pictures(message):
                self._results.setdefault(int(match[1]), []).append(message["id"])
        if asked := message.get("interaction_metadata"):
            self._answers.setdefault(asked["id"], []).append(message)
        elif not has_pictures(message):
            self._notices.setdefault(message["channel_id"], []).append(text_of(message))

    def of(self, expected: Mapping[str, Asked]) -> Report:
        accepted = {id for id, each in self._observed.interactions.items() if each["type"] == DEFERRED}
        for id in sorted(accepted & expected.keys()):
            self._count_interaction(id, expected[id])
        for row in self._rows.values():
            if row.key.startswith("reaction:") and row.message_id is not None:
                self._count_row(row)
        self._count_replies()
        return self._report

    def _count_interaction(self, id: str, asked: Asked) -> None:
        missing = 0
        for keys in asked.keys(id):
            if row := next((self._rows[key] for key in keys if key in self._rows), None):
                self._count_row(row)
            else:
                missing += 1
        if not missing:
            return
        self._report.accepted += missing
        if reason := self._refusal(id):
            self._fail(reason, missing)
        else:
            self._report.lost += missing
            self._report.faulty.append(f"lost: {missing} of {asked.requests} requests of interaction {id}")

    def _count_replies(self) -> None:
        """Count replies to reactions that no row belongs to."""
        known = {row.message_id for row in self._rows.values()}
        for message in self._observed.messages.values():
            is_reply = not message.get("deleted") and "message_reference" in message
            if not is_reply or message.get("interaction_metadata") or message["id"] in known:
                continue
            if self._is_open(message):
                self._report.accepted += 1
                self._report.lost += 1
                self._report.faulty.append(f"lost: reply {message['id']} belongs to no request")

    def _count_row(self, row: Row) -> None:
        counts = self._report
        counts.accepted += 1
        results = self._results.get(row.id, [])
        if len(results) > 1:
            counts.duplicated += 1
            counts.faulty.append(f"duplicated: request {row.id} in messages {', '.join(results)}")
        message = self._observed.messages.get(row.message_id or "", {})
        if results or row.state == "deleted":
            counts.posted += 1
        elif message and not message.get("deleted") and not self._is_open(message):
            self._fail(_last_line(message), 1)
        elif notice := self._notice(row):
            self._fail(notice, 1)
        else:
            counts.stuck += 1
            shown = "its message is gone" if message.get("deleted") else repr(_last_line(message) if message else "")
            counts.faulty.append(f"stuck: request {row.id} ({row.state}, delivered {row.delivered}): {shown}")

    def _fail(self, reason: str, requests: int) -> None:
        self._report.failed += requests
        self._report.reasons[reason[:100]] += requests

    def _refusal(self, interaction_id: str) -> str:
        """The sentence that refused an interaction after its acknowledgement; empty where there is none."""
        for message in self._answers.get(interaction_id, []):
            if not self._is_open(message) and not has_pictures(message) and message.get("content"):
                return _last_line(message)
        return ""

    def _notice(self, row: Row) -> str:
        """What its owner was told about a request elsewhere: by its number, or by a link to its message."""
        about = re.compile(rf"\b{row.id}\b" + (rf"|{row.message_id}" if row.message_id else ""))
        owners = {
            message["channel_id"]
            for message in self._observed.messages.values()
            if not message.get("deleted") and message.get("dm_of") == row.user_id
        }
        for channel in owners:
            for text in self._notices.get(channel, []):
                if about.search(text):
                    return f"(direct message) {re.sub(r'[0-9]{3,}', '…', text)}"
        return ""

    @staticmethod
    def _is_open(message: Json) -> bool:
        """True where a message promises that more will come."""
        ids = custom_ids_of(message)
        waits = any(_CANCEL.fullmatch(each) for each in ids)
        return bool(message.get("flags", 0) & LOADING) or waits or text_of(message).endswith("Starting…")


def _last_line(message: Json) -> str:
    lines = text_of(message).strip().splitlines()
    return lines[-1] if lines else ""
