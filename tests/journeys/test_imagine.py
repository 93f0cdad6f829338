import asyncio
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from bot import app
from bot.cogs.imagine import Imagine
from generation import infotext
from generation.settings import Limits, Sampler
from playground.client.person import File, Refused
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Message, Start, finished, labels_of, text_of, urls_of

BOMB = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\x7f\xff\xff\xff" * 2 + b"\x08\2\0\0\0"
"""The head of a picture of two thousand million pixels a side."""

OPTIONS_OF_CONTROLS = ("control", "control_image", "second_control", "second_control_image")


@pytest.mark.real_worker
async def test_a_prompt_becomes_a_picture_step_by_step(bot: app.Bot, member: Member) -> None:
    seen: list[str] = []
    started = await member.start("a cute fox", steps=60, seed=7)

    def watched(message: Message) -> bool:
        seen.append(text_of(message))
        return finished(message)

    done = await member.see(started, watched)
    assert any("of 60" in text and "preview.jpg" in text and "Cancel" in text for text in seen)
    assert labels_of(done) == [
        "Details",
        "Re-roll",
        "Vary",
        "Upscale ×2",
        "Remix",
        "Edit",
        "Vary region",
        "Favourite",
        "Delete",
        "Report",
    ]
    assert "a cute fox" in text_of(done)
    assert "seed 7" in text_of(done)
    settings = infotext.from_infotext((await member.image(done)).info["parameters"])
    assert (settings.prompt, settings.seed, settings.steps) == ("a cute fox", 7, 60)


@pytest.mark.real_worker
async def test_every_option_arrives(bot: app.Bot, member: Member) -> None:
    done = await member.imagine(
        "a boat --size 160x96",
        negative="clouds",
        steps=5,
        guidance=3.5,
        seed=2**32 - 1,
        sampler="Euler a",
        clip_skip=2,
        count=2,
        model="pocket",
    )
    first, second = [await member.image(done, index) for index in range(2)]
    assert first.size == (160, 96)
    settings = infotext.from_infotext(second.info["parameters"])
    assert settings.seed == 0
    assert (settings.negative_prompt, settings.guidance_scale, settings.clip_skip) == ("clouds", 3.5, 2)
    assert settings.sampler is Sampler.EULER_ANCESTRAL
    assert labels_of(done) == ["Details", "U1", "U2", "V1", "V2", "Re-roll", "Remix", "Favourite", "Delete", "Report"]
    assert "seeds 4294967295, 0" in text_of(done)


async def test_flags_in_the_prompt_are_options_too(bot: app.Bot, member: Member) -> None:
    done = await member.imagine("a red apple --ar 3:2 —seed 7 --no leaf --steps 99")
    settings = infotext.from_infotext((await member.image(done)).info["parameters"])
    assert (settings.prompt, settings.seed, settings.negative_prompt) == ("a red apple", 7, "leaf")
    assert (settings.width, settings.height, settings.steps) == (160, 104, 4)


@pytest.mark.real_worker
async def test_the_same_seed_is_the_same_picture(bot: app.Bot, member: Member, other: Member) -> None:
    mine = await member.imagine(seed=7)
    theirs = await other.imagine(seed=7)
    assert await member.download(urls_of(mine)[0]) == await other.download(urls_of(theirs)[0])


async def test_two_people_at_once(bot: app.Bot, member: Member, other: Member) -> None:
    mine, theirs = await asyncio.gather(member.imagine("a cat", seed=1), other.imagine("a castle", seed=2))
    assert mine["id"] != theirs["id"]
    assert "a cat" in text_of(mine)
    assert "a castle" in text_of(theirs)


async def test_a_private_picture_is_seen_by_its_owner_alone(bot: app.Bot, member: Member, other: Member) -> None:
    done = await member.imagine(private=True)
    assert done["ephemeral_for"]
    assert other.message(done["id"]) is None
    assert finished(await member.press(done, "Re-roll"))


