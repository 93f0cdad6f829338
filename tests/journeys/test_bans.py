"""Banned members and servers: every command, button and form refuses them."""

import logging
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from bot.config import BansConfig
from playground.client.person import File, Outcome, Refused
from playground.state.world import ADMIN_ID, ART_ID, ARTISTS_ROLE_ID, GUILD_ID, MEMBER_TWO_ID, OTHER_GUILD_ID
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Message, Start, text_of, until_nothing_is_due, urls_of, words_of
from tests.journeys.test_rules import refused

REFUSAL = "The host of this bot has blocked you or this server."


def is_refused(outcome: Outcome) -> bool:
    message = outcome.message
    return message is not None and bool(message["ephemeral_for"]) and words_of(message).strip() == REFUSAL


def uses_of(command: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every command under one, with the options that it needs."""
    path = f"{path} {command['name']}".strip()
    options = command.get("options", [])
    nested = [option for option in options if option["type"] in (1, 2)]
    for option in nested:
        yield from uses_of(option, path)
    if not nested:
        yield path, {option["name"]: value_of(option) for option in options if option.get("required")}


def value_of(option: dict[str, Any]) -> Any:
    """Any value that an option takes."""
    if option.get("choices"):
        return option["choices"][0]["value"]
    picture = BytesIO()
    Image.new("RGB", (64, 64)).save(picture, "PNG")
    values = {3: "1, 2", 4: 1, 5: True, 6: MEMBER_TWO_ID, 7: ART_ID, 8: ARTISTS_ROLE_ID, 10: 1.0}
    return values.get(option["type"], File("a.png", picture.getvalue(), "image/png"))


def custom_ids_of(message: Message) -> list[tuple[str, list[str]]]:
    """All that can be pressed or chosen on a message: custom_ids, with the values of selects."""
    text = text_of(message)
    assert "noisefox" in text
    found: list[tuple[str, list[str]]] = []

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            if part.get("custom_id"):
                found.append((part["custom_id"], [each["value"] for each in part.get("options", [])]))
            for each in part.values():
                walk(each)
        elif isinstance(part, list):
            for each in part:
                walk(each)

    walk(message["components"])
    return found


async def test_every_command_and_menu_refuses_the_banned(start: Start, admin: Member, other: Member) -> None:
    async with start():
        picture = await other.imagine()
    async with start(bans=BansConfig(members=(ADMIN_ID,))):
        slash = [use for command in admin.commands if command["type"] == 1 for use in uses_of(command)]
        assert len(slash) > 30
        for path, options in slash:
            assert is_refused(await admin.slash(path, options)), path
        context_menus = [command["name"] for command in admin.commands if command["type"] == 3]
        assert len(context_menus) == 5
        for name in context_menus:
            assert is_refused(await admin.menu(name, picture)), name
        assert await admin.autocomplete("imagine", {"model": "po"}, "model") == []
        assert is_refused(await admin.slash("imagine", {"prompt": "a fox"}, "dm"))


async def test_buttons_selects_and_forms_of_earlier_refuse_them_too(
    start: Start, member: Member, other: Member
) -> None:
    async with start():
        done = await other.imagine(count=2)
        lists = [
            await other.looks_up("history"),
            await other.asks("what", parameter="steps"),
            await other.asks("me forget"),
        ]
        lists.append((await other.slash("imagine", {"prompt": "a {1, 2, 3, 4, 5} fox"})).message or {})
        opened = await other.click(done, "Remix")
    async with start(bans=BansConfig(members=(MEMBER_TWO_ID,))) as bot:
        pressed = [(message, *each) for message in (done, *lists) for each in custom_ids_of(message)]
        assert {re.split("[:]", custom_id)[0] for _, custom_id, _ in pressed} >= {"noisefox", "noisefox-show"}
        for message, custom_id, values in pressed:
            press = other.select(message, custom_id, values[:1]) if values else other.click(message, custom_id)
            outcome = await press
            assert is_refused(outcome), custom_id
        assert is_refused(await other.submit(opened.modal, {"prompt": "a hen"}))
        assert (await bot.generations.of_user(MEMBER_TWO_ID)).total == 1
        await member.press(done, "Re-roll")


async def test_their_reactions_mean_nothing(start: Start, member: Member, other: Member) -> None:
    async with start(bans=BansConfig(members=(MEMBER_TWO_ID,))) as bot:
        done = await member.imagine()
        for emoji in "🔁🔎⭐❌✉️".replace("️", ""):
            await other.react(done, emoji)
        await member.react(done, "🔁")
        await member.wait_for(lambda each: each.get("message_reference", {}).get("message_id") == done["id"])
        assert (await bot.generations.of_user(MEMBER_TWO_ID)).total == 0
        assert (await bot.generations.favourites_of(MEMBER_TWO_ID)).total == 0
        assert member.message(done["id"]) is not None
        with pytest.raises(Refused, match="no channel dm"):
            other.messages("dm")


async def test_a_banned_server_is_served_no_more(start: Start, admin: Member, member: Member) -> None:
    async with start():
        done = await member.imagine()
    async with start(bans=BansConfig(servers=(GUILD_ID,))) as bot:
        for channel in ("general", "sketches"):
            assert REFUSAL in await refused(member, channel)
        assert is_refused(await admin.slash("server show"))
        assert is_refused(await member.click(done, "Re-roll"))
        await member.react(done, "🔁")
        for place in ("dm", "elsewhere"):
            await member.imagine(channel=place)
        assert (await bot.generations.of_user(int(member.id))).total == 3
    async with start(bans=BansConfig(servers=(OTHER_GUILD_ID,))):
        assert REFUSAL in await refused(member, "elsewhere")
        await member.imagine()


async def test_it_is_said_in_their_language(start: Start, other: Member) -> None:
    other.locale = "es-ES"
    async with start(bans=BansConfig(members=(MEMBER_TWO_ID,))):
        assert "Quien administra este bot te ha bloqueado a ti o a este servidor." in await refused(other)


async def test_what_a_banned_member_asked_for_before_is_not_drawn(
    start: Start, pool: FakePool, member: Member, other: Member, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    pool.hold()
    async with start():
        theirs, others = await member.start("a boat"), await other.start("a pear")
        await pool.until_at_work(2)
    pool.release()
    async with start(bans=BansConfig(members=(int(member.id),))) as bot:
        await other.see_finished(others)
        ended = await member.see(theirs, lambda each: "blocked you" in text_of(each))
        assert urls_of(ended) == []
        await until_nothing_is_due(bot)
    assert "request 1 is not drawn" in caplog.text
