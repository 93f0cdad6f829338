"""Hints: one quiet line a day, where a setting is far from what the model likes."""

from bot import app
from tests.journeys.conftest import Clock, Member, Start, text_of

HINT = "colours burn"
DAY = 24 * 3600


async def test_a_hint_a_day_stays_with_its_picture_over_a_restart(
    start: Start, member: Member, other: Member, clock: Clock
) -> None:
    async with start():
        first = await member.imagine(guidance=20)
        assert text_of(first).count("-# 💡") == 1
        assert HINT in text_of(first)
        assert HINT not in text_of(await member.imagine(guidance=20))
        assert HINT in text_of(await other.imagine(guidance=20))
    async with start():
        clock.ahead += DAY - 60
        assert HINT not in text_of(await member.imagine(guidance=20))
        shown = await member.asks("show", number=1)
        assert HINT in text_of(await member.see_finished(shown))
        clock.ahead += 60
        assert HINT not in text_of(await member.imagine(guidance=8))
        assert HINT not in text_of(await member.press(first, "Re-roll"))
        assert HINT in text_of(await member.imagine(guidance=20))


async def test_a_person_or_a_server_can_do_without(bot: app.Bot, member: Member, other: Member, admin: Member) -> None:
    assert "no hints" in (await member.asks("settings hints", on=False))["content"]
    assert HINT not in text_of(await member.imagine(guidance=20))
    await member.asks("settings hints", on=True)
    assert "No hints" in text_of(await admin.asks("server hints", on=False))
    assert HINT not in text_of(await member.imagine(guidance=20))
    assert HINT in text_of(await member.imagine(channel="dm", guidance=20))
    assert "No hints" not in text_of(await admin.asks("server hints", on=True))
    assert HINT in text_of(await other.imagine(guidance=20))
