"""The report button shows a picture to the moderators, in the log channel of its server."""

import asyncio

from bot import app
from playground import Playground
from playground.state.world import ART_ID, GENERAL_ID, GUILD_ID, MEMBER_ONE_ID, MEMBER_TWO_ID, NSFW_ART_ID
from tests.journeys.conftest import Member, Message, Start, filled, labels_of, words_of
from tests.journeys.test_rules import said


async def report(person: Member, message: Message) -> str:
    """What somebody is told who reports a picture."""
    outcome = await person.click(message, "Report")
    assert outcome.message is not None
    assert outcome.message["ephemeral_for"] == person.id
    return words_of(await person.see(outcome.message, filled))


def reports_in(admin: Member, channel: str = "nsfw-art") -> list[Message]:
    return [each for each in admin.messages(channel) if "reported a picture" in each["content"]]


async def test_a_report_shows_the_picture_and_links_to_its_message(
    start: Start, admin: Member, member: Member, other: Member
) -> None:
    async with start():
        await admin.slash("server log", {"channel": NSFW_ART_ID})
        done = await member.imagine(count=2)
    async with start():
        assert "Reported to the moderators of this server." in await report(other, done)
        [posted] = reports_in(admin)
        link = f"https://discord.com/channels/{GUILD_ID}/{GENERAL_ID}/{done['id']}"
        people = f"<@{MEMBER_TWO_ID}> reported a picture by <@{MEMBER_ONE_ID}> in <#{GENERAL_ID}>"
        assert f"{people}: {link}" in posted["content"]
        assert [each["filename"].startswith("SPOILER_noisefox-") for each in posted["attachments"]] == [True, True]
        assert await admin.download(posted["attachments"][0]["url"])


async def test_once_for_each_person_and_picture_also_after_a_restart(
    start: Start, admin: Member, member: Member, other: Member
) -> None:
    async with start():
        await admin.slash("server log", {"channel": NSFW_ART_ID})
        done = await member.imagine()
        answers = await asyncio.gather(*(report(other, done) for _ in range(3)))
        assert sorted(each.split()[0] for each in answers) == ["Reported", "You", "You"]
    async with start():
        assert "You have already reported this picture." in await report(other, done)
        assert "Reported" in await report(admin, done)
        assert "Reported" in await report(other, await member.imagine())
        assert len(reports_in(admin)) == 3


async def test_where_it_cannot_be_posted_it_can_be_made_again(
    bot: app.Bot, playground: Playground, admin: Member, member: Member
) -> None:
    done = await member.imagine()
    assert "This server has no log channel for reports." in await report(member, done)
    await admin.slash("server log", {"channel": ART_ID})
    playground.set_bot_permissions(ART_ID, 0)
    assert "I can't post in this server's log channel." in await report(member, done)
    await admin.slash("server log", {"channel": NSFW_ART_ID})
    assert "Reported" in await report(member, done)


async def test_what_nobody_else_sees_has_no_such_button(bot: app.Bot, member: Member) -> None:
    assert "Report" in labels_of(await member.imagine())
    assert "Report" not in labels_of(await member.imagine(private=True))
    assert "Report" not in labels_of(await member.imagine(channel="dm"))


async def test_whoever_forgets_all_takes_reports_along(start: Start, admin: Member, member: Member) -> None:
    async with start():
        await admin.slash("server log", {"channel": NSFW_ART_ID})
        done = await member.imagine()
        await report(member, done)
        await report(admin, done)
        question = await member.asks("me forget")
        await member.click(question, "Delete everything")
        await member.see(question, lambda each: "Deleted 1 request" in words_of(each))
        assert "Log channel" in await said(admin, "server show")
