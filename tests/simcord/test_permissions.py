"""Permissions: who may use what, and how everybody else is refused."""

import discord

from bot.config import BansConfig
from tests.simcord.conftest import Stage, words_of


async def test_what_the_bot_may_not_is_named_before_anything_is_drawn(stage: Stage) -> None:
    result = await stage.member.slash(stage.bare_channel, "imagine", prompt="a fox")
    assert result.ephemeral
    assert "Attach Files" in words_of(result.response)
    assert stage.bot.dispatcher.line() == []


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


async def test_whoever_was_shown_the_rules_and_may_not_manage_the_server_is_refused(stage: Stage) -> None:
    [command] = [each for each in await stage.bot.client.tree.fetch_commands() if each.name == "server"]
    stage.guild.set_command_permissions(command, {stage.member: True})
    for path in ("server show", "server pause", "server reset"):
        refused = await stage.member.slash(stage.channel, path)
        assert refused.ephemeral
        assert "You need the Manage Server permission" in words_of(refused.response)
    assert "Noisefox" in words_of((await stage.admin.slash(stage.channel, "server show")).response)
    assert "Drawing is paused" not in words_of((await stage.admin.slash(stage.channel, "server show")).response)


async def test_a_moderator_alone_does_not_manage_the_server(stage: Stage) -> None:
    assert not any(name.startswith("server") for name in stage.moderator.available_commands(stage.channel))


async def test_a_channel_in_which_the_bot_may_not_speak_is_named(stage: Stage) -> None:
    refused = await stage.admin.slash(stage.mute_channel, "imagine", prompt="a fox")
    assert "Send Messages" in words_of(refused.response)
    assert stage.bot.dispatcher.line() == []


async def test_whom_the_host_bans_is_refused(stage: Stage) -> None:
    old = await stage.drawn(await stage.member.slash(stage.channel, "imagine", prompt="a fox"))
    opened = await stage.member.click(old, label="Remix")
    await stage.restart(bans=BansConfig(members=(stage.member.id,)))
    values = {"prompt": "a hen", "flags": "", "sampler": ["DDIM"], "shape": ["same"]}
    for refused in (
        await stage.member.slash(stage.channel, "imagine", prompt="a fox"),
        await stage.member.slash(stage.channel, "history"),
        await stage.member.click(old, label="Re-roll"),
        await stage.member.context_menu(stage.channel, "Re-roll", old.message),
        await stage.member.submit_modal(opened, values),
    ):
        assert refused.ephemeral
        assert "has blocked you or this server" in words_of(refused.response)
    await stage.drawn(await stage.other.click(old, label="Re-roll"))
