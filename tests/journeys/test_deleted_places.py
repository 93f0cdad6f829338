"""Rules about channels and roles that are deleted, that nobody can see, or that discord.py doesn't know."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import app
from playground import Playground
from playground.state.world import (
    ART_ID,
    ARTISTS_ROLE_ID,
    GENERAL_ID,
    GUILD_ID,
    MEMBER_TWO_ID,
    NSFW_ART_ID,
    SKETCHES_ID,
)
from storage import database, server_rules
from storage.rulebook import Kind
from storage.server_rules import ServerRules
from tests.journeys.conftest import Member, Start, finished, until
from tests.journeys.test_rules import refused, said

NEW_KIND = 99
"""A channel type that discord.py doesn't know."""


@pytest.fixture
async def bot_rules(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ServerRules]:
    """The rules as the bot keeps them, for those that no command can make. The bot sees them at once."""
    monkeypatch.setattr(server_rules, "FRESH", 0.0)
    async with database.opened(tmp_path / "data" / database.FILE) as sessions:
        yield ServerRules(sessions)


async def choices(admin: Member, typed: str = "") -> dict[str, str]:
    """What /server remove suggests: values by label."""
    found = await admin.autocomplete("server remove", {"listed": typed}, focused="listed")
    return {choice["name"]: choice["value"] for choice in found}


@pytest.mark.parametrize("is_online", [True, False], ids=["while the bot runs", "while it is away"])
async def test_a_role_that_is_deleted_locks_nobody_out(
    start: Start, playground: Playground, admin: Member, member: Member, is_online: bool
) -> None:
    async with start():
        await admin.slash("server allow", {"role": ARTISTS_ROLE_ID})
        await admin.slash("server rule", {"setting": "steps", "default": "3", "role": ARTISTS_ROLE_ID})
        if is_online:
            playground.delete_role(ARTISTS_ROLE_ID)
            await until_said(admin, "Roles: all")
    if not is_online:
        playground.delete_role(ARTISTS_ROLE_ID)
    async with start():
        await until_said(admin, "Roles: all")
        assert finished(await member.imagine())
        assert await choices(admin) == {}


@pytest.mark.parametrize("is_online", [True, False], ids=["while the bot runs", "while it is away"])
async def test_a_channel_that_is_deleted_locks_nobody_out(
    start: Start, playground: Playground, admin: Member, member: Member, is_online: bool
) -> None:
    async with start():
        await admin.slash("server allow", {"channel": ART_ID})
        await admin.slash("server rule", {"setting": "steps", "default": "3", "channel": ART_ID})
        await admin.slash("server log", {"channel": ART_ID})
        assert "You can't draw in this channel" in await refused(member)
        if is_online:
            playground.delete_channel(ART_ID)
            await until_said(admin, "Channels: all")
    if not is_online:
        playground.delete_channel(ART_ID)
    async with start():
        assert "Log channel" not in await until_said(admin, "Channels: all")
        assert finished(await member.imagine())
        assert await choices(admin) == {}


async def test_what_is_deleted_while_the_bot_is_removed_locks_nobody_out_once_it_is_added_again(
    bot: app.Bot, playground: Playground, admin: Member, member: Member
) -> None:
    await admin.slash("server allow", {"role": ARTISTS_ROLE_ID})
    await admin.slash("server allow", {"channel": ART_ID})
    await admin.slash("server allow", {"channel": GENERAL_ID})
    playground.remove_bot()
    await until(lambda: not bot.client.guilds)
    playground.delete_role(ARTISTS_ROLE_ID)
    playground.delete_channel(ART_ID)
    playground.add_bot()
    await until(lambda: bot.client.guilds)
    assert f"<#{ART_ID}>" not in await until_said(admin, "Roles: all")
    assert f"<#{GENERAL_ID}>" in await said(admin, "server show")
    assert finished(await member.imagine())


async def test_a_thread_that_is_deleted_leaves_the_rules(
    start: Start, playground: Playground, admin: Member, bot_rules: ServerRules
) -> None:
    await bot_rules.allow(GUILD_ID, Kind.CHANNEL, str(SKETCHES_ID), True)
    async with start():
        assert f"<#{SKETCHES_ID}>" in await said(admin, "server show")
        playground.delete_channel(SKETCHES_ID)
        await until_said(admin, "Channels: all")


