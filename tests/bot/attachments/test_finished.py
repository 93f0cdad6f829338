from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot.attachments import finished
from bot.attachments.finished import FinishedFiles
from bot.views import request as layouts
from generation.figures import files as figure_files
from storage import database
from storage.generations import Generations
from storage.images import Images
from storage.records import Generation, Lineage, NsfwPolicy, Origin, Picture
from tests.bot.interactions.test_remix_modal import SETTINGS
from tests.databases import save_empty
from tests.saved import saved


@pytest.fixture
async def four(tmp_path: Path) -> Generation:
    """A request of four pictures that compress badly."""
    images = Images(tmp_path)
    pictures = []
    for index in range(4):
        file = BytesIO()
        Image.effect_noise((128, 128), 90).convert("RGB").save(file, "PNG")
        pictures.append(Picture(index, index, 128, 128, await images.save(1, index, file.getvalue())))
    save_empty(tmp_path / "noisefox.db")
    async with database.opened(tmp_path / "noisefox.db") as sessions:
        generations = Generations(sessions)
        generation = await saved(generations, Origin("key", 1, 2, 3), SETTINGS, Lineage())
        return await generations.complete(generation.id, pictures, 1.0)


async def test_four_files_that_fit_alone_fit_together(
    four: Generation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = sum((tmp_path / (picture.file or "")).stat().st_size for picture in four.pictures)
    files = await FinishedFiles(Images(tmp_path)).of(four)
    assert {each.ending for each in files} == {"png"}
    monkeypatch.setattr(finished, "REQUEST_BYTES", together // 2)
    files = await FinishedFiles(Images(tmp_path)).of(four)
    assert [each.index for each in files] == [0, 1, 2, 3]
    assert sum(len(each.data) for each in files) <= together // 2


async def test_the_cap_of_the_place_decides(four: Generation, tmp_path: Path) -> None:
    shown = FinishedFiles(Images(tmp_path))
    for most in (30_000, 10_000):
        files = await shown.of(four, most)
        assert {each.ending for each in files} == {"webp"}
        assert all(len(each.data) <= most for each in files)
    one = await shown.one(four, 2, 10_000)
    assert one is not None
    assert len(one.data) <= 10_000


async def test_what_must_not_be_seen_is_no_file(four: Generation, tmp_path: Path) -> None:
    flagged = tuple(replace(each, flagged=each.index == 1) for each in four.pictures)
    blocked = replace(four, pictures=flagged, origin=replace(four.origin, guard=NsfwPolicy.BLOCK))
    shown = FinishedFiles(Images(tmp_path))
    assert [each.index for each in await shown.of(blocked)] == [0, 2, 3]
    assert await shown.one(blocked, 1) is None
    covered = replace(blocked, origin=replace(four.origin, guard=NsfwPolicy.SPOILER))
    names = list(layouts.named(covered, await shown.of(covered)))
    assert [name.startswith("SPOILER_") for name in names] == [False, True, False, False]


async def test_what_is_gone_is_left_out(four: Generation, tmp_path: Path) -> None:
    (tmp_path / (four.pictures[0].file or "")).unlink()
    shown = FinishedFiles(Images(tmp_path))
    assert len(await shown.of(four)) == 3
    assert await shown.one(four, 0) is None
    assert await shown.thumbnail(four) is None


def test_the_three_files_of_an_explanation_fit_one_message() -> None:
    assert 3 * figure_files.MOST_BYTES <= finished.REQUEST_BYTES
    assert figure_files.MOST_BYTES <= finished.DISCORD_FILE_BYTES


async def test_an_original_that_no_message_holds_is_promised_nowhere(four: Generation) -> None:
    for kept, promised in ((finished.REQUEST_BYTES, True), (finished.REQUEST_BYTES + 1, False)):
        content = layouts.file_of_one(four, finished.PictureFile(0, b"", "webp", exact=False, kept_bytes=kept))
        assert ("larger files are allowed" in str(content.view.to_components())) is promised  # type: ignore[no-untyped-call]
