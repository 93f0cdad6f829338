from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from generation.settings import GenerationSettings
from storage import database
from storage.database import Sessions
from storage.drafts import LIFE, Drafts
from storage.generations import Generations
from storage.paces import Paces
from storage.people import BETWEEN_HINTS, People
from storage.records import Action, Generation, Lineage, Origin, PersonalSettings, Picture, Style
from storage.removals import Removals
from tests.saved import saved


async def asked(generations: Generations, prompt: str, user: int = 1, parent: int | None = None) -> Generation:
    settings = GenerationSettings(prompt=prompt, seed=7, model="pocket", width=64, height=64)
    key = f"{user} {prompt} {parent}"
    lineage = Lineage(Action.REROLL, parent) if parent else Lineage()
    return await saved(generations, Origin(key, user, 2, hash(key) % 10**9), settings, lineage)


async def test_personal_settings_change_one_by_one(sessions: Sessions) -> None:
    people = People(sessions)
    assert await people.personal_settings(1) == PersonalSettings()
    await people.change_personal_settings(1, suffix="soft light")
    assert await people.change_personal_settings(1, tell_when_done=True) == PersonalSettings("soft light", True)
    assert await people.personal_settings(1) == PersonalSettings("soft light", True)
    assert await people.personal_settings(2) == PersonalSettings()


async def test_a_hint_a_day_and_none_for_whoever_wants_none(sessions: Sessions) -> None:
    people, noon = People(sessions), datetime(2026, 11, 26, 12, tzinfo=UTC)
    await people.change_personal_settings(1, suffix="soft light")
    assert await people.take_hint(1, noon)
    assert not await people.take_hint(1, noon + BETWEEN_HINTS - timedelta(seconds=1))
    assert await people.take_hint(2, noon)
    await people.change_personal_settings(1, hints=False)
    assert not await people.take_hint(1, noon + BETWEEN_HINTS)
    assert await people.change_personal_settings(1, hints=True) == PersonalSettings("soft light")
    assert await people.take_hint(1, noon + BETWEEN_HINTS)


async def test_styles_are_ones_own(sessions: Sessions) -> None:
    people = People(sessions)
    for style in (Style("noir", "grain"), Style("noir", "film noir"), Style("day", "sun")):
        await people.keep_style(1, style)
    assert await people.styles(1) == [Style("day", "sun"), Style("noir", "film noir")]
    assert await people.style(1, "noir") == Style("noir", "film noir")
    assert await people.style(2, "noir") is None
    assert not await people.drop_style(2, "noir")
    assert await people.drop_style(1, "noir")
    assert await people.styles(1) == [Style("day", "sun")]


async def test_favourites_are_listed_without_deleted_ones(sessions: Sessions) -> None:
    people, generations = People(sessions), Generations(sessions)
    first, second = await asked(generations, "a cat"), await asked(generations, "a dog")
    assert await people.toggle_favourite(9, first.id)
    await people.set_favourite(9, second.id, True)
    await people.set_favourite(9, second.id, True)
    assert [each.id for each in (await generations.favourites_of(9)).generations] == [second.id, first.id]
    await generations.delete(second.id)
    assert [each.id for each in (await generations.favourites_of(9)).generations] == [first.id]
    assert not await people.toggle_favourite(9, first.id)
    assert (await generations.favourites_of(9)).total == 0


@pytest.mark.parametrize(
    ("search", "found"),
    [("", 3), ("CAT", 2), ("cat snow", 1), ("snow cat", 1), ("100%", 1), ("_", 0), ("elephant", 0)],
)
async def test_requests_are_found_by_words(sessions: Sessions, search: str, found: int) -> None:
    generations = Generations(sessions)
    for prompt in ("a cat", "a Cat in snow", "a dog, 100% fur"):
        await asked(generations, prompt)
    await asked(generations, "a cat", user=2)
    assert (await generations.of_user(1, search)).total == found


async def test_pages_begin_with_the_newest(sessions: Sessions) -> None:
    generations = Generations(sessions)
    ids = [(await asked(generations, f"cat {number}")).id for number in range(5)]
    page = await generations.of_user(1, start=1, most=2)
    assert ([each.id for each in page.generations], page.total) == ([ids[3], ids[2]], 5)


