"""A job in the batch: its pictures, those at work and those that are done."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from generation import cost
from generation.engine.denoising.state import DenoisingState
from generation.engine.explain import Recorder
from generation.engine.runtime import memory
from generation.explanation import Explanation
from generation.jobs import Draw, Inputs, Job
from generation.pictures import Picture, Preview
from generation.settings import GenerationSettings

FRAME_SHARE = 0.05
"""Of the device's time that a job had so far, how much decoding frames for its preview may cost, the next one
included; so all frames together cost no more than that of all the time."""


@dataclass(eq=False)
class RunningJob:
    """The pictures of one job. `started` is the moment by the loop's clock."""

    job: Job
    started: float
    states: list[DenoisingState]
    recorder: Recorder | None = None
    """What watches the first picture, where it is to be explained."""
    explanation: Explanation | None = None
    frame_wanted: bool = False
    frame_seconds: float = 0.0
    """What they cost so far; without end once there was no memory for one."""
    pictures: dict[int, Picture] = field(default_factory=dict)
    in_tiles: bool = False
    """Whether any picture so far was decoded in tiles."""

    @property
    def settings(self) -> GenerationSettings:
        """Of the whole request."""
        return self._task.settings

    @property
    def each(self) -> tuple[GenerationSettings, ...]:
        """Of each picture by itself."""
        return self._task.each

    @property
    def inputs(self) -> Inputs:
        """The pictures that it starts from, keeps to or hears."""
        return self._task.inputs

    @property
    def from_picture(self) -> bool:
        """True where it starts from another picture than noise."""
        return bool(self.inputs.image)

    @property
    def steps(self) -> int:
        """How many there are in all: of one picture, or of all cells of a sheet."""
        if cells := self._task.cells:
            return sum(cost.steps(each, self.from_picture) for each in cells)
        return cost.steps(self.settings, self.from_picture)

    @property
    def step(self) -> int:
        """How many of them are done."""
        done = [state.step for state in self.states]
        return sum(done) if self._task.cells else min(done)

    @property
    def drawn(self) -> bool:
        """True where no picture needs another step."""
        return all(state.finished for state in self.states)

    @property
    def developed(self) -> bool:
        """True where every picture is there as a file, and the explanation that was asked for."""
        explained = self.recorder is None or self.explanation is not None
        return explained and len(self.pictures) == len(self.states)

    @property
    def _task(self) -> Draw:
        assert isinstance(self.job.task, Draw)
        return self.job.task

    def _frames_with_next(self) -> float:
        """What decoded frames cost once there is one more of each picture."""
        return self.frame_seconds + sum(each.model.frame_cost.seconds(each.visible) for each in self.states)

    def look(self, clock: Callable[[], float], had: float) -> tuple[Preview, ...]:
        """Previews of all pictures: decoded where that is wanted and affordable for a job that `had` so much of the
        device's time, else the linear map."""
        if self.frame_wanted and self._frames_with_next() <= FRAME_SHARE * had:
            self.frame_wanted = False
            before = clock()
            try:
                return tuple(state.model.frame(state.visible) for state in self.states)
            except memory.ERRORS as error:
                if not memory.is_exhausted(error):
                    raise
                self.frame_seconds = math.inf
            finally:
                self.frame_seconds += clock() - before
        return tuple(state.model.preview(state.visible) for state in self.states)
