"""Learning how it works: lessons."""

from bot import app
from bot.lessons.examples import picture_of
from bot.lessons.topics import Topic
from tests.journeys.conftest import Member, Start, text_of, urls_of


async def test_a_lesson_is_there_at_once_and_turns_into_another_after_a_restart(start: Start, member: Member) -> None:
    async with start():
        lesson = await member.asks("what", parameter="clip skip")
        assert "no step is skipped" in text_of(lesson)
        assert await member.download(urls_of(lesson)[0]) == picture_of(Topic.CLIP_SKIP)
    async with start():
        await member.select(lesson, "noisefox-what", ["guidance"])
        other = await member.see(lesson, lambda each: "too much burns" in text_of(each))
        assert "no step is skipped" not in text_of(other)
        assert await member.download(urls_of(other)[0]) == picture_of(Topic.GUIDANCE)
        await member.select(lesson, "noisefox-what", ["model"])
        last = await member.see(lesson, lambda each: "/models lists them" in text_of(each))
        assert urls_of(last) == []


async def test_a_lesson_is_tried_on_ones_own_last_prompt(bot: app.Bot, member: Member, other: Member) -> None:
    await other.imagine("a castle", steps=1)
    lesson = await member.asks("what", parameter="clip skip")
    refusal = await member.click(lesson, "Compare on my last prompt")
    assert "There is no picture to try it on yet" in text_of(refusal.message or {})
    await member.imagine("a red apple", steps=1, seed=7, negative="leaf")
    compared = (await member.click(lesson, "Compare on my last prompt")).message
    assert compared is not None
    assert compared["ephemeral_for"] == member.id
    done = await member.see(compared, lambda each: "clip skip 3" in text_of(each))
    assert all(words in text_of(done) for words in ("a red apple", "seed 7", "1 step", "without: leaf"))


async def test_a_hint_is_tried_on_the_prompt_that_it_came_with(bot: app.Bot, member: Member, other: Member) -> None:
    hinted = await member.imagine("a castle", steps=1, guidance=20)
    compared = (await other.click(hinted, "Compare")).message
    assert compared is not None
    assert compared["ephemeral_for"] is None
    done = await other.see(compared, lambda each: "guidance 12" in text_of(each))
    assert "a castle" in text_of(done)


async def test_lessons_are_offered_by_name(bot: app.Bot, member: Member) -> None:
    [what] = [command for command in member.commands if command["name"] == "what"]
    assert [choice["value"] for choice in what["options"][0]["choices"]] == list(Topic)
