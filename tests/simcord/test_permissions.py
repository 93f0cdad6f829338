"""Who may do what, and what is said to whoever may not."""

import discord

from tests.simcord.conftest import Stage, words_of


async def test_what_the_bot_may_not_is_named_before_anything_is_drawn(stage: Stage) -> None:
    result = await stage.member.slash(stage.bare_channel, "imagine", prompt="a fox")
    assert result.ephemeral
    assert "Attach Files" in words_of(result.response)
    assert stage.bot.studio.line() == []


async def test_only_who_manages_the_server_sees_its_rules(stage: Stage) -> None:
    assert any(name.startswith("server") for name in stage.admin.available_commands(stage.channel))
    assert not any(name.startswith("server") for name in stage.member.available_commands(stage.channel))


async def test_delete_is_for_the_owner_and_for_moderators(stage: Stage) -> None:
    done = await stage.drawn(await stage.member.slash(stage.channel, "imagine", prompt="a fox"))
    refused = await stage.other.click(done, label="Delete")
    assert refused.ephemeral
    assert "Only the person who asked" in words_of(refused.response)
    assert [message.id for message in stage.channel.history(viewer=stage.moderator)] == [done.id]
    await stage.moderator.click(done, label="Delete")
    await stage.until(lambda: stage.channel.history(viewer=stage.moderator) == [])


async def test_nobody_is_pinged_by_a_prompt(stage: Stage) -> None:
    result = await stage.member.slash(stage.channel, "imagine", prompt=f"@everyone and {stage.other.mention}")
    message: discord.Message = (await stage.drawn(result)).message
    assert stage.other.id not in [user.id for user in message.mentions]
    assert not message.mention_everyone