async def test_in_a_direct_message(bot: app.Bot, member: Member) -> None:
    assert finished(await member.imagine(channel="dm"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"prompt": "a fox --size 100x128"}, "Width must be a multiple of 8, not 100"),
        ({"prompt": "a fox", "model": "gone"}, "There's no model called “gone” here. Available: pocket."),
        ({"prompt": "a fox --speed 9"}, "There's no flag `--speed`"),
        ({"prompt": "a fox --steps many"}, "`--steps` needs a value such as `--steps 30`"),
        ({"prompt": "a fox --cfg 99"}, "Guidance scale must be between 1 and 30, not 99"),
        ({"prompt": "--seed 7"}, "The prompt is empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_bad_option_gets_a_clear_private_answer(
    bot: app.Bot, member: Member, options: dict[str, Any], sentence: str
) -> None:
    outcome = await member.slash("imagine", options)
    assert outcome.acknowledged == 4
    assert outcome.message is not None
    assert sentence in outcome.message["content"]
    assert outcome.message["ephemeral_for"]


@pytest.mark.parametrize("prompt", ["a fox --" + "x" * 3000, "a fox --sampler " + "x" * 3000])
async def test_a_refusal_is_never_too_long_to_be_said(bot: app.Bot, member: Member, prompt: str) -> None:
    outcome = await member.slash("imagine", {"prompt": prompt})
    assert outcome.message is not None
    assert len(outcome.message["content"]) < 400


async def test_many_requests_at_one_moment_do_not_pass_the_limit(start: Start, pool: FakePool, member: Member) -> None:
    pool.hold()
    async with start(limits=Limits(steps=150, side=512, count=4, waiting=1)):
        outcomes = await asyncio.gather(*(member.slash("imagine", {"prompt": "a fox"}) for _ in range(6)))
        assert [outcome.failed for outcome in outcomes] == [False] * 6

        def refused() -> list[Message]:
            return [each for each in member.messages() if "You already have 1 request waiting" in each["content"]]

        await member.wait_until(lambda: len(refused()) == 5)
        pool.release()
        await member.wait_for(finished)
        assert len(refused()) == 5
        assert all(each["ephemeral_for"] for each in refused())
        assert len([each for each in member.messages() if finished(each)]) == 1


async def test_what_the_client_itself_refuses_never_reaches_the_bot(bot: app.Bot, member: Member) -> None:
    with pytest.raises(Refused, match="steps"):
        await member.slash("imagine", {"prompt": "a fox", "steps": 1000})
    with pytest.raises(Refused, match="prompt"):
        await member.slash("imagine", {})


async def test_a_prompt_pings_nobody_and_is_shown_as_typed(bot: app.Bot, member: Member) -> None:
    done = await member.imagine("@everyone <@1180000000000000002> **fox** " + "long " * 300)
    assert done["mentions"] == []
    assert not done["mention_everyone"]
    assert "long…" in text_of(done)


def test_imagine_has_what_is_used_every_day_first_and_few_enough_options_to_be_read() -> None:
    names = [each.name for each in Imagine.imagine.parameters]
    assert len(names[: names.index("look")]) <= 15
    assert {*names[names.index("look") :]} == {"look", "style_image", *OPTIONS_OF_CONTROLS}, (
        "pictures and looks to draw by"
    )


async def test_models_are_suggested(bot: app.Bot, member: Member) -> None:
    choices = await member.autocomplete("imagine", {"prompt": "a fox", "model": "po"}, focused="model")
    assert [choice["value"] for choice in choices] == ["pocket"]


@pytest.mark.real_worker
async def test_cancel_while_drawing(bot: app.Bot, member: Member) -> None:
    started = await member.start(steps=150)
    drawing = await member.see(started, lambda message: "of 150" in text_of(message))
    await member.click(drawing, "Cancel")
    await member.see(started, lambda message: "Cancelled." in text_of(message))
    assert finished(await member.imagine(seed=3))


async def test_cancel_while_queued_touches_no_other_job(
    bot: app.Bot, pool: FakePool, member: Member, other: Member
) -> None:
    pool.room = 2
    pool.hold()
    first = await other.start("a castle", count=2)
    waiting = await member.start("a cat", count=2)
    queued = await member.see(waiting, lambda message: "Next in the queue" in text_of(message))
    await member.click(queued, "Cancel")
    cancelled = await member.see(waiting, lambda message: "Cancelled." in text_of(message))
    assert urls_of(cancelled) == []
    pool.release()
    done = await other.see_finished(first)
    assert len(urls_of(done)) == 2