async def test_recent_prompts_come_once_and_newest_first(sessions: Sessions) -> None:
    generations = Generations(sessions)
    first, other = await asked(generations, "a cat"), await asked(generations, "a dog")
    again = await asked(generations, "a cat", parent=first.id)
    assert await generations.recent_prompts(1, "") == {again.id: "a cat", other.id: "a dog"}
    assert await generations.recent_prompts(1, "DOG") == {other.id: "a dog"}
    assert await generations.recent_prompts(2, "") == {}


async def test_the_language_of_a_person_is_that_of_their_latest_request(sessions: Sessions) -> None:
    generations = Generations(sessions)
    assert await generations.locale_of(1) == "en-US"
    settings = GenerationSettings("a fox", 7, "pocket", 64, 64)
    for number, locale in enumerate(("en-US", "es-419", "es-ES")):
        await saved(generations, Origin(f"key {number}", 1, 2, number, locale=locale), settings, Lineage())
    assert await generations.locale_of(1) == "es-ES"


async def test_whoever_is_forgotten_takes_their_files_and_leaves_others_theirs(sessions: Sessions) -> None:
    people, generations = People(sessions), Generations(sessions)
    mine = await asked(generations, "a cat")
    await generations.complete(mine.id, [Picture(0, 7, 64, 64, "mine.png")], 1.0)
    theirs = await asked(generations, "a cat", user=2, parent=mine.id)
    await people.toggle_favourite(2, mine.id)
    await generations.forget_user(1)
    removals = Removals(sessions)
    [file], [message] = await removals.files(), await removals.messages()
    assert (file.file, message.channel_id, message.message_id) == ("mine.png", 2, mine.origin.message_id)
    await removals.done(file)
    assert (await removals.files(), await removals.messages()) == ([], [message])
    assert await generations.get(mine.id) is None
    assert await people.favourites(2) == []
    kept = await generations.get(theirs.id)
    assert kept is not None
    assert kept.lineage == Lineage(Action.REROLL, None)


async def test_nothing_deleted_stays_in_the_database_file(tmp_path: Path) -> None:
    async with database.opened(tmp_path / "noisefox.db") as sessions:
        generations = Generations(sessions)
        for number in range(60):
            await asked(generations, f"a secret fox, number {number} " + "of many " * number, user=number % 2)
        assert b"secret fox" in _bytes_of(tmp_path)
        for user in (0, 1):
            await generations.forget_user(user)
        await Removals(sessions).scrub()
        assert b"secret fox" not in _bytes_of(tmp_path)


def _bytes_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("noisefox.db*"))


async def test_a_draft_is_its_persons_alone_and_not_kept_for_ever(sessions: Sessions) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    drafts = Drafts(sessions, lambda: now)
    first = await drafts.add(1, {"prompts": ["a", "b"]})

    assert await drafts.get(first, 2, "prompts") is None
    assert await drafts.get(first, 1, "url") is None
    assert await drafts.get(first, 1, "prompts") == {"prompts": ["a", "b"]}
    await drafts.remove(first)
    assert await drafts.get(first, 1, "prompts") is None
    old = await drafts.add(1, {"prompts": []})
    assert old > first, "a number is never used again"
    now += LIFE + timedelta(seconds=1)
    await drafts.add(2, {})
    assert await drafts.get(old, 1, "prompts") is None


async def test_the_number_of_what_was_forgotten_is_never_used_again_and_its_steps_count_for_a_day(
    sessions: Sessions,
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    generations = Generations(sessions, lambda: now)

    async def charge(user: int, key: str) -> int:
        settings = GenerationSettings(prompt="a fox", seed=7, model="pocket", width=64, height=64)
        origin = Origin(key, user, 2, len(key), guild_id=5)
        return (await saved(generations, origin, settings, Lineage(), charged=25)).id

    await charge(1, "a")
    failed = await charge(1, "ab")
    await generations.fail(failed, "broken")
    await generations.forget_user(1)
    assert await charge(2, "abc") > failed
    for place, steps in ((5, 25), (None, 25), (6, 0)):
        assert (await generations.usages([1], now - timedelta(days=1)))[1].within(place).steps == steps
    now += timedelta(days=1, seconds=1)
    await generations.forget_old_charges()
    assert (await generations.usages([1], datetime(2025, 1, 1, tzinfo=UTC)))[1].steps == 0


async def test_paces_are_kept(sessions: Sessions) -> None:
    paces = Paces(sessions)
    for seconds in (0.5, 0.25):
        await paces.keep("local/cpu", "pocket", 4096, seconds)
    assert await paces.all() == {"local/cpu": {("pocket", 4096): 0.25}}
