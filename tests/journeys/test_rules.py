"""Rules of a server: defaults, locks, bounds, allowed models, channels and roles.

Member one has the role of an artist; member two has not.
"""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from bot import app
from generation.catalogue import POCKET, POCKET_DIRECTORY, ModelSpec
from playground.client.person import File
from playground.state.world import ART_ID, ARTISTS_ROLE_ID, GENERAL_ID, MEMBER_ONE_ID, NSFW_ART_ID
from storage.rulebook import READERS
from tests.fake_pool import FakePool
from tests.journeys.conftest import Clock, Member, Start, finished, text_of, words_of

VALUES = {
    "width": "64",
    "height": "96",
    "negative_prompt": "red",
    "steps": "3",
    "guidance_scale": "3.5",
    "sampler": "Euler",
    "schedule": "Karras",
    "clip_skip": "2",
    "count": "2",
    "variation_strength": "0.3",
    "guidance_rescale": "0.5",
    "guidance_start": "0.1",
    "guidance_end": "0.9",
    "denoising_strength": "0.6",
    "hires_factor": "2.0",
    "hires_strength": "0.4",
    "control_scale": "0.8",
    "image_prompt_scale": "0.7",
}
"""A value of each setting, as an admin types it, that is not the usual one."""

WILD = ModelSpec(name="wild", source=str(POCKET_DIRECTORY), width=128, height=128)
"""A model of which nobody says that it is harmless."""


async def said(member: Member, path: str, options: dict[str, Any] | None = None, channel: str = "general") -> str:
    """The private answer to a command."""
    outcome = await member.slash(path, options or {}, channel)
    assert outcome.message is not None
    assert outcome.message["ephemeral_for"], outcome.message
    return words_of(outcome.message)


async def refused(member: Member, channel: str = "general", **options: Any) -> str:
    return await said(member, "imagine", {"prompt": "a fox", "steps": 2, **options}, channel)


async def reset_everything(admin: Member) -> None:
    """Reset all rules, and agree to it."""
    question = (await admin.slash("server reset")).message
    assert question is not None
    await admin.click(question, "Reset everything")


async def test_a_channel_outweighs_a_role_and_a_role_the_server(bot: app.Bot, admin: Member, member: Member) -> None:
    for scope, steps in (({}, "3"), ({"role": ARTISTS_ROLE_ID}, "4"), ({"channel": ART_ID}, "5")):
        await admin.slash("server rule", {"setting": "steps", "default": steps, **scope})
    here = await said(admin, "server show", {"member": MEMBER_ONE_ID})
    assert f"steps **4** · from <@&{ARTISTS_ROLE_ID}>" in here
    assert "guidance scale **5** · from the model" in here
    there = await said(admin, "server show", {"member": MEMBER_ONE_ID, "channel": ART_ID})
    assert f"steps **5** · from <#{ART_ID}>" in there
    assert "steps **3** · from this server" in await said(admin, "server show")
    started = await member.slash("imagine", {"prompt": "a fox"}, "art")
    assert started.message is not None
    assert "5 steps" in text_of(await member.see_finished(started.message))
    await admin.slash("server reset", {"channel": ART_ID})
    assert f"steps **4** · from <@&{ARTISTS_ROLE_ID}>" in await said(
        admin, "server show", {"member": MEMBER_ONE_ID, "channel": ART_ID}
    )


async def test_locks_and_bounds(bot: app.Bot, admin: Member, member: Member) -> None:
    await admin.slash("server rule", {"setting": "sampler", "default": "DDIM", "locked": True})
    await admin.slash("server rule", {"setting": "guidance_scale", "least": 3, "most": 6})
    await admin.slash("server rule", {"setting": "steps", "least": 2, "most": 4})
    await member.slash("settings defaults", {"sampler": "Euler", "guidance": 20})
    assert "Sampler is locked to DDIM here." in await refused(member, sampler="Euler")
    assert "Guidance scale must be at least 3 here, not 2." in await refused(member, guidance=2)
    assert "Guidance scale must be at most 6 here, not 7." in await refused(member, guidance=7)
    assert "Steps must be at least 2 here, not 1." in await refused(member, steps=1)
    assert "At most 4 steps are allowed here, not 5." in await refused(member, steps=5)
    shown = text_of(await member.imagine())
    assert "DDIM" in shown
    assert "guidance 6" in shown


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"setting": "steps", "default": "many"}, "“many” isn't a valid value for steps."),
        ({"setting": "steps", "default": "900"}, "Steps must be between 1 and 150"),
        ({"setting": "sampler", "most": 3}, "Sampler has no minimum or maximum. Set a default and lock it."),
        ({"setting": "steps", "least": 9, "most": 3}, "The minimum is higher than the maximum."),
        ({"setting": "side", "most": 5000}, "Side must be between 64 and 2048, not 5000."),
        ({"setting": "steps", "most": 0}, "Steps must be between 1 and 150, not 0."),
        ({"setting": "width", "least": 500}, "Width must be a multiple of 8, not 500."),
        ({"setting": "steps", "least": 2.5}, "Steps must be a whole number, not 2.5."),
        ({"setting": "daily_steps", "most": 99.5}, "Daily steps must be a whole number, not 99.5."),
        ({"setting": "waiting", "least": 3}, "Waiting is a limit. Set only a maximum."),
        ({"setting": "cooldown", "default": "3"}, "Cooldown is a limit and has no default"),
        ({"setting": "steps", "most": 3, "channel": ART_ID, "role": ARTISTS_ROLE_ID}, "Make two rules."),
        ({"setting": "steps", "most": 3, "model": "nothing"}, "There's no model called"),
    ],
)
async def test_rules_that_make_no_sense(bot: app.Bot, admin: Member, options: dict[str, Any], sentence: str) -> None:
    assert sentence in await said(admin, "server rule", options)