async def test_a_picture_is_something_to_start_from(bot: app.Bot, member: Member) -> None:
    file = BytesIO()
    Image.effect_noise((300, 150), 80).convert("RGB").save(file, "PNG")
    given = File("mine.png", file.getvalue(), "image/png")
    done = await member.imagine("a {red, blue} boat", image=given, strength=0.5)
    settings = infotext.from_infotext((await member.image(done)).info["parameters"])
    assert settings.denoising_strength == 0.5
    assert (settings.width, settings.height) == (184, 88)
    await member.wait_until(lambda: len([each for each in member.messages() if finished(each)]) == 2)
    again = await member.press(done, "Re-roll")
    assert (await member.image(again)).size == (184, 88)


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (File("notes.txt", b"hello", "text/plain"), "That file isn't a picture"),
        (File("notes.png", b"not a picture", "image/png"), "I can't read that picture"),
        (File("bomb.png", BOMB, "image/png"), "I can't read that picture"),
        (File("large.png", bytes(9 * 2**20), "image/png"), "larger than 8 MiB"),
    ],
    ids=lambda value: value.name if isinstance(value, File) else "",
)
async def test_what_is_no_picture_to_start_from_is_refused(
    bot: app.Bot, member: Member, file: File, sentence: str
) -> None:
    await member.slash("imagine", {"prompt": "a boat", "image": file})
    refusal = await member.wait_for(lambda message: sentence in message["content"])
    assert refusal["ephemeral_for"] == member.id
    assert [message for message in member.messages() if not message["ephemeral_for"]] == []


async def test_a_late_cancel_does_not_hit_the_next_job(bot: app.Bot, pool: FakePool, member: Member) -> None:
    await member.imagine("a cat")
    [ended] = (await bot.generations.of_user(int(member.id))).generations
    pool.hold()
    following = await member.start("a castle")
    await member.see_drawing(pool, following)
    await bot.dispatcher.cancel(ended)
    pool.release()
    assert "a castle" in text_of(await member.see_finished(following))


async def test_what_waits_keeps_what_it_was_queued_with(
    bot: app.Bot, pool: FakePool, member: Member, other: Member, admin: Member
) -> None:
    pool.room = 2
    pool.hold()
    first = await other.start("a castle", count=2)
    outcome = await member.slash("imagine", {"prompt": "a cat", "count": 2, "guidance": 3})
    assert outcome.message is not None
    await member.see(outcome.message, lambda message: "Next in the queue" in text_of(message))
    await admin.slash("server defaults", {"steps": 2, "guidance": 9})
    pool.release()
    done = await member.see_finished(outcome.message)
    settings = infotext.from_infotext((await member.image(done)).info["parameters"])
    assert (settings.steps, settings.guidance_scale) == (25, 3)
    await other.see_finished(first)


async def test_a_stranger_cannot_cancel_and_a_moderator_can(
    bot: app.Bot, pool: FakePool, member: Member, other: Member, admin: Member
) -> None:
    pool.hold()
    started = await member.start()
    drawing = await member.see_drawing(pool, started)
    refusal = await other.click(drawing, "Cancel")
    assert refusal.message is not None
    assert "Only the person who asked" in refusal.message["content"]
    await admin.click(drawing, "Cancel")
    await member.see(started, lambda message: "Cancelled." in text_of(message))


async def test_the_queue_is_bounded_for_each_person(
    start: Start, pool: FakePool, member: Member, other: Member
) -> None:
    pool.hold()
    async with start(limits=Limits(steps=150, side=512, count=4, waiting=2)):
        mine = [await member.start(count=2), await member.start()]
        refused = await member.slash("imagine", {"prompt": "one more"})
        assert refused.message is not None
        assert "You already have 2 requests waiting" in refused.message["content"]
        theirs = await other.start()
        for message in mine:
            await member.click(await member.see(message, lambda each: "Cancel" in labels_of(each)), "Cancel")
        pool.release()
        assert finished(await other.see_finished(theirs))
        for message in mine:
            await member.see(message, lambda each: "Cancelled." in text_of(each))
