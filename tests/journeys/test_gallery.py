"""The gallery channel: what enough people star is posted there, once."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from bot import app
from playground import Playground
from playground.client.person import Refused
from playground.state.world import ART_ID, GENERAL_ID, GUILD_ID, MEMBER_TWO_ID, NSFW_ART_ID
from storage.records import NsfwPolicy
from tests.journeys.conftest import CHECKED_OFFLINE, Clock, Member, Message, Start, labels_of, text_of, until, urls_of
from tests.journeys.test_rules import said

POSTS = f"/channels/{ART_ID}/messages"


async def open_gallery(admin: Member, stars: int = 1, channel: int = ART_ID) -> str:
    return await said(admin, "server gallery", {"channel": channel, "stars": stars})


def shown(admin: Member, channel: str = "art") -> list[Message]:
    """What the gallery shows."""
    return [each for each in admin.messages(channel) if "Go to the original" in labels_of(each)]


async def see_shown(admin: Member, number: int = 1, channel: str = "art") -> list[Message]:
    await admin.wait_until(lambda: len(shown(admin, channel)) == number)
    return shown(admin, channel)


async def star(message: Message, *people: Member) -> None:
    for person in people:
        await person.react(message, "⭐")


async def test_what_enough_others_star_is_posted_once_with_its_settings_and_a_link(
    start: Start, admin: Member, member: Member, other: Member
) -> None:
    async with start():
        assert "Gallery: <#" in await open_gallery(admin, stars=2)
        few = await member.imagine("a dog")
        await star(few, member, other)
        done = await member.imagine("a red apple", seed=7, count=2)
        await asyncio.gather(*(star(done, each) for each in (admin, other, member)))
        [post] = await see_shown(admin)
        assert f"https://discord.com/channels/{GUILD_ID}/{GENERAL_ID}/{done['id']}" in text_of(post)
        assert "a red apple" in text_of(post)
        assert "seeds 7" in text_of(post)
        assert len(urls_of(post)) == 2
        assert labels_of(post) == ["Details", "Go to the original", "Favourite", "Delete", "Report"]
        details = await other.click(post, "Details")
        assert details.message is not None
        assert "a red apple" in text_of(details.message)
        await star(post, admin, other)
        await other.unreact(done, "⭐")
    async with start():
        await star(done, other)
        await star(few, admin)
        last = await see_shown(admin, 2)
        assert "a dog" in text_of(last[1])
        assert last[0]["id"] == post["id"], "neither its stars nor those that come and go change it"


async def test_a_connection_that_breaks_posts_neither_twice_nor_never(
    start: Start,
    playground: Playground,
    admin: Member,
    member: Member,
    other: Member,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "bot.interactions.gallery")
    async with start() as bot:
        await open_gallery(admin)
        done = await member.imagine("a red apple")
        playground.cut_next("POST", POSTS, after=True)
        await star(done, other)
        await see_shown(admin)
        clock.ahead += 3600
        await bot.reconciler.look()
        lost = await member.imagine("a blue bird")
        playground.cut_next("POST", POSTS)
        await star(lost, other)
        await until(lambda: "request 2 is posted in the gallery later" in caplog.text)
    async with start():
        first, second = await see_shown(admin, 2)
        assert "a red apple" in text_of(first)
        assert "a blue bird" in text_of(second)
        await member.click(first, "❌")
        await admin.wait_until(lambda: admin.message(first["id"]) is None)
        await admin.wait_until(lambda: admin.message(done["id"]) is None)


async def test_the_copy_goes_with_its_picture(
    bot: app.Bot, playground: Playground, admin: Member, member: Member, other: Member
) -> None:
    await open_gallery(admin)

    async def forget(_: Message) -> None:
        await member.click(await member.asks("me forget"), "Delete everything")

    ways: list[Callable[[Message], object]] = [
        lambda done: member.click(done, "❌"),
        lambda done: member.react(done, "❌"),
        lambda done: admin.delete(done),
        forget,
    ]
    for way in ways:
        done = await member.imagine()
        await star(done, other)
        [post] = await see_shown(admin)
        await way(done)  # type: ignore[misc]
        await admin.wait_until(lambda post=post: admin.message(post["id"]) is None)  # type: ignore[misc]
    assert not shown(admin)


async def test_what_is_deleted_while_it_is_posted_does_not_stay(
    start: Start, playground: Playground, admin: Member, member: Member, other: Member
) -> None:
    async with start() as bot:
        await open_gallery(admin)
        done = await member.imagine()
        playground.cut_next("POST", POSTS, after=True)
        await star(done, other)
        [post] = await see_shown(admin)
        await member.click(await member.asks("me forget"), "Delete everything")
        await member.wait_until(lambda: member.message(done["id"]) is None)
        await bot.reconciler.look()
        await admin.wait_until(lambda: admin.message(post["id"]) is None)


async def test_whoever_forbids_it_and_what_may_not_be_seen_there_stays_out(
    start: Start, playground: Playground, admin: Member, member: Member, other: Member
) -> None:
    async with start(models=(CHECKED_OFFLINE,)):
        await open_gallery(admin)
        await admin.slash("server nsfw", {"policy": "spoiler"})
        await star(await member.imagine("from the age-restricted channel", channel="nsfw-art"), other)
        await star(await member.imagine("in the gallery already", channel="art"), other)
        assert "Delete removes them" in await said(other, "settings gallery", {"on": False})
        assert "in galleries: no" in await said(other, "settings show", {})
        await star(await other.imagine("by somebody who forbids it"), member)
        await star(await member.imagine("bare"), other)
        [covered] = await see_shown(admin)
        assert "bare" in text_of(covered)
        assert all("SPOILER_" in url for url in urls_of(covered)), "a flagged picture stays behind its spoiler"
        await star(await member.imagine("quiet --spoiler"), other)
        _, hidden = await see_shown(admin, 2)
        assert all("SPOILER_" in url for url in urls_of(hidden))
        await admin.slash("server nsfw", {"policy": NsfwPolicy.BLOCK.value})
        await star(await member.imagine("bare"), other)
        await star(await member.imagine("an open one"), other)
        *_, last = await see_shown(admin, 3)
        assert "an open one" in text_of(last)
        word, person = await member.imagine("a penguin"), await member.imagine("Jane Doe")
        await other.slash("settings gallery", {"on": True})
        theirs, free = await other.imagine("by a blocked member"), await member.imagine("another open one")
        await admin.slash("server words", {"add": "penguin"})
        await admin.slash("server people", {"add": "Jane Doe"})
        await admin.slash("server block", {"member": MEMBER_TWO_ID})
        for each in (word, person, theirs, free):
            await star(each, admin)
        *_, last = await see_shown(admin, 4)
        assert "another open one" in text_of(last), "what is blocked meanwhile stays out"


async def test_the_admin_is_told_what_is_missing_and_nobody_else_of_a_post_that_fails(
    start: Start, playground: Playground, admin: Member, member: Member, other: Member
) -> None:
    async with start():
        assert "This server has no gallery yet" in await said(admin, "server gallery", {"stars": 2})
        playground.set_bot_permissions(ART_ID, 0)
        assert "Give me these permissions there: View Channel, Send Messages" in await open_gallery(admin)
        assert "The gallery is off." in await said(admin, "server gallery", {})
        assert "without the NSFW filter" in await open_gallery(admin, channel=NSFW_ART_ID)
        done = await member.imagine()
        playground.set_bot_permissions(NSFW_ART_ID, 0)
        await star(done, other)
        favourites = await other.asks_until(lambda each: "a red apple" in text_of(each), "favourites")
        assert favourites["ephemeral_for"] == other.id
        with pytest.raises(Refused, match="no channel dm"):
            other.messages("dm")
        await open_gallery(admin)
    playground.set_bot_permissions(ART_ID, (1 << 53) - 1)
    async with start():
        assert "Gallery: <#" in await open_gallery(admin)
        await star(done, admin)
        await see_shown(admin)
        assert "Gallery: <#" in await said(admin, "server show", {})
        assert "The gallery is off." in await said(admin, "server gallery", {"remove": True})
        await star(await member.imagine("too late"), other)
        await open_gallery(admin)
        playground.delete_channel(ART_ID)
        await admin.asks_until(lambda each: "The gallery is off." in text_of(each), "server gallery")
