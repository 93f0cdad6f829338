"""Which rule wins, and that /server show says so. Member one has the role of an artist."""

import re
from dataclasses import replace

import pytest

from bot.config import HOST_LIMITS
from playground import Playground
from playground.state.world import ART_ID, ARTISTS_ROLE_ID, BOT_ROLE_ID, GENERAL_ID, MEMBER_ONE_ID
from tests.journeys.conftest import Member, Start, words_of
from tests.journeys.test_rules import VALUES, refused, said

ARTISTS, FOXES, ART = f"<@&{ARTISTS_ROLE_ID}>", f"<@&{BOT_ROLE_ID}>", f"<#{ART_ID}>"


async def overview(admin: Member, channel: int = GENERAL_ID) -> list[str]:
    """The lines of /server show for member one in a channel."""
    return (await said(admin, "server show", {"member": MEMBER_ONE_ID, "channel": channel})).splitlines()


async def test_a_channels_limit_outweighs_a_roles_and_a_roles_the_servers(
    start: Start, admin: Member, member: Member, other: Member
) -> None:
    async with start(limits=replace(HOST_LIMITS, steps=90)):
        await admin.slash("server limits", {"steps": 10})
        await admin.slash("server limits", {"steps": 40, "role": ARTISTS_ROLE_ID})
        await admin.slash("server limits", {"steps": 20, "channel": ART_ID})
        assert "At most 10 steps are allowed here" in await refused(other, steps=11)
        assert "At most 40 steps are allowed here" in await refused(member, steps=41)
        assert "At most 20 steps are allowed here" in await refused(member, "art", steps=21)
        assert "At most 20 steps are allowed here" in await refused(other, "sketches", steps=21)
        await other.imagine(steps=20, channel="sketches")
        assert f"at most 40 steps · from {ARTISTS}" in await overview(admin)
        assert f"at most 20 steps · from {ART}" in await overview(admin, ART_ID)
        await admin.slash("server limits", {"steps": 150, "channel": ART_ID})
        assert "at most 90 steps · from the host" in await overview(admin, ART_ID)
        assert "At most 90 steps are allowed here" in await refused(member, "art", steps=91)


async def test_of_several_roles_the_most_generous_holds(
    start: Start, playground: Playground, admin: Member, member: Member
) -> None:
    users = playground.world.users
    users[MEMBER_ONE_ID] = replace(users[MEMBER_ONE_ID], roles=(ARTISTS_ROLE_ID, BOT_ROLE_ID))
    async with start():
        for role, steps, cooldown in ((BOT_ROLE_ID, 50, 90), (ARTISTS_ROLE_ID, 20, 30)):
            await admin.slash("server limits", {"steps": steps, "cooldown": cooldown, "role": role})
        await admin.slash("server rule", {"setting": "guidance_scale", "least": 2, "most": 6, "role": BOT_ROLE_ID})
        await admin.slash("server rule", {"setting": "guidance_scale", "least": 3, "most": 9, "role": ARTISTS_ROLE_ID})
        for role, sampler, locked in ((BOT_ROLE_ID, "DDIM", True), (ARTISTS_ROLE_ID, "Euler", False)):
            options = {"setting": "sampler", "default": sampler, "locked": locked, "role": role}
            await admin.slash("server rule", options)
        shown = await overview(admin)
        assert f"at most 50 steps · from {FOXES}" in shown
        assert f"one request every 30 sec · from {ARTISTS}" in shown
        bounds = f"at least 2 (from {FOXES}) · at most 9 (from {ARTISTS})"
        assert f"guidance scale **5** · from the model · {bounds}" in shown
        assert f"sampler **Euler** · from {ARTISTS}" in shown
        assert "At most 50 steps" in await refused(member, steps=51)
        assert "must be at most 9 here" in await refused(member, guidance=9.5)
        await member.imagine(steps=50, guidance=2, sampler="DDIM")
        assert "You can send one request every 30 sec here" in await refused(member)


async def test_a_value_that_was_brought_to_a_bound_is_the_bounds(start: Start, admin: Member) -> None:
    async with start():
        await admin.slash("server limits", {"steps": 7, "side": 64})
        await admin.slash("server rule", {"setting": "guidance_scale", "least": 8, "channel": ART_ID})
        shown = await overview(admin, ART_ID)
        assert "steps **7** · from this server" in shown
        assert "width **64** · from this server" in shown
        assert f"guidance scale **8** · from {ART} · at least 8 (from {ART})" in shown


