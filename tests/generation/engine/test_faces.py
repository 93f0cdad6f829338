"""Faces are drawn anew in the running batch, by the shipped model."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from generation.catalogue import Catalogue, ModelSpec
from generation.engine.scheduling.model_cache import ModelCache
from generation.engine.vision.faces import Box, FaceFinder
from generation.errors import FailureKind
from generation.events import Failed, Progress
from generation.jobs import Inputs
from generation.settings import GenerationSettings
from generation.step_cache import StepCache
from tests.generation.engine import tiny
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.device import DEVICE
from tests.generation.engine.families.flow import FOX
from tests.generation.engine.stock import Pixels


class KnownFaces(FaceFinder):
    """Finds faces where a test says."""

    def __init__(self, *found: Box) -> None:
        self.found = list(found)

    def take(self) -> "KnownFaces":
        return self

    def boxes(self, picture: Image.Image) -> list[Box]:
        return self.found


LEFT, RIGHT = (8.0, 10.0, 30.0, 34.0), (40.0, 30.0, 62.0, 60.0)


@pytest.fixture
def settings(apple: GenerationSettings) -> GenerationSettings:
    return replace(apple, prompt="a cat face", steps=3, guidance_scale=1.0, faces=True)


def drawn(cache: ModelCache, settings: GenerationSettings, *boxes: Box, inputs: Inputs | None = None) -> LoopDriver:
    driver = LoopDriver(cache, faces=KnownFaces(*boxes))
    driver.admit(1, settings, inputs or Inputs())
    driver.run()
    return driver


def inside(*boxes: Box) -> Pixels:
    """True in the boxes, of a picture of 64 x 64 pixels."""
    mask = np.zeros((64, 64), bool)
    for left, top, right, bottom in boxes:
        mask[int(top) : int(bottom), int(left) : int(right)] = True
    return mask


def test_only_faces_change_and_progress_counts_them(shipped: ModelCache, settings: GenerationSettings) -> None:
    settings = replace(settings, steps=5)
    before, driver = drawn(shipped, replace(settings, faces=False)), drawn(shipped, settings, LEFT, RIGHT)
    assert (before.completed(1).faces, driver.completed(1).faces) == (None, 2)
    changed = (driver.pixels(1) != before.pixels(1)).any(axis=2)
    assert not changed[~inside(LEFT, RIGHT)].any()
    assert min(changed[inside(LEFT)].mean(), changed[inside(RIGHT)].mean()) > 0.5
    told = [each for each in driver.events if isinstance(each, Progress)]
    assert [(each.step, each.steps) for each in told] == [(1, 7), (2, 7), (3, 7), (4, 7), (6, 9), (8, 9)]
    assert [each.previews[0].width for each in told] == [8, 8, 8, 8, 64, 64], "the whole picture, with a face"
    with Image.open(BytesIO(driver.completed(1).pictures[0].png)) as image:
        assert "Faces: True" in image.info["parameters"]


def test_a_picture_without_faces_stays_as_it_was(tiny_cache: ModelCache, settings: GenerationSettings) -> None:
    driver = drawn(tiny_cache, settings)
    assert driver.completed(1).faces == 0
    assert (driver.pixels(1) == drawn(tiny_cache, replace(settings, faces=False)).pixels(1)).all()


def test_each_picture_has_its_own_faces_after_hires(tiny_cache: ModelCache, settings: GenerationSettings) -> None:
    larger = replace(settings, count=2, hires_factor=2.0)
    driver = drawn(tiny_cache, larger, (80.0, 80.0, 120.0, 124.0))
    before = drawn(tiny_cache, replace(larger, faces=False))
    assert driver.completed(1).faces == 2
    for index in range(2):
        changed = (driver.pixels(1, index) != before.pixels(1, index)).any(axis=2)
        assert changed[80:124, 80:120].mean() > 0.5
        changed[80:124, 80:120] = False
        assert not changed.any()


def test_a_face_outside_of_the_mask_stays(tiny_cache: ModelCache, settings: GenerationSettings) -> None:
    file, mask_file = BytesIO(), BytesIO()
    Image.linear_gradient("L").resize((64, 64)).convert("RGB").save(file, "PNG")
    mask = Image.new("L", (64, 64))
    mask.paste(255, (0, 0, 40, 64))
    mask.save(mask_file, "PNG")
    inputs = Inputs(image=file.getvalue(), mask=mask_file.getvalue())
    before = drawn(tiny_cache, replace(settings, faces=False), inputs=inputs)
    driver = drawn(tiny_cache, settings, LEFT, RIGHT, inputs=inputs)
    assert driver.completed(1).faces == 1
    changed = (driver.pixels(1) != before.pixels(1)).any(axis=2)
    assert changed[inside(LEFT)].any()
    assert not changed[~inside(LEFT)].any()


def test_models_of_flow_matching_do_it_too_with_a_step_cache(tmp_path: Path) -> None:
    tiny.flux_pipeline().save_pretrained(tmp_path)
    spec = ModelSpec("tiny", str(tmp_path), width=64, height=64, cache=StepCache.FIRST_BLOCK)
    flux = ModelCache(Catalogue([spec]), DEVICE, torch.float32)
    settings = replace(FOX, count=2, faces=True)
    before, driver = drawn(flux, replace(settings, faces=False)), drawn(flux, settings, LEFT)
    assert driver.completed(1).faces == 2
    for index in range(2):
        changed = (driver.pixels(1, index) != before.pixels(1, index)).any(axis=2)
        assert changed[inside(LEFT)].any()
        assert not changed[~inside(LEFT)].any(), "what a cache remembers is of the pictures alone"


def test_without_a_detector_nothing_is_drawn(tiny_cache: ModelCache, settings: GenerationSettings) -> None:
    driver = LoopDriver(tiny_cache)
    driver.admit(1, settings)
    driver.run()
    assert not any(isinstance(each, Progress) for each in driver.events)
    failed = driver.of(1)[-1]
    assert isinstance(failed, Failed)
    assert failed.kind is FailureKind.FACES_UNAVAILABLE
