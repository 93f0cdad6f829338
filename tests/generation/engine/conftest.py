from collections.abc import Callable
from dataclasses import replace
from time import monotonic

import pytest
import torch

from generation.catalogue import POCKET, Catalogue
from generation.engine.loop import StepLoop
from generation.engine.models import Model
from generation.engine.shelf import Shelf
from generation.engine.sizing import Sizing
from generation.events import Completed, Event
from generation.jobs import Draw, Inputs, Job
from generation.settings import GenerationSettings

NO_INPUTS = Inputs()


class LoopDriver:
    """A step loop, driven by hand; `events` is all it said."""

    def __init__(self, shelf: Shelf, sizing: Sizing | None = None, clock: Callable[[], float] = monotonic) -> None:
        self.events: list[Event] = []
        self.loop = StepLoop(shelf, self.events.append, sizing or Sizing(16), clock=clock)

    def admit(self, job_id: int, settings: GenerationSettings, inputs: Inputs = NO_INPUTS) -> None:
        self.loop.admit(Job(job_id, f"owner {job_id}", Draw(settings, inputs)))

    def run(self) -> None:
        while not self.loop.idle:
            self.loop.step()

    def of(self, job_id: int) -> list[Event]:
        return [event for event in self.events if event.job_id == job_id]

    def completed(self, job_id: int) -> Completed:
        ending = self.of(job_id)[-1]
        assert isinstance(ending, Completed), ending
        return ending


@pytest.fixture(scope="session")
def shelf() -> Shelf:
    """With the shipped model, the same by another name, and one that is not there."""
    models = [POCKET, replace(POCKET, name="twin"), replace(POCKET, name="missing", source="/nowhere")]
    return Shelf(Catalogue(models), torch.device("cpu"), torch.float32)


@pytest.fixture
def pocket(shelf: Shelf) -> Model:
    return shelf.take("pocket", on_load=lambda share: None)


@pytest.fixture
def driver(shelf: Shelf, pocket: Model) -> LoopDriver:
    return LoopDriver(shelf)


@pytest.fixture
def apple() -> GenerationSettings:
    return GenerationSettings(
        prompt="a red apple", seed=7, model="pocket", width=64, height=64, steps=6, guidance_scale=5.0
    )
