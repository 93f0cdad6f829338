import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from generation.settings import GenerationSettings
from storage import consistency, database
from storage.database import Sessions
from storage.generations import Generations
from storage.look_records import Audience, Look, UsedLook
from storage.looks import Looks
from storage.records import InputFiles, Lineage, NewRequest, Origin
from storage.removals import Removals

MINE, SHARED, CREW = Audience(1), Audience(1, 5), Audience(1, 5, 7)


async def asked(generations: Generations, user_id: int, audience: Audience, file: str) -> int:
    """A request that draws with a picture of a look."""
    settings = GenerationSettings(prompt="a fox", seed=7, model="pocket", width=64, height=64)
    used = UsedLook("image_prompt", 0.6, audience)
    inputs = InputFiles(image_prompt=file, looks=(used,))
    request = NewRequest(Origin(f"{user_id} {file}", user_id, 2), settings, Lineage(), inputs=inputs)
    [generation] = await generations.add([request])
    assert generation.inputs == inputs
    return generation.id


@pytest.mark.parametrize(
    ("audience", "user_id", "guild_id", "roles", "included"),
    [
        (MINE, 1, None, (), True),
        (MINE, 1, 9, (), True),
        (MINE, 2, None, (), False),
        (SHARED, 2, 5, (), True),
        (SHARED, 2, 6, (), False),
        (SHARED, 1, None, (), False),
        (CREW, 2, 5, (7,), True),
        (CREW, 2, 5, (8,), False),
        (CREW, 1, 5, (), True),
        (replace(CREW, owner_id=0), 2, 5, (7,), False),
    ],
)
def test_who_may_use_a_look(
    audience: Audience, user_id: int, guild_id: int | None, roles: tuple[int, ...], included: bool
) -> None:
    assert audience.includes(user_id, guild_id, roles) is included


def free(own: Sequence[Look], guild: Sequence[Look]) -> None:
    """There is room for any look."""


async def test_a_look_changes_its_owners_of_the_same_name_in_the_same_place(sessions: Sessions) -> None:
    looks = Looks(sessions)
    for look in (
        Look(0, "Fox", MINE),
        Look(0, "fox", SHARED, "old"),
        Look(0, "FOX", CREW, "new", "ink", ("a", "b"), ("1", "2")),
    ):
        saved = await looks.save(look, free)
    assert [(each.name, each.audience) for each in await looks.of_user(1)] == [("Fox", MINE), ("FOX", CREW)]
    assert await looks.around(2, 5) == [saved]
    assert await looks.around(2, None) == []
    changed = await looks.save(Look(0, "fox", SHARED, "newer"), free)
    assert changed == replace(saved, id=changed.id, name="fox", audience=SHARED, words="newer"), "the rest stays"
    await looks.save(Look(0, "fox", SHARED, files=("b", "c"), fingerprints=("2", "3")), free)
    assert [each.file for each in await Removals(sessions).files()] == ["a"]


async def test_looks_that_are_saved_at_once_are_counted_one_after_another(sessions: Sessions) -> None:
    looks = Looks(sessions)

    def check(own: Sequence[Look], guild: Sequence[Look]) -> None:
        if len(own) + len(guild) > 1:
            raise ValueError("too many")

    saving = [
        looks.save(Look(0, str(number), replace(MINE, guild_id=number % 2 or None)), check) for number in range(4)
    ]
    told = await asyncio.gather(*saving, return_exceptions=True)
    assert sum(isinstance(each, ValueError) for each in told) == 4 - len(await looks.of_user(1))
    assert len(await looks.of_user(1)) == 2


async def test_a_file_is_kept_as_long_as_a_look_or_a_request_needs_it(sessions: Sessions) -> None:
    looks, generations, removals = Looks(sessions), Generations(sessions), Removals(sessions)
    look = await looks.save(Look(0, "fox", SHARED, files=("inputs/1/a", "inputs/1/b"), fingerprints=("1", "2")), free)
    mine, theirs = [await asked(generations, user_id, SHARED, "inputs/1/a") for user_id in (1, 2)]
    await generations.delete(mine)
    assert await removals.files() == []
    await looks.delete(look.id)
    assert [each.file for each in await removals.files()] == ["inputs/1/b"]
    await generations.forget_user(1)
    assert [each.file for each in await removals.files()] == ["inputs/1/b", "inputs/1/a"]
    kept = await generations.get(theirs)
    assert kept is not None
    assert kept.inputs == InputFiles(looks=(UsedLook("image_prompt", 0.6, Audience(0)),))


async def test_pictures_of_looks_are_no_orphans_and_are_forgotten_once_they_are_gone(tmp_path: Path) -> None:
    file, pictures = tmp_path / database.FILE, tmp_path / "pictures"
    async with database.opened(file) as sessions:
        await Looks(sessions).save(Look(0, "fox", MINE, files=("a.png", "b.png"), fingerprints=("1", "2")), free)
    pictures.mkdir()
    for name in ("a.png", "c.png"):
        (pictures / name).write_bytes(b"a picture")
    found = consistency.differences(file, pictures, before=float("inf"))
    assert (found.orphans, [each.file for each in found.missing]) == (("c.png",), ["b.png"])
    assert consistency.forget_missing(file, found.missing) == list(found.missing)
    async with database.opened(file) as sessions:
        [look] = await Looks(sessions).of_user(1)
    assert look.files == ("a.png",)


async def test_whoever_is_forgotten_takes_the_pictures_back_that_others_follow(sessions: Sessions) -> None:
    generations, settings = Generations(sessions), GenerationSettings("a fox", 7, "pocket", 64, 64)
    inputs = InputFiles(
        image="inputs/1/a", control="inputs/12/b", second_control="inputs/1/c", style_image="inputs/1/d"
    )
    [theirs] = await generations.add([NewRequest(Origin("key", 2, 2), settings, Lineage(), inputs=inputs)])
    await generations.forget_user(1)
    kept = await generations.get(theirs.id)
    assert kept is not None
    assert kept.inputs.named == {"image": "inputs/1/a", "control": "inputs/12/b"}
    assert [(each.role, each.audience) for each in kept.inputs.looks] == [
        ("second_control", Audience(0)),
        ("style_image", Audience(0)),
    ]
    assert {each.file for each in await Removals(sessions).files()} == {"inputs/1/c", "inputs/1/d"}
