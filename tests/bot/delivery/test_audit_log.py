"""The audit log, when posting a line fails."""

import asyncio

import discord
import pytest

from bot.delivery.audit_log import AuditLog
from generation.sentences import Sentence
from storage.database import StorageError
from storage.server_rules import ServerRules


class ForgetfulRules(ServerRules):
    """Server rules whose first read fails."""

    def __init__(self) -> None:
        self.read: asyncio.Queue[int] = asyncio.Queue()

    async def log_channel_of(self, guild_id: int) -> int | None:
        self.read.put_nowait(guild_id)
        if guild_id == 1:
            raise StorageError("the disk is full")
        return None


async def test_a_line_that_is_lost_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    rules = ForgetfulRules()
    audit_log = AuditLog(discord.Client(intents=discord.Intents.none()), rules)
    task = asyncio.create_task(audit_log.run())
    for guild_id in (1, 2):
        audit_log.note(guild_id, Sentence("a line"))
        assert await asyncio.wait_for(rules.read.get(), 10) == guild_id
    assert not task.done()
    task.cancel()
    assert "a line for the log channel of server 1 could not be posted: the disk is full" in caplog.text
