"""Commands that save: without options they show what is set, and otherwise they answer with what they changed."""

from dataclasses import replace
from typing import Any

import pytest

from bot import app
from playground import Playground
from playground.state.world import ADMIN_ID, ART_ID, GENERAL_ID
from tests.journeys.conftest import Member, Start, labels_of, words_of
from tests.journeys.test_rules import said


@pytest.mark.parametrize(
    ("command", "options", "shown", "default"),
    [
        ("server log", {"channel": ART_ID}, f"Log channel: <#{ART_ID}>", "The log is off."),
        ("settings suffix", {"text": "soft light"}, "after each prompt: soft light", "after each prompt: nothing"),
        ("settings model", {"name": "pocket"}, "default model: pocket", "default model: the server's"),
    ],
)
async def test_without_options_a_command_shows_what_is_set_and_keeps_it(
    bot: app.Bot, admin: Member, command: str, options: dict[str, Any], shown: str, default: str
) -> None:
    assert (await said(admin, command)).strip() == default
    assert shown in await said(admin, command, options)
    for _ in range(2):
        answer = await said(admin, command)
        assert shown in answer
        assert "Saved." not in answer
    assert "not both" in await said(admin, command, {**options, "remove": True})
    assert default in await said(admin, command, {"remove": True})
    assert default in await said(admin, command)


async def test_defaults_without_values_show_all_and_save_nothing(bot: app.Bot, admin: Member) -> None:
    await admin.slash("server defaults", {"steps": 6})
    await admin.slash("settings defaults", {"guidance": 3})
    for options in ({}, {"model": "pocket"}):
        assert "steps **6** · from this server" in await said(admin, "server defaults", options)
        assert "guidance scale 3" in await said(admin, "settings defaults", options)


@pytest.mark.parametrize(
    ("command", "options", "answer"),
    [
        ("server defaults", {"steps": 6, "guidance": 3}, ["Saved.", "- steps **6**", "- guidance scale **3**"]),
        ("server defaults", {"steps": 6, "model": "pocket"}, ["Saved. · pocket", "- steps **6**"]),
        ("server limits", {"steps": 9, "channel": ART_ID}, [f"Saved. · <#{ART_ID}>", "- at most 9 steps"]),
        (
            "server rule",
            {"setting": "steps", "default": "4", "least": 2, "most": 8, "locked": False},
            ["Saved.", "- steps **4** · at least 2 · at most 8 · not locked"],
        ),
        ("server rule", {"setting": "waiting", "most": 3}, ["Saved.", "- at most 3 unfinished requests"]),
        ("server allow", {"channel": ART_ID}, ["Saved.", f"- Channels: <#{ART_ID}>"]),
        ("server nsfw", {"policy": "off"}, ["Saved.", "- NSFW filter: off"]),
        ("server words", {"blocked": "gore, *stars*"}, ["Saved.", r"- Blocked words (2): ||gore, \*stars\*||"]),
        ("server words", {"blocked": "-"}, ["No words are blocked."]),
        ("server words", {"add": "*"}, [r"There's no word in “\*”. Separate words by commas."]),
        ("server words", {"add": " , ,"}, ["There's no word in “, ,”. Separate words by commas."]),
        ("server limits", {"cooldown": 0}, ["Saved.", "- no wait between requests"]),
        ("server hints", {"on": False}, ["Saved.", "- Hints: off"]),
        ("server pause", {}, ["Paused."]),
        ("server resume", {}, ["Resumed."]),
        ("server reset", {"channel": ART_ID, "setting": "steps"}, ["There are no rules to reset."]),
        ("server reset", {"setting": "guidance_scale"}, ["There are no rules to reset."]),
        ("settings defaults", {"steps": 6, "count": 2}, ["Saved.", "- steps 6, count 2"]),
        ("settings suffix", {"text": "soft light"}, ["Saved.", "- after each prompt: soft light"]),
        ("settings notify", {"by": "nothing"}, ["Saved.", "- no notice"]),
        ("settings hints", {"on": True}, ["Saved.", "- hints on"]),
        ("settings reset", {}, ["There's nothing to reset."]),
    ],
)
async def test_an_answer_says_what_was_changed_and_nothing_else(
    bot: app.Bot, admin: Member, command: str, options: dict[str, Any], answer: list[str]
) -> None:
    assert (await said(admin, command, options)).strip().splitlines() == answer


async def test_a_log_that_is_turned_off_says_so_in_its_channel(bot: app.Bot, admin: Member) -> None:
    await admin.slash("server log", {"channel": ART_ID})
    await admin.slash("server log", {"remove": True})
    await admin.wait_for(lambda each: each["channel_id"] == str(ART_ID) and "turned the log off" in each["content"])


async def test_a_reset_of_everything_lists_what_is_lost_and_asks(start: Start, admin: Member) -> None:
    async with start():
        assert "There are no rules to reset." in await said(admin, "server reset")
        for command, options in (
            ("limits", {"steps": 9, "channel": ART_ID}),
            ("rule", {"setting": "sampler", "default": "DDIM", "locked": True}),
            ("allow", {"channel": GENERAL_ID}),
            ("words", {"blocked": "gore"}),
            ("hints", {"on": False}),
            ("nsfw", {"policy": "spoiler"}),
            ("log", {"channel": ART_ID}),
            ("pause", {}),
        ):
            await admin.slash(f"server {command}", options)
        question = await admin.asks("server reset")
        for line in (
            f"- <#{ART_ID}> · steps · at most 9",
            "- sampler **DDIM** · 🔒 locked",
            f"- Channels: <#{GENERAL_ID}>",
            "- Blocked words (1): ||gore||",
            "- Hints: off",
            "- NSFW filter: spoiler",
            f"- Log channel: <#{ART_ID}>",
            "- Drawing is paused",
        ):
            assert line in words_of(question)
        assert labels_of(question) == ["Reset everything", "Keep everything"]
        await admin.click(question, "Keep everything")
        again = await admin.asks("server reset")
        assert words_of(again) == words_of(question)
    async with start():
        await admin.click(again, "Reset everything")
        assert "There are no rules to reset." in await said(admin, "server reset")


async def test_what_was_not_listed_is_not_lost(bot: app.Bot, admin: Member) -> None:
    await admin.slash("server words", {"blocked": "gore"})
    question = await admin.asks("server reset")
    await admin.slash("server words", {"blocked": "gore, fox"})
    await admin.click(question, "Reset everything")
    again = await admin.see(question, lambda each: "gore, fox" in words_of(each))
    await admin.click(again, "Reset everything")
    assert "There are no rules to reset." in await said(admin, "server reset")


async def test_whoever_may_not_manage_the_server_any_more_resets_nothing(
    bot: app.Bot, playground: Playground, admin: Member
) -> None:
    await admin.slash("server words", {"blocked": "gore"})
    question = await admin.asks("server reset")
    users = playground.world.users
    users[ADMIN_ID] = replace(users[ADMIN_ID], admin=False)
    outcome = await admin.click(question, "Reset everything")
    assert outcome.message is not None
    assert "You need the Manage Server permission" in words_of(outcome.message)
    users[ADMIN_ID] = replace(users[ADMIN_ID], admin=True)
    assert "Blocked words (1): ||gore||" in await said(admin, "server show")