async def test_allowed_models_channels_and_roles(start: Start, admin: Member, member: Member, other: Member) -> None:
    async with start(models=(POCKET, WILD)):
        await admin.slash("server allow", {"channel": ART_ID})
        await admin.slash("server allow", {"role": ARTISTS_ROLE_ID})
        await admin.slash("server allow", {"model": "wild"})
        assert f"You can't draw in this channel. Use one of: <#{ART_ID}>" in await refused(member)
        assert f"You need one of these roles to draw on this server: <@&{ARTISTS_ROLE_ID}>" in await refused(
            other, "art"
        )
        wrong = await refused(member, "art", model="pocket")
        assert "The model pocket isn't allowed on this server. Choose one of: wild." in wrong
        assert "wild" in text_of(await member.imagine(channel="art"))
        await admin.slash("server allow", {"channel": ART_ID, "allowed": False})
        await admin.slash("server allow", {"role": ARTISTS_ROLE_ID, "allowed": False})
        await admin.slash("server allow", {"model": "wild", "allowed": False})
        await other.imagine()


async def test_every_setting_has_a_default_and_a_lock(start: Start, admin: Member, member: Member) -> None:
    assert VALUES.keys() == READERS.keys() - {"model"}
    async with start() as bot:
        for setting, value in VALUES.items():
            await admin.slash("server rule", {"setting": setting, "default": value, "locked": True})
            await member.imagine("a fox", steps=None)
            drawn = (await bot.generations.of_user(int(member.id))).generations[0]
            assert str(getattr(drawn.settings, setting)) == value
            assert "🔒 locked" in await said(admin, "server show")
            await reset_everything(admin)


async def test_the_model_of_a_server_and_of_a_channel(start: Start, admin: Member, member: Member) -> None:
    async with start(models=(POCKET, WILD)):
        assert "There's no model called" in await said(admin, "server rule", {"setting": "model", "default": "gone"})
        await admin.slash("server rule", {"setting": "model", "default": "wild", "channel": ART_ID, "locked": True})
        assert "· pocket" in words_of(await member.imagine())
        assert "· wild" in words_of(await member.imagine(channel="art"))
        assert "Model is locked to wild here" in await refused(member, "art", model="pocket")


async def test_a_locked_model_is_the_usual_one_where_no_default_may_be_used(
    start: Start, admin: Member, member: Member
) -> None:
    async with start(models=(POCKET, WILD)):
        await admin.slash("server rule", {"setting": "model", "locked": True})
        assert "model **pocket** · from the host · 🔒 locked" in await said(admin, "server show")
        assert "Model is locked to pocket here." in await refused(member, model="wild")
        assert "· pocket" in words_of(await member.imagine(model="pocket"))
        await admin.slash("server rule", {"setting": "model", "default": "pocket"})
        await admin.slash("server allow", {"model": "wild"})
        assert "model **wild** · from this server · 🔒 locked" in await said(admin, "server show")
        assert "· wild" in words_of(await member.imagine())
        assert "· wild" in words_of(await member.imagine(model="wild"))