async def test_bounds_that_cannot_be_met_together_leave_something_to_draw(
    start: Start, admin: Member, member: Member
) -> None:
    async with start(limits=replace(HOST_LIMITS, steps=10)):
        await admin.slash("server rule", {"setting": "steps", "least": 20})
        await admin.slash("server rule", {"setting": "guidance_scale", "least": 9})
        await admin.slash("server rule", {"setting": "guidance_scale", "most": 4, "channel": ART_ID})
        done = words_of(await member.imagine(steps=None, channel="art"))
        assert "10 steps · guidance 4" in done


async def test_where_the_model_and_what_is_allowed_come_from(start: Start, admin: Member) -> None:
    async with start():
        assert "model **pocket** · from the host" in await overview(admin)
        assert "Models: pocket · from the host" in await overview(admin)
        await admin.slash(
            "server rule", {"setting": "model", "default": "pocket", "locked": True, "role": ARTISTS_ROLE_ID}
        )
        for kind, id in (("channel", ART_ID), ("channel", GENERAL_ID), ("role", ARTISTS_ROLE_ID)):
            await admin.slash("server allow", {kind: id})
        await admin.slash("server hints", {"on": False})
        await admin.slash("server nsfw", {"policy": "block"})
        shown = await overview(admin)
        for line in (
            f"model **pocket** · from {ARTISTS} · 🔒 locked (from {ARTISTS})",
            "Models: pocket · from the host",
            f"Channels: <#{GENERAL_ID}>, {ART} · from this server",
            f"Roles: {ARTISTS} · from this server",
            "NSFW filter: block (flagged pictures stay in age-restricted channels) · from this server",
            "Hints: off · from this server",
        ):
            assert line in shown


async def test_one_setting_goes_back_and_all_else_stays(start: Start, admin: Member) -> None:
    async with start():
        for scope in ({}, {"channel": ART_ID}):
            await admin.slash("server limits", {"steps": 9, "daily_steps": 99, **scope})
        await admin.slash("server rule", {"setting": "steps", "default": "8", "least": 7, "locked": True})
        await admin.slash("server reset", {"setting": "steps"})
        shown = await overview(admin)
        assert "steps **25** · from the model" in shown
        assert "at most 150 steps · from the host" in shown
        assert "at most 99 steps in 24 hours · from this server" in shown
        assert f"at most 9 steps · from {ART}" in await overview(admin, ART_ID)
        await admin.slash("server reset", {"setting": "steps", "channel": ART_ID})
        shown = await overview(admin, ART_ID)
        assert "at most 150 steps · from the host" in shown
        assert f"at most 99 steps in 24 hours · from {ART}" in shown


@pytest.mark.parametrize(("locale", "source"), [("en-US", "from"), ("es-ES", "según")])
async def test_everything_set_is_shown_however_many_messages_it_takes(
    start: Start, admin: Member, locale: str, source: str
) -> None:
    admin.locale = locale
    long_word = "x" * 50
    async with start(limits=replace(HOST_LIMITS, daily_steps=9_000_000, cooldown=1)):
        for setting, value in VALUES.items():
            numeric = setting not in ("negative_prompt", "sampler", "schedule")
            bounds = {"least": float(value), "most": float(value)} if numeric else {}
            for scope in ({"channel": ART_ID}, {"role": ARTISTS_ROLE_ID}):
                await admin.slash(
                    "server rule", {"setting": setting, "default": value, "locked": True, **bounds, **scope}
                )
        limits = {"waiting": 9, "cooldown": 86399, "daily_steps": 1_234_567, "side": 2040, "channel": ART_ID}
        await admin.slash("server limits", limits)
        await admin.slash("server words", {"blocked": ",".join(f"{long_word}{number}" for number in range(70))})
        await admin.slash("server allow", {"channel": ART_ID, "role": ARTISTS_ROLE_ID, "model": "pocket"})
        await admin.slash("server log", {"channel": ART_ID})
        await admin.slash("server pause")
        await admin.wait_for(lambda each: "paused drawing" in each["content"])
        before = {each["id"] for each in admin.messages("art")}
        first = (await admin.slash("server show", {"member": MEMBER_ONE_ID}, "art")).message
        assert first is not None
        await admin.wait_until(lambda: len(admin.messages("art")) > len(before) + 1)
        new = [each for each in admin.messages("art") if each["id"] not in before]
        assert all(each["ephemeral_for"] == admin.id for each in new)
        shown = "\n".join(map(words_of, new))
        assert shown.count("🔒") == len(VALUES)
        assert shown.count(f"({source} {ART})") == len(VALUES) + 2 * (len(VALUES) - 3) - len({"steps", "count"})
        assert ("1,234,567 steps in 24 hours" if locale == "en-US" else "1.234.567 pasos en 24 horas") in shown
        assert re.search(r"23 hr? 59 min", shown)
