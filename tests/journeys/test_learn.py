"""Learning how it works: lessons."""

from bot import app
from bot.lessons.examples import picture_of
from bot.lessons.topics import Topic
from tests.journeys.conftest import Member, Message, Start, labels_of, text_of, urls_of


async def test_a_lesson_is_there_at_once_and_turns_into_another_after_a_restart(start: Start, member: Member) -> None:
    async with start():
        lesson = await member.asks("what", parameter="clip skip")
        assert "only changes how the prompt is encoded" in text_of(lesson)
        assert await member.download(urls_of(lesson)[0]) == picture_of(Topic.CLIP_SKIP)
    async with start():
        await member.select(lesson, "noisefox-what", ["guidance"])
        other = await member.see(lesson, lambda each: "Too much gives harsh colours" in text_of(each))
        assert "only changes how the prompt is encoded" not in text_of(other)
        assert await member.download(urls_of(other)[0]) == picture_of(Topic.GUIDANCE)
        await member.select(lesson, "noisefox-what", ["model"])
        last = await member.see(lesson, lambda each: "/models lists the models" in text_of(each))
        assert urls_of(last) == []


async def test_a_lesson_is_tried_on_ones_own_last_prompt(bot: app.Bot, member: Member, other: Member) -> None:
    await other.imagine("a castle", steps=1)
    lesson = await member.asks("what", parameter="clip skip")
    refusal = await member.click(lesson, "Compare on my last prompt")
    assert "You have no picture to try this with yet" in text_of(refusal.message or {})
    await member.imagine("a red apple", steps=1, seed=7, negative="leaf")
    compared = (await member.click(lesson, "Compare on my last prompt")).message
    assert compared is not None
    assert compared["ephemeral_for"] == member.id
    done = await member.see(compared, lambda each: "clip skip 3" in text_of(each))
    assert all(words in text_of(done) for words in ("a red apple", "seed 7", "1 step", "negative prompt: leaf"))


async def test_a_hint_is_tried_on_the_prompt_that_it_came_with(bot: app.Bot, member: Member, other: Member) -> None:
    hinted = await member.imagine("a castle", steps=1, guidance=20)
    compared = (await other.click(hinted, "Compare")).message
    assert compared is not None
    assert compared["ephemeral_for"] is None
    done = await other.see(compared, lambda each: "guidance 5" in text_of(each))
    assert "a castle" in text_of(done)


async def test_lessons_are_offered_by_name(bot: app.Bot, member: Member) -> None:
    [what] = [command for command in member.commands if command["name"] == "what"]
    assert [choice["value"] for choice in what["options"][0]["choices"]] == list(Topic)


async def test_it_is_taught_in_spanish(bot: app.Bot, member: Member) -> None:
    async def shown(command: str, files: int, **options: object) -> Message:
        outcome = await member.slash(command, {"prompt": "a red apple --size 64x64 --steps 2 --seed 7", **options})
        assert outcome.message is not None, outcome
        return await member.see(
            outcome.message, lambda each: len(urls_of(each)) == files and "noisefox-" in text_of(each)
        )

    in_english = await shown("explain", files=3)
    member.locale = "es-ES"
    assert "Regla práctica" in text_of(await member.asks("what", parameter="guidance"))
    explained = await shown("explain", files=3)
    assert "Cómo se dibuja «a red apple», del ruido a la imagen" in text_of(explained)
    assert "Dibujar la imagen" in labels_of(explained)
    halves = [[await member.download(url) for url in urls_of(each)[:2]] for each in (in_english, explained)]
    assert all(english != spanish for english, spanish in zip(*halves, strict=True)), "captions are drawn in Spanish"
    compared = await shown("compare", files=1, parameter="steps", values="1,2")
    assert "«a red apple» comparado por pasos: 1, 2" in text_of(compared)
    assert "pasos 2" in text_of(compared)
    seed = await shown("seed", files=1, number=7, size="64x64")
    assert "**Semilla 7**" in text_of(seed)
    assert "El ruido de la semilla 7 en varios tamaños" in text_of(seed)
