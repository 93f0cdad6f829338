"""How much a person may ask for: by the host's word over all places, by a server's in that server."""

import re
from dataclasses import replace
from typing import Any

import pytest

from bot.config import HOST_LIMITS
from playground.state.world import ART_ID
from tests.fake_pool import FakePool
from tests.journeys.conftest import Clock, Member, Message, Start, labels_of, text_of
from tests.journeys.test_given import given
from tests.journeys.test_result import more, select_of
from tests.journeys.test_rules import refused

TOGETHER = "counting all servers and direct messages"


@pytest.mark.parametrize("place", ["dm", "elsewhere", "art"])
async def test_the_hosts_budget_is_one_for_all_places(
    start: Start, member: Member, other: Member, clock: Clock, place: str
) -> None:
    async with start(limits=replace(HOST_LIMITS, daily_steps=10)):
        await member.imagine(steps=6)
        for where in (place, "general"):
            sentence = await refused(member, where, steps=5)
            assert f"This needs 5 steps. You have 4 of 10 left in 24 hours, {TOGETHER}." in sentence
            assert re.search(r"Ask for fewer steps or pictures, or wait (1 day|23 hr 59 min)\.", sentence)
        await member.imagine(steps=4, channel=place)
        assert "You have 0 of 10 left" in await refused(member, steps=1)
        await other.imagine(steps=10, channel=place.replace("dm", "general"))
        clock.ahead += 24 * 3600 + 1
        await member.imagine(steps=10, channel=place)


@pytest.mark.parametrize("place", ["dm", "elsewhere"])
async def test_the_hosts_cooldown_holds_everywhere(start: Start, member: Member, clock: Clock, place: str) -> None:
    async with start(limits=replace(HOST_LIMITS, cooldown=90)):
        await member.imagine()
        assert f"You can send one request every 1 min 30 sec, {TOGETHER}. Wait" in await refused(member, place)
        clock.ahead += 91
        await member.imagine(channel=place)
        assert TOGETHER in await refused(member)


async def test_a_server_counts_what_is_asked_for_in_it(
    start: Start, pool: FakePool, admin: Member, member: Member
) -> None:
    async with start(limits=replace(HOST_LIMITS, waiting=4, daily_steps=1000)):
        await admin.slash("server limits", {"daily_steps": 10, "waiting": 1})
        pool.hold()
        elsewhere = [await member.start(steps=30, channel="dm"), await member.start(steps=30, channel="elsewhere")]
        here = await member.start(steps=6)
        assert "You already have 1 request waiting, and 1 is the maximum here." in await refused(member)
        await member.start(channel="dm")
        assert "You already have 4 requests waiting, and 4 is the maximum here." in await refused(member, "dm")
        pool.release()
        for message in (here, *elsewhere):
            await member.see_finished(message)
        assert "You have 4 of 10 left here in 24 hours." in await refused(member, steps=5)


async def test_several_at_once_need_room_where_they_are_asked_for(start: Start, admin: Member, member: Member) -> None:
    async with start(limits=replace(HOST_LIMITS, waiting=3)):
        await admin.slash("server limits", {"waiting": 2})
        three = {"prompt": "a {red, blue, green} fox"}
        assert "This needs 3 places in the queue; you have 2 of 2 left." in await refused(member, **three)
        four = {"prompt": "a {red, blue, green, grey} fox"}
        assert "This needs 4 places in the queue; you have 3 of 3 left." in await refused(member, "dm", **four)


async def test_when_steps_come_back_is_said_in_words(start: Start, admin: Member, member: Member, clock: Clock) -> None:
    async with start():
        await admin.slash("server limits", {"daily_steps": 1500, "cooldown": 5400})
        for steps in (100, 50):
            await member.imagine(steps=steps, count=4)
            clock.ahead += 2 * 3600
        sentence = await refused(member, steps=150, count=4, sampler="Heun")
        assert "You have 900 of 1,500 left here in 24 hours. Ask for fewer steps or pictures" in sentence
        assert re.search(r"pictures, or wait (19 hr 59 min|20 hr)\.", sentence)
        member.locale = "es-ES"
        sentence = await refused(member, steps=150, count=4, sampler="Heun")
        assert "Esto necesita 1.200 pasos. Te quedan 900 de 1.500 aquí en 24 horas." in sentence
        await member.imagine()
        sentence = await refused(member)
        assert re.search(r"Aquí puedes enviar una petición cada 1 h 30 min\. Espera 1 h (29|30) min más\.", sentence)