async def test_a_model_of_ones_own_draws_where_it_may(start: Start, admin: Member, member: Member) -> None:
    async with start(models=(POCKET, WILD)):
        assert "default model: wild" in await said(member, "settings model", {"name": "wild"})
        assert "There's no model called" in await said(member, "settings model", {"name": "gone"})
        await admin.slash("server rule", {"setting": "model", "default": "pocket", "channel": ART_ID})
        assert "· wild" in words_of(await member.imagine())
        assert "· wild" in words_of(await member.imagine(channel="art"))
        assert "· pocket" in words_of(await member.imagine(model="pocket"))
        assert "· pocket" in words_of(await admin.imagine())
        await admin.slash("server rule", {"setting": "model", "default": "pocket", "channel": ART_ID, "locked": True})
        assert "· pocket" in words_of(await member.imagine(channel="art"))
        await admin.slash("server nsfw", {"policy": "block"})
        assert "· pocket" in words_of(await member.imagine())
        await admin.slash("server nsfw", {"policy": "off"})
        await admin.slash("server allow", {"model": "pocket"})
        assert "· pocket" in words_of(await member.imagine())
        await admin.slash("server allow", {"model": "pocket", "allowed": False})
        assert "· wild" in words_of(await member.imagine())
        assert "wild" not in await said(member, "settings model", {"remove": True})
        assert "· pocket" in words_of(await member.imagine())


async def test_a_model_that_the_host_takes_away_leaves_a_way_out(start: Start, admin: Member, member: Member) -> None:
    async with start(models=(POCKET, WILD)):
        await admin.slash("server rule", {"setting": "model", "default": "wild", "locked": True})
        await admin.slash("server allow", {"model": "wild"})
    async with start():
        sentence = "The models of this server no longer exist. A server manager can allow others."
        assert sentence in await refused(member)
        assert "There's no model called" in await said(admin, "server allow", {"model": "wild"})
        await admin.slash("server allow", {"model": "wild", "allowed": False})
        assert "· pocket" in words_of(await member.imagine())


async def test_a_locked_count_leaves_the_buttons_of_one_picture_alone(
    bot: app.Bot, admin: Member, member: Member
) -> None:
    await admin.slash("server rule", {"setting": "count", "default": "2", "least": 2, "locked": True})
    two = await member.imagine()
    assert "Count is locked to 2 here" in await refused(member, count=3)
    assert finished(await member.press(two, "U1"))
    assert finished(await member.press(two, "V2"))


async def test_bounds_hold_for_what_nobody_named_too(start: Start, admin: Member, member: Member) -> None:
    async with start():
        await admin.slash("server rule", {"setting": "denoising_strength", "most": 0.5})
        await admin.slash("server rule", {"setting": "schedule", "default": "Karras"})
        await member.imagine()
        await member.imagine(sampler="DDIM")
        assert "Denoising strength must be at most 0.5 here, not 0.8." in await refused(member, strength=0.8)


async def test_a_cooldown_and_a_daily_budget_in_steps(
    bot: app.Bot, admin: Member, member: Member, other: Member, clock: Clock
) -> None:
    await admin.slash("server limits", {"cooldown": 60, "daily_steps": 10})
    await member.imagine(steps=3, count=2)
    assert "You can send one request every 1 min here. Wait" in await refused(member)
    await other.imagine(steps=2)
    clock.ahead += 61
    assert "This needs 6 steps. You have 4 of 10 left here in 24 hours." in await refused(member, steps=6)
    done = await member.imagine(steps=4)
    clock.ahead += 61
    await member.press(done, "Upscale ×2")
    clock.ahead += 24 * 3600
    await member.imagine(steps=10)


async def test_several_at_once_are_one_request_to_a_cooldown_and_all_of_them_to_a_budget(
    bot: app.Bot, admin: Member, member: Member
) -> None:
    await admin.slash("server limits", {"cooldown": 60, "daily_steps": 10})
    await member.slash("imagine", {"prompt": "a {red, blue} fox", "steps": 6})
    answer = await member.wait_for(lambda each: "This needs 12 steps. You have 10 of 10 left here" in each["content"])
    assert answer["ephemeral_for"] == member.id
    assert [each for each in member.messages() if not each["ephemeral_for"]] == []
    await member.start("a {red, blue} fox", steps=5)
    for colour in ("red", "blue"):
        await member.wait_for(lambda each, colour=colour: finished(each) and f"a {colour} fox" in text_of(each))  # type: ignore[misc]
    assert "You can send one request every 1 min here" in await refused(member)


async def test_blocked_words(bot: app.Bot, admin: Member, member: Member) -> None:
    await admin.slash("server words", {"blocked": "ass, two words"})
    assert "“ass” is blocked on this server." in await refused(member, prompt="an Ass")
    await member.imagine("grass")
    done = await member.imagine("two foxes")
    await admin.slash("server words", {"blocked": "foxes"})
    outcome = await member.click(done, "Re-roll")
    assert outcome.message is not None
    assert "“foxes” is blocked" in outcome.message["content"]
    question = await admin.asks("server words", blocked="-")
    await admin.click(question, "Unblock all")
    await member.press(done, "Re-roll")


