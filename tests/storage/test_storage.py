import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from generation.jobs import JobState
from generation.settings import GenerationSettings, PartialSettings, Sampler, Schedule
from storage import database
from storage.database import Sessions, StorageError
from storage.generations import AlreadyAsked, Generations
from storage.images import Images
from storage.preferences import Preferences
from storage.records import ANY_MODEL, Action, Lineage, NsfwPolicy, Origin, Picture
from storage.removals import Removals
from storage.rulebook import Kind, Rule, Rulebook, RuleKey
from storage.server_rules import ServerRules
from tests.saved import saved

SNOWFLAKE = 2**63 - 1
EXPIRES = datetime(2030, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


def origin(key: str = "interaction:1", user_id: int = SNOWFLAKE) -> Origin:
    return Origin(
        key=key,
        user_id=user_id,
        channel_id=SNOWFLAKE - 1,
        message_id=SNOWFLAKE - 2,
        guild_id=SNOWFLAKE - 3,
        private=True,
        token="secret",
        token_expires=EXPIRES,
        locale="es-ES",
    )


async def test_the_database_uses_a_write_ahead_log(tmp_path: Path) -> None:
    async with database.opened(tmp_path / "new" / "noisefox.db") as sessions:
        await Preferences(sessions).of_user(1)
    with closing(sqlite3.connect(tmp_path / "new" / "noisefox.db")) as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_a_request_comes_back_as_it_was_saved(generations: Generations, apple: GenerationSettings) -> None:
    first = await saved(generations, origin(), apple, Lineage())
    second = await saved(generations, origin("other"), apple, Lineage(Action.UPSCALE, first.id, 1), factor=4)
    loaded = await generations.get(second.id)
    assert loaded == second
    assert loaded is not None
    assert loaded.settings == apple
    assert loaded.origin == origin("other")
    assert (loaded.lineage, loaded.factor) == (Lineage(Action.UPSCALE, first.id, 1), 4)
    assert loaded.state is JobState.QUEUED
    assert datetime.now(UTC) - loaded.created < timedelta(minutes=1)
    assert await generations.get(999) is None


async def test_one_event_never_makes_two_requests(generations: Generations, apple: GenerationSettings) -> None:
    asked = [saved(generations, origin(), apple, Lineage()) for _ in range(5)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(outcome, AlreadyAsked) for outcome in outcomes) == 4
    assert await generations.knows("interaction:1")
    assert not await generations.knows("interaction:2")


async def test_an_error_of_the_database_tells_neither_prompt_nor_token(
    tmp_path: Path, generations: Generations, apple: GenerationSettings
) -> None:
    with closing(sqlite3.connect(tmp_path / database.FILE)) as connection:
        connection.execute("ALTER TABLE generations RENAME TO others")
    with pytest.raises(StorageError, match="no such table") as failed:
        await saved(generations, replace(origin(), token="a live token"), apple, Lineage())
    told = f"{failed.value} {failed.value.__cause__}"
    assert "INSERT INTO generations" in told
    assert not any(secret in told for secret in ("a live token", "a red apple"))


async def unfinished_of(generations: Generations, user_id: int) -> int:
    return (await generations.usages([user_id], datetime.now(UTC)))[user_id].unfinished


async def test_the_life_of_a_request(sessions: Sessions, generations: Generations, apple: GenerationSettings) -> None:
    generation = await saved(generations, origin(), apple, Lineage())
    assert await unfinished_of(generations, SNOWFLAKE) == 1
    await generations.begin(generation.id)
    assert [each.state for each in await generations.lease(alone=True)] == [JobState.DRAWING]
    pictures = (Picture(0, 2**32 - 1, 128, 96, "a.png"), Picture(1, 0, 128, 96, "b.png"))
    completed = await generations.complete(generation.id, pictures, 1.5, "cpu, float32, 8 rows always, 2 threads")
    assert (completed.state, completed.pictures, completed.seconds) == (JobState.COMPLETED, pictures, 1.5)
    assert completed.circumstances == "cpu, float32, 8 rows always, 2 threads"
    assert await unfinished_of(generations, SNOWFLAKE) == 0
    assert [each.id for each in await generations.lease(alone=True)] == [generation.id]
    await generations.delivered(generation.id)
    assert await generations.lease(alone=True) == []
    larger = await saved(generations, origin("upscale"), apple, Lineage(Action.UPSCALE, generation.id, 0), factor=2)
    assert (await generations.complete(larger.id, (), 0.5, upscaler="Real-ESRGAN")).upscaler == "Real-ESRGAN"
    await generations.delivered(larger.id)
    found = await generations.by_message(SNOWFLAKE - 2)
    assert found is not None
    assert found.origin.token is None
    await generations.delete(generation.id)
    assert [each.file for each in await Removals(sessions).files()] == ["a.png", "b.png"]
    deleted = await generations.get(generation.id)
    assert deleted is not None
    assert deleted.state is JobState.DELETED
    assert [picture.file for picture in deleted.pictures] == [None, None]
    assert deleted.settings == apple


async def test_failures_and_cancels_are_kept(generations: Generations, apple: GenerationSettings) -> None:
    one, two = [await saved(generations, origin(str(i)), apple, Lineage()) for i in range(2)]
    assert (await generations.fail(one.id, "no luck")).failure == "no luck"
    assert (await generations.cancel(two.id)).state is JobState.CANCELLED
    assert await unfinished_of(generations, SNOWFLAKE) == 0


async def test_what_was_saved_is_there_after_a_restart(tmp_path: Path, apple: GenerationSettings) -> None:
    file = tmp_path / "noisefox.db"
    async with database.opened(file) as sessions:
        kept = await saved(Generations(sessions), origin(), apple, Lineage())
    async with database.opened(file) as sessions:
        assert await Generations(sessions).lease(alone=True) == [kept]


async def test_own_defaults_add_up_until_they_are_forgotten(preferences: Preferences) -> None:
    await preferences.prefer_for_user(1, ANY_MODEL, PartialSettings(steps=9, sampler=Sampler.DDIM))
    await preferences.prefer_for_user(1, ANY_MODEL, PartialSettings(steps=10))
    await preferences.prefer_for_user(1, "pocket", PartialSettings(guidance_scale=3.5))
    own = await preferences.of_user(1)
    assert own.for_model("pocket") == PartialSettings(steps=10, guidance_scale=3.5, sampler=Sampler.DDIM)
    assert own.for_model("x") == PartialSettings(steps=10, sampler=Sampler.DDIM)
    assert (await preferences.of_user(2)).for_model("pocket") == PartialSettings()
    await preferences.forget_user(1)
    assert (await preferences.of_user(1)).by_model == {}


async def test_what_servers_decide_adds_up_until_it_is_forgotten(rules: ServerRules) -> None:
    await rules.prefer(1, 1, ANY_MODEL, PartialSettings(steps=9, sampler=Sampler.DDIM, negative_prompt="hands"))
    await rules.prefer(1, 5, "pocket", PartialSettings(guidance_scale=3.5, schedule=Schedule.KARRAS))
    await rules.rule(1, RuleKey(1, ANY_MODEL, "steps"), Rule(most=20))
    await rules.rule(1, RuleKey(1, ANY_MODEL, "steps"), Rule(least=2, locked=True))
    await rules.decide(1, nsfw=NsfwPolicy.SPOILER, blocked_words=("gore", "two words"))
    await rules.decide(1, paused=True)
    await rules.log_to(1, 77)
    await rules.allow(1, Kind.MODEL, "pocket", True)
    await rules.allow(1, Kind.ROLE, "4", True)
    await rules.allow(1, Kind.ROLE, "4", False)
    book = await rules.of(1)
    assert book.of(1, "pocket", "steps") == Rule("9", 2, 20, True)
    assert book.defaults(1, "x") == PartialSettings(steps=9, sampler=Sampler.DDIM, negative_prompt="hands")
    assert book.defaults(5, "pocket") == PartialSettings(guidance_scale=3.5, schedule=Schedule.KARRAS)
    assert book.defaults(5, "x") == PartialSettings()
    assert replace(book, rules={}) == Rulebook(
        allowed={Kind.MODEL: frozenset({"pocket"})},
        paused=True,
        nsfw=NsfwPolicy.SPOILER,
        blocked_words=("gore", "two words"),
        log_channel_id=77,
    )
    assert await rules.of(2) == Rulebook()
    await rules.forget(1, 5)
    assert (await rules.of(1)).defaults(5, "pocket") == PartialSettings()
    await rules.forget(1)
    assert await rules.of(1) == Rulebook()


async def test_what_a_member_has_spent(generations: Generations, apple: GenerationSettings) -> None:
    mine = origin(), origin("b"), origin("c"), origin("d")
    four = replace(apple, steps=10, count=4)
    first = await saved(generations, mine[0], four, Lineage(), charged=40)
    await saved(generations, mine[1], four, Lineage(Action.UPSCALE, first.id, 0))
    failed = await saved(generations, mine[2], four, Lineage(), charged=40)
    await generations.fail(failed.id, "x")
    await generations.delete(failed.id)
    elsewhere = await saved(generations, replace(origin("e"), guild_id=None), apple, Lineage(), charged=7)
    last = await saved(generations, mine[3], apple, Lineage(), charged=20)
    await generations.cancel(last.id, 5)
    guild, user = mine[0].guild_id, mine[0].user_id
    assert guild is not None
    usage = (await generations.usages([user], first.created))[user]
    assert (usage.within(guild).steps, usage.within(guild).last) == (40 + 5, last.created)
    assert (usage.steps, usage.last) == (40 + 7 + 5, last.created)
    later = (await generations.usages([user], last.created + timedelta(seconds=1)))[user]
    assert (later.within(guild).steps, later.within(guild).last) == (0, None)
    assert [(each.within(guild).unfinished, each.unfinished) for each in (usage, later)] == [(2, 3), (2, 3)]
    unfinished = {each.id for each in await generations.unfinished_in(guild, user)}
    assert first.id in unfinished
    assert elsewhere.id not in unfinished
    assert await generations.unfinished_in(guild + 1, user) == []


async def test_images_are_there_whole_or_not_at_all(tmp_path: Path) -> None:
    images = Images(tmp_path)
    name = await images.save(1234, 0, b"picture")
    assert await images.read(name) == b"picture"
    assert await images.save(1234, 0, b"again") != name
    assert not list(tmp_path.rglob("*.part"))
    await images.remove(name)
    await images.remove(name)
    with pytest.raises(FileNotFoundError):
        await images.read(name)


async def test_a_folder_that_is_named_after_a_person_goes_with_the_last_picture(tmp_path: Path) -> None:
    images = Images(tmp_path)
    one, other = await images.keep(b"one", 7), await images.keep(b"other", 7)
    await images.remove(one)
    assert await images.read(other) == b"other"
    await images.remove(other)
    assert not [path for path in tmp_path.rglob("*") if "7" in path.name]
    assert await images.read(await images.keep(b"again", 7)) == b"again"