async def test_what_no_waiting_helps_with_says_so(start: Start, admin: Member, member: Member) -> None:
    async with start():
        await admin.slash("server limits", {"daily_steps": 10})
        sentence = await refused(member, steps=11)
        assert sentence.strip().endswith("You have 10 of 10 left here in 24 hours. Ask for fewer steps or pictures.")


async def test_limits_are_logged_in_words(start: Start, admin: Member) -> None:
    async with start():
        await admin.slash("server log", {"channel": ART_ID})
        await admin.slash("server limits", {"cooldown": 300, "daily_steps": 12000, "steps": 1})
        line = await admin.wait_for(lambda each: "set limits" in each["content"])
        assert line["content"].endswith(
            "set limits: at most 1 step, at most 12,000 steps in 24 hours, one request every 5 min"
        )


async def left_of(member: Member, budget: int) -> int:
    """Steps that a member has left: a request for more than all of them says so."""
    sentence = await refused(member, steps=budget + 1)
    return int(sentence.partition("You have ")[2].partition(" of ")[0])


def cancelled(message: Message) -> bool:
    return "Cancelled" in text_of(message)


async def test_what_was_not_drawn_is_given_back(start: Start, pool: FakePool, admin: Member, member: Member) -> None:
    async with start():
        await admin.slash("server limits", {"daily_steps": 100})
        pool.hold()
        begun = await member.start(steps=20, count=4)
        waiting = await member.start(steps=20)
        await pool.until_at_work()
        assert await left_of(member, 100) == 0
        await member.click(await member.see(waiting, lambda each: "Cancel" in labels_of(each)), "Cancel")
        await member.see(waiting, cancelled)
        assert await left_of(member, 100) == 20
        pool.step(5, 20)
        await member.see(begun, lambda each: "step 5 of 20" in text_of(each))
        await member.click(begun, "Cancel")
        await member.see(begun, cancelled)
        assert await left_of(member, 100) == 80


async def test_of_a_comparison_the_pictures_that_are_there_are_kept_count(
    start: Start, pool: FakePool, admin: Member, member: Member
) -> None:
    async with start() as bot:
        await admin.slash("server limits", {"daily_steps": 100})
        pool.hold()
        options = {"prompt": "a fox", "steps": 4, "parameter": "guidance", "values": "1, 2, 3, 4, 5, 6"}
        started = (await member.slash("compare", options)).message
        assert started is not None
        await pool.until_at_work()
        pool.finish()
        await pool.until_at_work()
        pool.step(2, 4)
        await member.see(started, lambda each: "step 18 of 24" in text_of(each))
        await member.click(started, "Cancel")
        await member.see(started, cancelled)
        drawn = (await bot.generations.of_user(int(member.id))).generations[0]
        assert drawn.charged == 4 * 4 + 2 * 4 // 2


async def test_what_failed_costs_nothing(start: Start, pool: FakePool, admin: Member, member: Member) -> None:
    async with start():
        await admin.slash("server limits", {"daily_steps": 50, "cooldown": 60})
        pool.hold()
        started = await member.start(steps=50)
        await pool.until_at_work()
        pool.step(30, 50)
        pool.fail()
        await member.see(started, lambda each: "Something went wrong" in text_of(each))
        pool.release()
        await member.imagine(steps=50)


async def test_a_refinement_is_paid_for_as_it_was_said(
    start: Start, pool: FakePool, admin: Member, member: Member
) -> None:
    async with start():
        await admin.slash("server limits", {"daily_steps": 100})
        await member.imagine("a fox --hires 2 --hires-strength 0.5", steps=20)
        assert await left_of(member, 100) == 70


