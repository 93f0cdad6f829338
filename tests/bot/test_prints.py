from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot import prints
from bot.prints import Prints
from storage import database
from storage.generations import Generations
from storage.images import Images
from storage.records import Generation, Lineage, Origin, Picture
from tests.bot.test_panel import PLAIN


@pytest.fixture
async def four(tmp_path: Path) -> Generation:
    """A request of four pictures that compress badly."""
    images = Images(tmp_path)
    pictures = []
    for index in range(4):
        file = BytesIO()
        Image.effect_noise((128, 128), 90).convert("RGB").save(file, "PNG")
        pictures.append(Picture(index, index, 128, 128, await images.save(1, index, file.getvalue())))
    async with database.opened(tmp_path / "noisefox.db") as sessions:
        generations = Generations(sessions)
        generation = await generations.add(Origin("key", 1, 2, 3), PLAIN, Lineage())
        return await generations.complete(generation.id, pictures, 1.0)


async def test_four_files_that_fit_alone_fit_together(
    four: Generation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = sum((tmp_path / (picture.file or "")).stat().st_size for picture in four.pictures)
    monkeypatch.setattr(prints, "FILE_BYTES", together)
    files = await Prints(Images(tmp_path)).of(four)
    assert {ending for _, ending in files} == {"png"}
    monkeypatch.setattr(prints, "REQUEST_BYTES", together // 2)
    files = await Prints(Images(tmp_path)).of(four)
    assert len(files) == 4
    assert sum(len(data) for data, _ in files) <= together // 2


async def test_what_is_gone_is_left_out(four: Generation, tmp_path: Path) -> None:
    (tmp_path / (four.pictures[0].file or "")).unlink()
    shown = Prints(Images(tmp_path))
    assert len(await shown.of(four)) == 3
    assert await shown.one(four, 0) is None
    assert await shown.thumbnail(four) is None
