"""Z-Image in the running batch: the pixels of diffusers' own pipelines."""

from dataclasses import replace
from typing import Any

import pytest
from diffusers import ZImageImg2ImgPipeline, ZImageInpaintPipeline

from generation.engine.scheduling.batch_sizing import BatchSizing
from tests.generation.engine import given
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.families import tiny_z_image as tiny
from tests.generation.engine.families.flow import FOX, Flow

LONG = "a fox that looks for something in the long grass behind the house"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    return Flow(tmp_path_factory.mktemp("base"), tiny.pipeline(use_dynamic_shifting=True), tiny.told)


@pytest.mark.parametrize(
    "changes",
    [{}, {"negative_prompt": "green"}, {"negative_prompt": LONG}, {"prompt": LONG}, {"width": 104, "height": 72}],
    ids=str,
)
def test_words(base: Flow, changes: dict[str, Any]) -> None:
    base.check(replace(FOX, **changes))


def test_words_of_turbo(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Which is for the scale at which there is no guidance, with a shift of its own."""
    turbo = Flow(tmp_path_factory.mktemp("turbo"), tiny.pipeline(shift=3.0), tiny.told)
    turbo.check(replace(FOX, guidance_scale=1.0))


@pytest.mark.parametrize("strength", [0.25, 0.75, 1.0])
def test_a_start_picture(base: Flow, strength: float) -> None:
    settings = replace(FOX, denoising_strength=strength)
    base.check(settings, given.PICTURE, kind=ZImageImg2ImgPipeline, image=given.picture(), strength=strength)


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_a_mask(base: Flow, strength: float) -> None:
    base.check_masked(ZImageInpaintPipeline, strength)


@pytest.mark.parametrize("negative", ["green", LONG])
def test_neighbours_change_no_bit(base: Flow, negative: str) -> None:
    base.check_neighbours(replace(FOX, negative_prompt=negative))


FORWARDS = [("green", False, [2]), (LONG, False, [1, 1]), (LONG, True, [4, 4])]


@pytest.mark.parametrize(("negative", "strict", "rows"), FORWARDS)
def test_texts_of_other_lengths_take_forwards_of_their_own(
    base: Flow, monkeypatch: pytest.MonkeyPatch, negative: str, strict: bool, rows: list[int]
) -> None:
    transformer, seen = base.model.family.transformer, list[int]()

    def watched(pictures: list[Any], *given: Any, _forward: Any = transformer.forward, **named: Any) -> Any:
        seen.append(len(pictures))
        return _forward(pictures, *given, **named)

    monkeypatch.setattr(transformer, "forward", watched)
    LoopDriver(base.cache, BatchSizing(4, strict)).drawn(replace(FOX, steps=1, negative_prompt=negative))
    assert seen == rows


def test_the_end_that_is_not_read_is_that_of_the_prompt(base: Flow) -> None:
    """The words of a chat around it take a part of the 512 tokens that are read."""
    row, _ = base.model.encode_prompts(replace(FOX, prompt="fox " * 200 + "hat"))
    assert row.unread.endswith("fox hat")
    assert 0 < len(row.unread) < len("fox " * 200)