async def test_what_starts_from_a_picture_costs_the_steps_that_it_takes(
    start: Start, pool: FakePool, admin: Member, member: Member
) -> None:
    async with start():
        await admin.slash("server limits", {"daily_steps": 100})
        options: dict[str, Any] = {"steps": 100, "strength": 0.3, "image": given()}
        done = await member.imagine("a fox", **options)
        assert await left_of(member, 100) == 70
        await member.press(done, "Re-roll")
        assert await left_of(member, 100) == 40
        assert "This needs 90 steps" in await refused(member, **options, count=3)
        pool.hold()
        begun = await member.start("a fox", **options)
        await pool.until_at_work()
        pool.step(15, 30)
        await member.see(begun, lambda each: "step 15 of 30" in text_of(each))
        await member.click(begun, "Cancel")
        await member.see(begun, cancelled)
        assert await left_of(member, 100) == 25


async def test_a_comparison_of_strengths_costs_the_steps_that_it_takes(
    start: Start, pool: FakePool, admin: Member, member: Member
) -> None:
    async with start() as bot:
        await admin.slash("server limits", {"daily_steps": 30})
        pool.hold()
        options = {"parameter": "strength", "values": "0.1, 0.2, 0.3, 0.4, 0.5", "steps": 20, "image": given()}
        started = (await member.slash("compare", {"prompt": "a fox", **options})).message
        assert started is not None
        await pool.until_at_work()
        pool.finish()
        await pool.until_at_work()
        assert await left_of(member, 30) == 0
        pool.step(5, 10)
        await member.see(started, lambda each: "step 25 of 30" in text_of(each))
        await member.click(started, "Cancel")
        await member.see(started, cancelled)
        assert (await bot.generations.of_user(int(member.id))).generations[0].charged == 25


async def test_a_larger_view_costs_the_steps_that_it_takes(
    start: Start, pool: FakePool, admin: Member, member: Member
) -> None:
    async with start():
        done = await member.imagine(steps=40)
        await admin.slash("server limits", {"daily_steps": 100})
        await more(member, done, "zoom-far")
        assert await left_of(member, 100) == 60 - 38


async def test_many_that_start_from_a_picture_are_asked_about_with_the_steps_that_they_take(
    start: Start, pool: FakePool, member: Member
) -> None:
    async with start():
        question = await member.asks("imagine", prompt="{a, b, c, d, e} fox", steps=10, strength=0.3, image=given())
        await member.see(question, lambda each: "5 pictures, 15 steps in total" in text_of(each))


async def test_a_creative_upscale_costs_the_steps_of_all_its_tiles(
    start: Start, pool: FakePool, admin: Member, member: Member
) -> None:
    async with start():
        done = await member.imagine(steps=20)
        await admin.slash("server limits", {"daily_steps": 70})
        refusal = await member.select(done, select_of(done), ["upscale-creative"])
        assert refusal.message is not None
        assert "This needs 54 steps. You have 50 of 70 left here in 24 hours." in text_of(refusal.message)
        await admin.slash("server limits", {"daily_steps": 100})
        pool.hold()
        larger = (await member.select(done, select_of(done), ["upscale-creative"])).message
        assert larger is not None
        await pool.until_at_work()
        assert await left_of(member, 100) == 100 - 20 - 54
        pool.step(4 + 18, 4 + 54)
        await member.see(larger, lambda each: "part 22 of 58" in text_of(each))
        await member.click(larger, "Cancel")
        await member.see(larger, cancelled)
        assert await left_of(member, 100) == 100 - 20 - 18


async def test_a_creative_upscale_that_is_cancelled_while_it_is_enlarged_costs_nothing(
    start: Start, pool: FakePool, admin: Member, member: Member
) -> None:
    async with start():
        done = await member.imagine(steps=20)
        await admin.slash("server limits", {"daily_steps": 100})
        pool.hold()
        larger = (await member.select(done, select_of(done), ["upscale-creative"])).message
        assert larger is not None
        await pool.until_at_work()
        pool.step(3, 4 + 54)
        await member.see(larger, lambda each: "part 3 of 58" in text_of(each))
        await member.click(larger, "Cancel")
        await member.see(larger, cancelled)
        assert await left_of(member, 100) == 80
