"""The Edit button with a real model that follows instructions: a tiny random one in the real worker."""

from pathlib import Path

import numpy
import pytest

from bot.config import Config, WorkerConfig
from generation.catalogue import POCKET, ModelSpec
from generation.local_pool import LocalPool
from tests.generation.engine.families import tiny_flux_2
from tests.journeys.conftest import Member, Start, words_of
from tests.journeys.test_result import settings_in


@pytest.mark.real_worker
async def test_the_words_go_to_the_model_as_they_are(
    start: Start, member: Member, tmp_path: Path, worker_command: tuple[str, ...]
) -> None:
    tiny_flux_2.klein(is_distilled=False).save_pretrained(tmp_path / "editor")
    editor = ModelSpec("editor", str(tmp_path / "editor"), width=64, height=64, steps=1, guidance_scale=2.0)
    config = Config(models=(POCKET, editor), worker=WorkerConfig(dtype="float32", max_pictures=2))
    async with (
        LocalPool(config.worker_options, worker_command) as pool,
        start(pool, models=config.models, edit_model="editor"),
    ):
        first = await member.imagine("a red apple", seed=7, steps=1)
        form = (await member.click(first, "Edit")).modal
        outcome = await member.submit(form, {"change": "make it green"})
        assert outcome.message is not None, outcome
        edited = await member.see_finished(outcome.message)
        settings = await settings_in(member, edited, 1)
        assert (settings.prompt, settings.model) == ("make it green", "editor")
        before, after = await member.image(edited, 0), await member.image(edited, 1)
        assert before.size == after.size == (128, 128)
        assert (numpy.asarray(before.convert("RGB")) != numpy.asarray(after.convert("RGB"))).any()
        assert "Edit of" in words_of(edited)
