"""What is seen by whom, for how long, and what buttons do after a restart."""

from datetime import timedelta

from tests.simcord.conftest import Stage, words_of


async def test_a_private_picture_is_seen_by_its_owner_alone(stage: Stage) -> None:
    result = await stage.member.slash(stage.channel, "imagine", prompt="a secret", private=True)
    answer = await stage.drawn(result)
    assert answer.ephemeral
    assert stage.channel.history(viewer=stage.other) == []
    assert [message.id for message in stage.channel.history(viewer=stage.member)] == [answer.id]


async def test_past_the_life_of_its_token_the_channel_message_is_edited(stage: Stage) -> None:
    stage.ahead = timedelta(minutes=16)
    answer = await stage.drawn(await stage.member.slash(stage.channel, "imagine", prompt="a fox"))
    assert answer.attachments
    assert ("PATCH", f"/channels/{stage.channel.id}/messages/{answer.id}") in stage.requests()


async def test_past_the_life_of_its_token_a_private_picture_waits_in_the_history(stage: Stage) -> None:
    stage.ahead = timedelta(minutes=16)
    started = await stage.member.slash(stage.channel, "imagine", prompt="a secret", private=True)
    await stage.until(lambda: stage.bot.studio.line() == [])
    await stage.bot.delivery.settle()
    assert "Re-roll" not in words_of(started.response)
    assert stage.channel.history(viewer=stage.other) == []
    stage.ahead = timedelta()
    listed = await stage.member.slash(stage.channel, "history")
    assert "a secret" in words_of(listed.response)
    assert listed.ephemeral


async def test_old_buttons_work_after_a_restart(stage: Stage) -> None:
    old = await stage.drawn(await stage.member.slash(stage.channel, "imagine", prompt="a fox"))
    await stage.restart()
    again = await stage.drawn(await stage.other.click(old, label="Re-roll"))
    assert "Re-roll of" in words_of(again)
    assert stage.other.mention in words_of(again)


async def test_a_form_opened_before_a_restart_works_after_it(stage: Stage) -> None:
    old = await stage.drawn(await stage.member.slash(stage.channel, "imagine", prompt="a red apple"))
    opened = await stage.other.click(old, label="Remix")
    assert opened.modal is not None
    await stage.restart()
    values = {"prompt": "a green apple", "flags": "--steps 3", "sampler": ["DDIM"], "shape": ["same"]}
    remix = await stage.drawn(await stage.other.submit_modal(opened, values))
    assert "a green apple" in words_of(remix)
    assert "Remix of" in words_of(remix)
