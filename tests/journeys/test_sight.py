"""Requests of other people are shown only where one may see them."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot import app
from bot.config import SafetyConfig
from generation.catalogue import POCKET
from playground import Playground
from playground.state.world import ART_ID, MEMBER_ONE_ID, MEMBER_TWO_ID
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Message, Start, filled, finished, text_of, urls_of, words_of
from tests.journeys.test_checks import WILD, covered

FORGOTTEN = "There's no picture with that number"
UNCHECKED = "This picture wasn't checked"


@pytest.fixture
async def bot(start: Start, pool: FakePool) -> AsyncIterator[app.Bot]:
    async with start(models=(POCKET, WILD), safety=SafetyConfig("a checker")) as bot:
        yield bot


async def shown(person: Member, number: int, channel: str = "general") -> Message:
    answer = (await person.slash("show", {"number": number}, channel)).message
    assert answer is not None
    return answer if answer["content"] else await person.see(answer, finished)


async def queue(person: Member, channel: str = "general") -> str:
    answer = (await person.slash("queue", {}, channel)).message
    assert answer is not None
    return words_of(answer)


async def test_the_queue_names_what_one_can_look_into_and_the_place_in_line_of_the_rest(
    bot: app.Bot, pool: FakePool, playground: Playground, member: Member, other: Member, admin: Member
) -> None:
    playground.hide(ART_ID, MEMBER_TWO_ID)
    pool.hold()
    await member.start("a plan", channel="art")
    await member.start("a draft", channel="sketches")
    await other.start("a boat")
    await pool.until_at_work(3)
    theirs = await queue(other)
    assert theirs.count("🖌️ drawing · a picture in another channel") == 2
    assert "a boat" in theirs
    assert "a plan" not in theirs
    assert f"<@{member.id}>" not in theirs
    for person in (member, admin):
        assert "a plan" in await queue(person)
        assert "a draft" in await queue(person)
    assert "a plan" in await queue(member, "dm")
    pool.release()


async def test_a_private_thread_is_open_to_those_in_it(
    bot: app.Bot, pool: FakePool, playground: Playground, member: Member, other: Member, admin: Member
) -> None:
    thread = str(playground.open_thread("whispers", ART_ID, MEMBER_ONE_ID))
    await member.wait_until(lambda: member.sees(thread))
    done = await member.imagine("a whisper", channel=thread)
    assert urls_of(done)
    pool.hold()
    await member.start("a rumour", channel=thread)
    await pool.until_at_work()
    assert "a picture in another channel" in await queue(other)
    assert FORGOTTEN in text_of(await shown(other, 1))
    assert FORGOTTEN in text_of(await shown(other, 1, "art"))
    assert "a rumour" in await queue(admin)
    assert finished(await shown(admin, 1))
    pool.release()
    thread = str(playground.open_thread("secrets", ART_ID, MEMBER_ONE_ID, MEMBER_TWO_ID))
    await member.wait_until(lambda: member.sees(thread))
    await member.imagine("a secret", channel=thread)
    assert finished(await shown(other, 3))


async def test_pictures_of_a_channel_one_does_not_see_are_not_shown(
    bot: app.Bot, playground: Playground, member: Member, other: Member
) -> None:
    await member.imagine("a plan", channel="art")
    await member.imagine("a draft", channel="sketches")
    assert finished(await shown(other, 1))
    playground.hide(ART_ID, MEMBER_TWO_ID)
    for number in (1, 2):
        assert FORGOTTEN in text_of(await shown(other, number))
        assert finished(await shown(member, number))


async def test_where_the_bot_is_no_member_those_who_are_there_see_it(
    bot: app.Bot, member: Member, other: Member
) -> None:
    await member.imagine("a boat", channel="elsewhere")
    assert finished(await shown(other, 1, "elsewhere"))
    assert FORGOTTEN in text_of(await shown(other, 1))


async def test_what_nobody_checked_is_shown_as_the_place_wants_it(
    bot: app.Bot, admin: Member, member: Member, other: Member
) -> None:
    two = await member.imagine("a bare tree", channel="nsfw-art", model="wild", count=2)
    await other.click(two, "⭐")
    plain = await member.imagine("a boat", channel="nsfw-art", count=2)
    assert covered(await shown(other, 1)) == [False, False]
    await admin.slash("server nsfw", {"policy": "spoiler"})
    hidden = await shown(other, 1)
    assert covered(hidden) == [True, True]
    pick = await other.select(hidden, "noisefox:pick:1:0", ["1"])
    assert pick.message is not None
    assert covered(await other.see(pick.message, filled)) == [True]
    await admin.slash("server nsfw", {"policy": "block"})
    assert UNCHECKED in text_of(await shown(other, 1))
    refused = (await other.select(hidden, "noisefox:pick:1:0", ["1"])).message
    assert refused is not None
    assert UNCHECKED in text_of(await other.see(refused, filled))
    assert UNCHECKED in text_of(await shown(member, 1))
    assert covered(await shown(other, 1, "nsfw-art")) == [False, False]
    assert covered(await shown(other, 2)) == [False, False]
    assert urls_of(plain)
    listed = await member.looks_up("history")
    assert ["1.jpg" in text_of(listed), "2.jpg" in text_of(listed)] == [False, True]


async def test_what_is_withheld_where_it_was_drawn_stays_so_where_it_is_shown(
    bot: app.Bot, admin: Member, member: Member
) -> None:
    await admin.slash("server nsfw", {"policy": "block"})
    started = await member.start("a bare tree", model="wild")
    await member.see(started, lambda each: "age-restricted channel" in text_of(each))
    await admin.slash("server nsfw", {"policy": "off"})
    assert urls_of(await shown(member, 1)) == []
    open_one = await shown(member, 1, "nsfw-art")
    assert covered(open_one) == [False]
    details = (await member.click(open_one, "Details")).message
    assert details is not None
    file = (await member.click(details, "Original file")).message
    assert file is not None
    assert "The original file." in text_of(await member.see(file, filled))


@pytest.mark.parametrize("button", ["Details", "Re-roll", "Remix", "Favourite"])
async def test_a_button_never_reaches_another_persons_private_request(
    bot: app.Bot, member: Member, tmp_path: Path, button: str
) -> None:
    """As after a lost database, whose numbers begin anew: an old message names somebody's new private request."""
    public = await member.imagine("a boat")
    await bot.delivery.settle()
    with closing(sqlite3.connect(tmp_path / "data" / "noisefox.db")) as database:
        database.execute("UPDATE generations SET private = 1, user_id = ?, prompt = 'a secret'", (MEMBER_TWO_ID,))
        database.commit()
    answer = (await member.click(public, button)).message
    assert answer is not None
    assert "no longer exists" in answer["content"]
    assert not any("a secret" in text_of(each) for each in member.messages())
    shown = (await member.menu("Show settings", public)).message
    assert "a secret" not in text_of(shown or {"content": "", "components": []})
