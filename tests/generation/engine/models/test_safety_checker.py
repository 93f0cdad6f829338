"""Finished pictures, looked at by a checker: a tiny one, made to flag pictures much like a given one."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import torch
from PIL import Image

from generation.catalogue import POCKET, Catalogue
from generation.engine.loop import StepLoop
from generation.engine.models.safety_checker import SafetyChecker, SafetyCheckers
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import CheckerUnavailable, FailureKind
from generation.events import Completed, Event, Failed, Loading, Started
from generation.jobs import Draw, Job, Task, Upscale
from generation.settings import GenerationSettings
from tests.generation.engine import tiny
from tests.generation.engine.conftest import LoopDriver

CPU = torch.device("cpu")


@pytest.fixture
def drawn(driver: LoopDriver, apple: GenerationSettings) -> bytes:
    driver.admit(1, apple)
    driver.run()
    return driver.completed(1).pictures[0].png


def ending_of(task: Task, cache: ModelCache, checker: str) -> Event:
    """How a job ends in a loop whose checker is somewhere."""
    events: list[Event] = []
    checkers = SafetyCheckers(Catalogue([replace(POCKET, safety_checker=checker)]), CPU)
    loop = StepLoop(cache, events.append, BatchSizing(16), checkers=checkers)
    loop.admit(Job(1, "owner", task))
    while not loop.idle:
        loop.step()
    return events[-1]


def flags(event: Event) -> list[bool]:
    assert isinstance(event, Completed), event
    return [picture.flagged for picture in event.pictures]


def test_a_checker_flags_what_it_was_made_for(tmp_path: Path) -> None:
    red, blue = (Image.new("RGB", (64, 48), colour) for colour in ("red", "blue"))
    checker = SafetyChecker.read(str(tiny.safety_checker(tmp_path, red)), CPU)
    assert [checker.flags(image) for image in (red, blue)] == [True, False]
    assert red.getpixel((0, 0)) == (255, 0, 0)


def test_a_whole_pipelines_folder_has_one_too(tmp_path: Path) -> None:
    red = Image.new("RGB", (64, 48), "red")
    checker = tiny.safety_checker(tmp_path / "safety_checker", red)
    (tmp_path / "feature_extractor").mkdir()
    (checker / "preprocessor_config.json").rename(tmp_path / "feature_extractor" / "preprocessor_config.json")
    assert SafetyChecker.read(str(tmp_path), CPU).flags(red)


def test_only_what_is_to_be_checked_is(
    cache: ModelCache, apple: GenerationSettings, drawn: bytes, tmp_path: Path
) -> None:
    checker = str(tiny.safety_checker(tmp_path, Image.open(BytesIO(drawn))))
    assert flags(ending_of(Draw(apple, check=True), cache, checker)) == [True]
    assert flags(ending_of(Draw(replace(apple, prompt="a castle"), check=True), cache, checker)) == [False]
    assert flags(ending_of(Draw(apple), cache, checker)) == [False]
    assert flags(ending_of(Upscale(apple, drawn, check=True), cache, checker)) == [True]


@pytest.mark.parametrize("checker", ["", "/nowhere"])
def test_what_cannot_be_checked_fails_before_it_is_drawn(
    cache: ModelCache, apple: GenerationSettings, checker: str
) -> None:
    ending = ending_of(Draw(apple, check=True), cache, checker)
    assert isinstance(ending, Failed)
    assert ending.kind is FailureKind.CHECKER_UNAVAILABLE


def test_each_checker_is_read_once(tmp_path: Path) -> None:
    source = str(tiny.safety_checker(tmp_path, Image.new("RGB", (64, 64), "red")))
    models = [replace(POCKET, name=name, safety_checker=source) for name in ("one", "two")]
    checkers = SafetyCheckers(Catalogue([*models, POCKET]), CPU)
    assert checkers.take("one") is checkers.take("two")
    with pytest.raises(CheckerUnavailable):
        checkers.take("pocket")


def test_what_is_flagged_is_not_explained_and_ends(
    cache: ModelCache, tmp_path: Path, apple: GenerationSettings, drawn: bytes
) -> None:
    checker = tiny.safety_checker(tmp_path, Image.open(BytesIO(drawn)))
    ending = ending_of(Draw(apple, explained=True, check=True), cache, str(checker))
    assert flags(ending) == [True]
    assert isinstance(ending, Completed)
    assert ending.explanation is None


def test_reading_a_checker_is_told(cache: ModelCache, tmp_path: Path, apple: GenerationSettings) -> None:
    checker = str(tiny.safety_checker(tmp_path, Image.new("RGB", (64, 64), "red")))
    cache.take("pocket", lambda share: None)
    events: list[Event] = []
    checkers = SafetyCheckers(Catalogue([replace(POCKET, safety_checker=checker)]), CPU)
    loop = StepLoop(cache, events.append, BatchSizing(16), checkers=checkers)
    for job_id in (1, 2):
        loop.admit(Job(job_id, "owner", Draw(apple, check=True)))
    assert [type(event) for event in events] == [Loading, Started, Started]
