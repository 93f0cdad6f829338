"""A custom id proves nothing: buttons of old messages, and ids that name what their person may not know of."""

import logging
from pathlib import Path

import pytest

from bot import app
from playground import Playground
from playground.state.world import ART_ID, MEMBER_ONE_ID, MEMBER_TWO_ID
from playground.validation.components import BUTTON, STRING_SELECT, walk
from tests.databases import save_empty
from tests.journeys.conftest import Clock, Member, Message, Start, filled, text_of

BEFORE = "from before my records"
GONE = "no longer exists"
NO_LONGER = "This button no longer works"


async def press(playground: Playground, person: Member, message: Message, custom_id: str, *values: str) -> str:
    """Press a button, or choose a value, with a custom id that a message gets for that; the answer."""
    stored = playground.messages.get(int(message["id"]))
    assert stored is not None
    kind = STRING_SELECT if values else BUTTON
    component = next(each for each in walk(stored.components) if each["type"] == kind)
    component["custom_id"] = custom_id
    if values:
        component["options"] = [{"label": each, "value": each} for each in values]
    outcome = await person.select(message, custom_id, list(values))
    if outcome.modal:
        return str(outcome.modal)
    assert outcome.message is not None, outcome
    return text_of(await person.see(outcome.message, filled))


async def test_buttons_of_an_old_message_never_reach_a_picture_of_a_new_database(
    start: Start, member: Member, other: Member, tmp_path: Path
) -> None:
    """A new folder numbers from 1 again."""
    async with start():
        old = await member.imagine("an old apple", count=2)
        details = (await member.click(old, "Details")).message
        assert details is not None
    new = tmp_path / "new"
    save_empty(new / "noisefox.db")
    async with start(data=new) as bot:
        secret = await other.imagine("a secret", count=2)
        await bot.delivery.settle()
        answers = [
            (await member.click(old, each)).message for each in ("Re-roll", "Details", "Remix", "U2", "V1", "⭐")
        ]
        answers += [
            (await other.click(old, "❌")).message,
            (await member.click(details, "noisefox:technical:1:0")).message,
        ]
        for name in ("Upscale", "Show settings"):
            answers.append((await member.menu(name, old)).message)
        told = [text_of(each or old) for each in answers[:8]]
        assert all(BEFORE in each for each in told), told
        assert not any("secret" in text_of(each or old) for each in answers)
        assert other.message(old["id"]) is not None
        assert other.message(secret["id"]) is not None
        assert (await bot.generations.of_user(MEMBER_ONE_ID)).total == 0
        again = await member.press(secret, "Re-roll")
        assert BEFORE not in text_of(again)


async def test_old_buttons_of_the_same_database_work_also_where_the_clock_of_the_host_is_fast(
    start: Start, member: Member, clock: Clock
) -> None:
    clock.bot_behind = -16 * 60
    async with start():
        first = await member.imagine("{a,b} pear")
        shown = await member.looks_up("show", number=1)
    async with start() as bot:
        for each in (first, shown):
            await member.press(each, "Re-roll")
        assert await bot.generations.unfinished() == []


async def test_a_press_about_what_its_person_cannot_show_is_refused(
    bot: app.Bot, playground: Playground, member: Member, other: Member
) -> None:
    playground.hide(ART_ID, MEMBER_TWO_ID)
    await member.imagine("a secret", channel="dm")
    await member.imagine("a secret", channel="art")
    private = await member.start("a secret", private=True)
    await member.see_finished(private)
    mine = await other.imagine("a boat")
    for number in (1, 2, 3):
        for kind in ("details", "technical", "remix", "redraw", "original", "reroll", "favourite", "gif", "explain"):
            told = await press(playground, other, mine, f"noisefox:{kind}:{number}:0")
            assert GONE in told
            assert "secret" not in told
        assert GONE in await press(playground, other, mine, f"noisefox-try:steps:{number}")
        assert "seed" in await press(playground, member, mine, f"noisefox:details:{number}:0")


async def test_details_of_a_picture_that_was_sent_are_there_for_whoever_can_see_where_it_was_drawn(
    bot: app.Bot, playground: Playground, member: Member, other: Member
) -> None:
    done = await member.imagine("a boat")
    await other.react(done, "✉️")
    sent = await other.wait_for(lambda each: "number 1" in text_of(each) and each["channel_id"] != done["channel_id"])
    assert "steps" in text_of((await other.click(sent, "Details")).message or sent)
    playground.hide(int(done["channel_id"]), MEMBER_TWO_ID)
    await other.wait_until(lambda: not other.sees(done["channel_id"]))
    refusal = (await other.click(sent, "Details")).message
    assert refusal is not None
    assert GONE in text_of(refusal)


@pytest.mark.parametrize(
    ("custom_id", "values"),
    [
        ("noisefox:more:1:0", ["cancel-x"]),
        ("noisefox:more:1:0", ["reroll:1:0\n"]),
        ("noisefox:pick:1:0", ["x"]),
        ("noisefox:pick:1:0", ["9" * 30]),
        ("noisefox:more:1:0", []),
        ("noisefox:pick:1:0", []),
        ("noisefox-show", ["x"]),
        ("noisefox-show", ["9" * 30]),
        ("noisefox-stop", ["x"]),
        ("noisefox-stop", []),
        ("noisefox-list:foo:0:", []),
        ("noisefox-what", []),
    ],
)
async def test_what_is_no_custom_id_of_ours_is_an_old_button(
    bot: app.Bot,
    playground: Playground,
    member: Member,
    custom_id: str,
    values: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    done = await member.imagine("a boat")
    assert NO_LONGER in await press(playground, member, done, custom_id, *values)
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]
