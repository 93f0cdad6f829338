"""Members whom a server has blocked: every command, button, form and reaction refuses them there, and only there."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event

from playground import Playground
from playground.client.person import Outcome
from playground.state.world import ADMIN_ID, ART_ID, MEMBER_ONE_ID, MEMBER_TWO_ID
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Start, words_of
from tests.journeys.test_bans import custom_ids_of, uses_of
from tests.journeys.test_rules import refused, said

REFUSAL = "The managers of this server have blocked you here. Ask them if that's a mistake."


def is_refused(outcome: Outcome) -> bool:
    message = outcome.message
    return message is not None and bool(message["ephemeral_for"]) and words_of(message).strip() == REFUSAL


async def test_every_command_menu_button_and_form_refuses_them_also_after_a_restart(
    start: Start, admin: Member, member: Member, other: Member
) -> None:
    async with start():
        done = await other.imagine()
        opened = (await other.click(done, "Remix")).modal
        await admin.slash("server block", {"member": MEMBER_TWO_ID})
        assert REFUSAL in await refused(other)
    async with start() as bot:
        slash = [use for command in other.commands if command["type"] == 1 for use in uses_of(command)]
        for path, options in slash:
            assert is_refused(await other.slash(path, options)), path
        for name in (command["name"] for command in other.commands if command["type"] == 3):
            assert is_refused(await other.menu(name, done)), name
        for custom_id, values in custom_ids_of(done):
            press = other.select(done, custom_id, values[:1]) if values else other.click(done, custom_id)
            assert is_refused(await press), custom_id
        assert is_refused(await other.submit(opened, {"prompt": "a hen"}))
        assert await other.autocomplete("imagine", {"model": "po"}, "model") == []
        for emoji in "🔁⭐❌":
            await other.react(done, emoji)
        await member.press(done, "Re-roll")
        assert (await bot.generations.of_user(MEMBER_TWO_ID)).total == 1
        assert (await bot.generations.favourites_of(MEMBER_TWO_ID)).total == 0
        for place in ("dm", "elsewhere"):
            await other.imagine(channel=place)


async def test_a_block_asks_no_database(start: Start, admin: Member, other: Member) -> None:
    executed: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        executed.append(statement)

    async with start():
        await admin.slash("server block", {"member": MEMBER_TWO_ID})
        event.listen(Engine, "before_cursor_execute", note)
        try:
            assert REFUSAL in await refused(other)
        finally:
            event.remove(Engine, "before_cursor_execute", note)
    assert [each for each in executed if "log_channel_id" not in each] == []


async def test_they_are_listed_and_let_in_again(start: Start, admin: Member, other: Member) -> None:
    async with start():
        assert "No members are blocked." in await said(admin, "server block")
        await admin.slash("server log", {"channel": ART_ID})
        assert f"Blocked: <@{MEMBER_TWO_ID}>" in await said(admin, "server block", {"member": MEMBER_TWO_ID})
        await admin.wait_for(lambda each: f"blocked <@{MEMBER_TWO_ID}>" in each["content"])
        assert f"- <@{MEMBER_TWO_ID}> · {MEMBER_TWO_ID}" in await said(admin, "server block")
        suggested = await admin.autocomplete("server unblock", {"user_id": ""}, focused="user_id")
        assert [each["value"] for each in suggested] == [str(MEMBER_TWO_ID)]
        answer = await said(admin, "server unblock", {"user_id": suggested[0]["value"]})
        assert f"No longer blocked: <@{MEMBER_TWO_ID}>" in answer
        await admin.wait_for(lambda each: f"unblocked <@{MEMBER_TWO_ID}>" in each["content"])
        await other.imagine()
        assert "isn't blocked here" in await said(admin, "server unblock", {"member": MEMBER_TWO_ID})


async def test_somebody_who_has_left_is_blocked_by_id(
    start: Start, playground: Playground, admin: Member, other: Member
) -> None:
    async with start():
        playground.world.left.add(MEMBER_TWO_ID)
        assert f"Blocked: <@{MEMBER_TWO_ID}>" in await said(admin, "server block", {"user_id": f"<@{MEMBER_TWO_ID}>"})
        playground.world.left.discard(MEMBER_TWO_ID)
        assert REFUSAL in await refused(other)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"member": ADMIN_ID}, "You can't block yourself."),
        ({"user_id": "the fox"}, "“the fox” isn't the id of a member."),
        ({"user_id": "9" * 25}, "isn't the id of a member."),
        ({"member": MEMBER_ONE_ID, "user_id": "5"}, "Choose a member or type an id, not both."),
    ],
)
async def test_what_cannot_be_blocked(start: Start, admin: Member, options: dict[str, Any], sentence: str) -> None:
    async with start():
        assert sentence in await said(admin, "server block", options)
        assert "No members are blocked." in await said(admin, "server block")
        assert "No members are blocked." in await said(admin, "server unblock")


async def test_whoever_manages_the_server_cannot_be_blocked(
    start: Start, playground: Playground, admin: Member
) -> None:
    users = playground.world.users
    async with start():
        users[MEMBER_TWO_ID] = replace(users[MEMBER_TWO_ID], admin=True)
        assert "can't be blocked" in await said(admin, "server block", {"member": MEMBER_TWO_ID})


async def test_what_they_had_asked_for_is_counted(start: Start, pool: FakePool, admin: Member, other: Member) -> None:
    pool.hold()
    async with start():
        started = await other.start()
        answer = await said(admin, "server block", {"member": MEMBER_TWO_ID})
        assert "1 request is still drawn. /server clear cancels it." in answer
        pool.release()
        await other.see_finished(started)


async def test_a_reset_keeps_them_blocked(start: Start, admin: Member, other: Member) -> None:
    async with start():
        await admin.slash("server block", {"member": MEMBER_TWO_ID})
        assert "There are no rules to reset." in await said(admin, "server reset")
        assert REFUSAL in await refused(other)