async def test_what_cannot_be_looked_up_stays_in_the_rules(
    start: Start, playground: Playground, admin: Member, member: Member
) -> None:
    """An outage, a channel of a new kind or one that is hidden from the bot is no deleted channel."""
    async with start():
        for channel in (ART_ID, GENERAL_ID):
            await admin.slash("server allow", {"channel": channel})
    playground.change_channel(ART_ID, kind=NEW_KIND)
    async with start():
        assert f"<#{ART_ID}>" in await said(admin, "server show")
    playground.delete_channel(ART_ID)
    playground.fail_next("GET", f"/channels/{ART_ID}$", 500, times=5)
    playground.fail_next("GET", f"/channels/{ART_ID}$", 403, code=50001)
    async with start():
        assert f"<#{ART_ID}>" in await said(admin, "server show")


async def test_everything_that_is_listed_can_be_removed(start: Start, admin: Member, bot_rules: ServerRules) -> None:
    gone = "1180000000000000999"
    async with start():
        await admin.slash("server allow", {"channel": ART_ID, "role": ARTISTS_ROLE_ID, "model": "pocket"})
        await admin.slash("server rule", {"setting": "steps", "default": "3", "role": ARTISTS_ROLE_ID})
        await admin.slash("server log", {"channel": NSFW_ART_ID})
        for kind in (Kind.MODEL, Kind.ROLE):
            await bot_rules.allow(GUILD_ID, kind, gone, True)
        listed = await choices(admin)
        assert list(listed) == [
            f"Models: {gone}",
            "Models: pocket",
            "Channels: #art",
            "Roles: @artists",
            f"Roles: unknown, {gone}",
            "Rules of @artists",
            "Log channel: #nsfw-art",
        ]
        assert list(await choices(admin, "artists")) == ["Roles: @artists", "Rules of @artists"]
        assert "The rules don't list that" in await said(admin, "server remove", {"listed": "something"})
        for value in listed.values():
            await admin.slash("server remove", {"listed": value})
        shown = await said(admin, "server show")
        assert "Channels: all" in shown
        assert "Roles: all" in shown
        assert "Log channel" not in shown
        assert await choices(admin) == {}
        await bot_rules.allow(GUILD_ID, Kind.ROLE, gone, True)
        assert "Roles: all" in await said(admin, "server remove", {"listed": f"<@&{gone}>"})


async def test_a_thread_follows_its_channel_where_that_is_unknown(
    start: Start, playground: Playground, admin: Member, member: Member
) -> None:
    async with start():
        await admin.slash("server allow", {"channel": ART_ID})
        await admin.slash("server rule", {"setting": "steps", "default": "3", "channel": ART_ID})
    playground.change_channel(ART_ID, kind=NEW_KIND)
    async with start() as bot:
        thread = bot.client.get_guild(GUILD_ID).get_thread(SKETCHES_ID)  # type: ignore[union-attr]
        assert thread is not None
        assert thread.parent is None
        outcome = await member.slash("imagine", {"prompt": "a fox"}, "sketches")
        assert outcome.message is not None
        done = await member.see_finished(outcome.message)
        assert "3 steps" in str(done) or "--steps 3" in str(done)
        await member.react(done, "🔁")
        await member.wait_for(lambda each: finished(each) and each["id"] != done["id"])


async def test_in_an_unknown_kind_of_channel_the_bot_says_what_is_wrong(
    start: Start, playground: Playground, admin: Member, member: Member
) -> None:
    playground.change_channel(ART_ID, kind=NEW_KIND)
    async with start():
        assert "I don't know this kind of channel" in await refused(member, "art")
        assert "I don't know this kind of channel" in await said(admin, "server show", channel="art")
        assert await member.autocomplete("imagine", {"prompt": "<lora:"}, focused="prompt", channel="art") == []
        assert finished(await member.imagine())


async def test_the_rules_of_a_member_who_has_left_are_shown(
    bot: app.Bot, playground: Playground, admin: Member
) -> None:
    playground.world.left.add(MEMBER_TWO_ID)
    assert f"Rules for <@{MEMBER_TWO_ID}>" in await said(admin, "server show", {"member": str(MEMBER_TWO_ID)})


async def until_said(admin: Member, words: str) -> str:
    """Show the rules until they say something: nothing tells when a deletion has had its effect."""
    for _ in range(100):
        if words in (shown := await said(admin, "server show")):
            return shown
    raise AssertionError(shown)