async def test_pause_resume_and_clearing_the_queue(bot: app.Bot, pool: FakePool, admin: Member, member: Member) -> None:
    pool.room = 2
    pool.hold()
    slow = [await member.start() for _ in range(3)]
    await admin.slash("server pause")
    assert "Drawing is paused on this server." in await refused(member)
    assert f"Cancelling 3 requests of <@{MEMBER_ONE_ID}>." in await said(
        admin, "server clear", {"member": MEMBER_ONE_ID}
    )
    for message in slow:
        await member.see(message, lambda each: "Cancelled." in text_of(each))
    pool.release()
    await admin.slash("server resume")
    await member.imagine()


async def test_unchecked_models_stay_in_age_restricted_channels(start: Start, admin: Member, member: Member) -> None:
    async with start(models=(WILD, POCKET)):
        await admin.slash("server nsfw", {"policy": "block"})
        assert "the model wild only works in age-restricted channels" in await refused(member)
        await member.imagine(channel="nsfw-art")
        await member.imagine(model="pocket")


async def test_what_nobody_checked_is_covered_where_the_server_says_so(
    start: Start, admin: Member, member: Member
) -> None:
    async with start(models=(WILD, POCKET)):
        await admin.slash("server nsfw", {"policy": "spoiler"})
        covered = [
            await member.imagine(),
            await member.imagine(channel="nsfw-art"),
            await member.imagine(model="pocket"),
        ]
        assert ['"spoiler": true' in text_of(each) for each in covered] == [True, False, False]


async def test_the_log_channel(bot: app.Bot, admin: Member, member: Member) -> None:
    await admin.slash("server log", {"channel": ART_ID})
    await member.imagine("a *red* apple")
    await member.imagine("a secret", private=True)
    await admin.slash("server pause")
    line = await admin.wait_for(lambda each: each["channel_id"] == str(ART_ID) and "apple" in each["content"])
    assert (
        f"<@{MEMBER_ONE_ID}> asked for “a \\*red\\* apple” in <#{GENERAL_ID}> (imagine, 4 steps × 1" in line["content"]
    )
    line = await admin.wait_for(lambda each: each["channel_id"] == str(ART_ID) and "private" in each["content"])
    assert "secret" not in line["content"]
    await admin.wait_for(lambda each: "paused drawing" in each["content"])


async def test_the_log_says_what_was_reset(start: Start, admin: Member) -> None:
    async with start():
        await admin.slash("server log", {"channel": ART_ID})
        for options, words in (
            ({"channel": GENERAL_ID}, f"removed the rules of <#{GENERAL_ID}>"),
            ({"role": ARTISTS_ROLE_ID, "setting": "steps"}, f"removed a rule of <@&{ARTISTS_ROLE_ID}> for: steps"),
            ({"setting": "steps"}, "removed a rule of this server for: steps"),
        ):
            place = {name: value for name, value in options.items() if name != "setting"}
            await admin.slash("server limits", {"steps": 9, **place})
            await admin.slash("server reset", options)
            await admin.wait_for(lambda each, words=words: words in each["content"])  # type: ignore[misc]
        await reset_everything(admin)
        await admin.wait_for(lambda each: "reset all rules to the host's values" in each["content"])


async def test_everything_is_back_after_reset(bot: app.Bot, admin: Member, member: Member) -> None:
    await admin.slash("server rule", {"setting": "steps", "default": "3", "locked": True})
    await admin.slash("server words", {"blocked": "fox"})
    await admin.slash("server allow", {"channel": NSFW_ART_ID})
    assert "Blocked words (1): ||fox||" in await said(admin, "server show")
    await reset_everything(admin)
    shown = await said(admin, "server show")
    assert "Blocked" not in shown
    assert "steps **25** · from the model" in shown
    await member.imagine("a fox", steps=2)


async def test_an_aspect_keeps_to_the_bounds_of_the_server(start: Start, admin: Member, member: Member) -> None:
    async with start():
        await admin.slash("server limits", {"side": 140})
        assert "136×64" in words_of(await member.imagine("a fox --ar 4:1"))
        await admin.slash("server rule", {"setting": "height", "least": 104})
        wide = await member.imagine("a fox --ar 3:1")
        assert "136×104" in words_of(wide)
        await admin.slash("server rule", {"setting": "width", "default": "128", "locked": True})
        await admin.slash("server rule", {"setting": "height", "default": "128", "locked": True})
        assert "is locked to 128 here" in await refused(member, prompt="a fox --ar 2:1")
        drawn = await member.imagine("a fox", image=File("wide.png", png(256, 128), "image/png"))
        assert "128×128" in words_of(drawn)


def png(width: int, height: int) -> bytes:
    file = BytesIO()
    Image.new("RGB", (width, height)).save(file, "PNG")
    return file.getvalue()
