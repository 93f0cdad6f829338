"""Commands of admins without options show what holds now, and nothing is lost unasked."""

from pathlib import Path

from bot import app
from playground.state.world import ART_ID, ARTISTS_ROLE_ID
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Start, labels_of, save_pace, text_of, words_of
from tests.journeys.test_rules import said


async def test_commands_without_options_show_what_holds_now(bot: app.Bot, admin: Member) -> None:
    assert "at most 150 steps · from the host" in await said(admin, "server limits")
    assert "no rules" in await said(admin, "server limits", {"channel": ART_ID})
    await admin.slash("server limits", {"steps": 70})
    await admin.slash("server limits", {"steps": 30, "channel": ART_ID})
    await admin.slash("server rule", {"setting": "steps", "default": "9", "role": ARTISTS_ROLE_ID})
    assert "at most 70 steps · from this server" in await said(admin, "server limits")
    assert f"<#{ART_ID}> · steps · at most 30" in await said(admin, "server limits", {"channel": ART_ID})
    rules = await said(admin, "server rule", {"setting": "steps"})
    assert rules.splitlines() == [
        "Rules for: steps",
        "- steps · at most 70",
        f"- <@&{ARTISTS_ROLE_ID}> · steps **9**",
        f"- <#{ART_ID}> · steps · at most 30",
    ]
    assert "no rules" in await said(admin, "server rule", {"setting": "guidance_scale"})
    assert "Models: pocket" in await said(admin, "server allow")
    assert "Channels: all" in await said(admin, "server allow")


async def test_defaults_without_values_are_a_short_list(bot: app.Bot, admin: Member) -> None:
    await admin.slash("server defaults", {"steps": 6})
    shown = (await admin.asks("server defaults"))["id"]
    text = words_of(admin.message(shown) or {})
    assert "steps **6** · from this server" in text
    assert "Limits" not in text
    assert "NSFW filter" not in text
    assert "negative prompt" not in text, "there is none"


async def test_a_long_list_of_words_is_sent_whole_with_its_count(bot: app.Bot, admin: Member) -> None:
    words = [f"word{number}" for number in range(400)]
    await admin.slash("server words", {"add": ",".join(words)})
    shown = await admin.asks("server words")
    assert "Blocked words (400): ||word0, word1," in words_of(shown)
    assert "blocked-words.txt" in text_of(shown)
    await admin.slash("server people", {"add": "Jane van Doe, Zoe"})
    people = await admin.asks("server people")
    assert words_of(people).strip() == "Blocked people (2): ||Jane van Doe, Zoe||"


async def test_the_whole_list_of_words_is_lost_only_after_a_question(bot: app.Bot, admin: Member) -> None:
    await admin.slash("server words", {"add": "gore, hen"})
    question = await admin.asks("server words", blocked="-")
    assert "Unblock all 2 words? You can't undo this." in words_of(question)
    assert labels_of(question) == ["Unblock all", "Keep everything"]
    await admin.click(question, "Keep everything")
    assert "Blocked words (2)" in await said(admin, "server words")
    question = await admin.asks("server words", blocked=",")
    await admin.slash("server words", {"add": "blood"})
    await admin.click(question, "Unblock all")
    again = await admin.see(question, lambda each: "Unblock all 3 words" in text_of(each))
    await admin.click(again, "Unblock all")
    await admin.see(question, lambda each: "No words are blocked." in text_of(each))
    assert (await said(admin, "server words")).strip() == "No words are blocked."


async def test_nothing_is_called_saved_where_nothing_was(bot: app.Bot, admin: Member) -> None:
    await admin.slash("server words", {"add": "gore"})
    assert await said(admin, "server words", {"add": "Gore"}) == "They were blocked already."
    assert "can't add and remove “gore” at once" in await said(admin, "server words", {"add": "gore", "remove": "gore"})
    assert bot.client.user is not None
    assert "I can't block myself." in await said(admin, "server block", {"user_id": str(bot.client.user.id)})


async def test_settings_are_reset_only_after_a_question(bot: app.Bot, member: Member) -> None:
    await member.slash("settings defaults", {"steps": 6})
    question = await member.asks("settings reset")
    assert "- every model: steps 6" in words_of(question)
    await member.click(question, "Keep everything")
    assert "steps 6" in await said(member, "settings show")
    await member.click(await member.asks("settings reset"), "Reset everything")
    assert "no defaults set" in await said(member, "settings show")


async def test_help_mentions_reports(bot: app.Bot, member: Member) -> None:
    assert "🚩 Report" in await said(member, "help")


async def test_the_queue_shows_the_time_of_each_request(
    start: Start, pool: FakePool, member: Member, tmp_path: Path
) -> None:
    await save_pace(tmp_path, 0.5)
    async with start():
        pool.hold()
        await member.start("a castle", steps=20)
        await pool.until_at_work()
        await member.start("a boat", steps=20, count=4)
        shown = words_of(await member.asks("queue")).splitlines()
        assert "a castle" in shown[2]
        assert all(" · about " in line for line in shown[2:4]), shown


async def test_the_log_counts_one_step_and_marks_what_it_cuts(bot: app.Bot, admin: Member, member: Member) -> None:
    answer = await said(admin, "server log", {"channel": ART_ID})
    assert "Every member can read this channel. It shows who asked for what." in answer
    prompt = "a red apple " * 40
    await member.imagine(prompt, steps=1)
    line = await admin.wait_for(lambda each: each["channel_id"] == str(ART_ID) and "apple" in each["content"])
    assert "1 step × 1" in line["content"]
    assert "a red…”" in line["content"] or "apple…”" in line["content"] or " a…”" in line["content"]


async def test_a_value_of_ours_is_shown_in_the_admins_language(bot: app.Bot, admin: Member) -> None:
    admin.locale = "es-ES"
    shown = words_of(await admin.asks("server show"))
    assert "**Automática**" in shown
    assert "Automatic**" not in shown
