"""Views: who sees them, for how long, and what their buttons do after a restart."""

from datetime import timedelta

import pytest

from tests.simcord.conftest import Stage, words_of


async def test_a_private_picture_is_seen_by_its_owner_alone(stage: Stage) -> None:
    result = await stage.member.slash(stage.channel, "imagine", prompt="a secret", private=True)
    answer = await stage.drawn(result)
    assert answer.ephemeral
    assert stage.channel.history(viewer=stage.other) == []
    assert [message.id for message in stage.channel.history(viewer=stage.member)] == [answer.id]


async def test_past_the_life_of_its_token_the_channel_message_is_edited(stage: Stage) -> None:
    stage.env.inject_error("PATCH", "/webhooks/*/messages/[0-9]*", status=401, code=50027, times=None)
    answer = await stage.drawn(await stage.member.slash(stage.channel, "imagine", prompt="a fox"))
    assert answer.attachments
    assert ("PATCH", f"/channels/{stage.channel.id}/messages/{answer.id}") in stage.requests()


async def test_past_the_life_of_its_token_a_private_picture_waits_in_the_history(stage: Stage) -> None:
    stage.env.inject_error("PATCH", "/webhooks/*/messages/[0-9]*", status=401, code=50027, times=None)
    started = await stage.member.slash(stage.channel, "imagine", prompt="a secret", private=True)
    await stage.until(lambda: stage.bot.dispatcher.line() == [])
    await stage.bot.delivery.settle()
    assert "Re-roll" not in words_of(started.response)
    assert stage.channel.history(viewer=stage.other) == []
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


@pytest.mark.parametrize(
    "command",
    ["history", "favourites", "queue", "models", "help", "settings show", "styles list", "me forget", "server show"],
)
async def test_what_a_command_tells_is_seen_by_whoever_asked_alone(stage: Stage, command: str) -> None:
    requester = stage.admin if command.startswith("server") else stage.member
    answer = await requester.slash(stage.channel, command)
    assert answer.ephemeral
    assert answer.response is not None
    assert stage.channel.history(viewer=stage.other) == []
    assert [message.id for message in stage.channel.history(viewer=requester)] == [answer.response.id]


async def test_details_and_refusals_are_seen_by_whoever_pressed_alone(stage: Stage) -> None:
    done = await stage.drawn(await stage.member.slash(stage.channel, "imagine", prompt="a fox"))
    for label in ("Details", "Favourite", "Delete"):
        answer = await stage.other.click(done, label=label)
        assert answer.ephemeral
    assert [message.id for message in stage.channel.history(viewer=stage.member)] == [done.id]
    assert len(stage.channel.history(viewer=stage.other)) == 4


async def test_buttons_do_not_expire(stage: Stage) -> None:
    old = await stage.drawn(await stage.member.slash(stage.channel, "imagine", prompt="a fox"))
    await stage.env.advance_time(timedelta(days=30).total_seconds())
    again = await stage.drawn(await stage.other.click(old, label="Re-roll"))
    assert "Re-roll of" in words_of(again)


async def test_a_form_that_was_open_for_longer_than_its_token_lives_is_taken(stage: Stage) -> None:
    old = await stage.drawn(await stage.member.slash(stage.channel, "imagine", prompt="a red apple"))
    opened = await stage.member.click(old, label="Remix")
    await stage.env.advance_time(timedelta(minutes=20).total_seconds())
    values = {"prompt": "a green apple", "flags": "--steps 3", "sampler": ["DDIM"], "shape": ["same"]}
    assert "a green apple" in words_of(await stage.drawn(await stage.member.submit_modal(opened, values)))


async def test_a_list_is_turned_and_chosen_from_after_its_token_has_died(stage: Stage) -> None:
    for number in range(6):
        await stage.drawn(await stage.member.slash(stage.channel, "imagine", prompt=f"fox {number}"))
    listed = await stage.member.slash(stage.channel, "history")
    assert listed.response is not None
    assert "fox 0" not in words_of(listed.response)
    await stage.env.advance_time(timedelta(hours=1).total_seconds())
    turned = await stage.member.click(listed.response, custom_id="noisefox-list:history:1:")
    assert "fox 0" in words_of(turned.response or listed.response)


async def test_a_question_waits_for_its_answer_over_a_restart(stage: Stage) -> None:
    asked = await stage.member.slash(stage.channel, "imagine", prompt="a {red, blue, green, grey, pink} fox")
    assert asked.ephemeral
    assert asked.response is not None
    await stage.env.advance_time(timedelta(hours=1).total_seconds())
    await stage.restart()
    await stage.member.click(asked.response, label="Draw all 5")
    await stage.until(
        lambda: sum("Re-roll" in words_of(each) for each in stage.channel.history(viewer=stage.other)) == 5
    )
