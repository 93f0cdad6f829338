"""A job in the batch: its pictures, those still being denoised and those that are files already."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from generation import cost
from generation.engine.denoising.faces import FaceRedrawing
from generation.engine.denoising.state import DenoisingState
from generation.engine.explain import Recorder
from generation.engine.runtime import memory
from generation.explanation import Explanation
from generation.jobs import Draw, Inputs, Job
from generation.pictures import Picture, Preview
from generation.settings import GenerationSettings

FRAME_SHARE = 0.05
"""The share of a job's device time that decoding frames for its previews may cost, the next frame included."""


@dataclass(eq=False)
class RunningJob:
    """The pictures of one job. `started` is in seconds of the loop's clock."""

    job: Job
    started: float
    states: list[DenoisingState]
    """One for each picture, in order."""
    recorder: Recorder | None = None
    """Records the first picture, where the job asks for an explanation."""
    explanation: Explanation | None = None
    frame_wanted: bool = False
    frame_seconds: float = 0.0
    """The cost of all frames so far; infinite once memory was not enough for one."""
    pictures: dict[int, Picture] = field(default_factory=dict)
    """The finished ones, by index."""
    faces: dict[int, FaceRedrawing] = field(default_factory=dict)
    """The faces of pictures in which they were looked for, by index."""
    in_tiles: bool = False
    """True where any picture so far was decoded in tiles."""
    begun: int = 0
    """How many pictures have begun."""

    @property
    def settings(self) -> GenerationSettings:
        """The settings of the whole request."""
        return self.task.settings

    @property
    def each(self) -> tuple[GenerationSettings, ...]:
        """The settings of each picture by itself."""
        return self.task.each

    @property
    def inputs(self) -> Inputs:
        """The init image, mask, control image and image prompts."""
        return self.task.inputs

    @property
    def from_picture(self) -> bool:
        """True where the pictures start from an init image."""
        return bool(self.inputs.image) and self.states[0].init_image is not None

    @property
    def steps(self) -> int:
        """The number of steps: of the picture that has most, or of all that are drawn one after the other or are cells
        of a sheet. It changes once the number of faces is known."""
        return sum(self._steps_of_each) if self._counts_all else max(self._steps_of_each)

    @property
    def step(self) -> int:
        """How many of the `steps` are done."""
        if self._counts_all:
            return sum(state.step for state in self.states)
        counts = self._steps_of_each
        return max(counts) - max(steps - state.step for steps, state in zip(counts, self.states, strict=True))

    @property
    def _steps_of_each(self) -> list[int]:
        """The steps of each picture; as long as its faces are not known, with one."""
        found = []
        for index, settings in enumerate(self.each):
            faces = self.faces.get(index)
            known = replace(settings, faces=False) if faces else settings
            found.append(cost.steps(known, self.from_picture) + (faces.steps if faces else 0))
        return found

    @property
    def faces_found(self) -> int | None:
        """How many faces are drawn anew; None where that was not asked for."""
        return sum(each.found for each in self.faces.values()) if self.faces else None

    @property
    def _counts_all(self) -> bool:
        return bool(self.task.cells) or self.states[0].model.one_by_one

    @property
    def unread(self) -> str:
        """The end of a prompt that the model does not read; the first where there are several."""
        return next((state.unread for state in self.states if state.unread), "")

    @property
    def is_denoised(self) -> bool:
        """True where no picture needs another step."""
        return all(state.finished for state in self.states)

    @property
    def is_complete(self) -> bool:
        """True where every picture is a file, and the explanation is there if the job asks for one."""
        explained = self.recorder is None or self.explanation is not None
        return explained and len(self.pictures) == len(self.states)

    @property
    def task(self) -> Draw:
        assert isinstance(self.job.task, Draw)
        return self.job.task

    def begin_next(self) -> list[DenoisingState]:
        """Begin the pictures whose turn it is: all at once, or the next one where they are drawn one by one."""
        model = self.states[0].model
        model.end_pictures()
        following = self.states[self.begun :][: 1 if model.one_by_one else None]
        self.begun += len(following)
        for state in following:
            state.begin()
        return following

    def replace_state(self, index: int, state: DenoisingState) -> DenoisingState:
        """Have a picture go on with another state, which is returned."""
        self.states[index] = state
        return state

    def previews(self, clock: Callable[[], float], device_seconds: float) -> tuple[Preview, ...]:
        """A preview of each picture: decoded where that is wanted and affordable for a job that has had so many
        `device_seconds`, else by the linear map. Empty where memory is not enough for either.
        """
        try:
            each = self._frames(clock, device_seconds) or self._linear_previews()
            return tuple(self.faces[at].shown(one) if at in self.faces else one for at, one in enumerate(each))
        except memory.ERRORS as error:
            if not memory.is_exhausted(error):
                raise
        return ()

    def _frames(self, clock: Callable[[], float], device_seconds: float) -> tuple[Preview, ...]:
        """Decoded previews; empty where they are not wanted, cost too much, or have not enough memory."""
        if not self.frame_wanted or self._frame_seconds_with_next() > FRAME_SHARE * device_seconds:
            return ()
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
        return ()

    def _frame_seconds_with_next(self) -> float:
        return self.frame_seconds + sum(each.model.frame_cost.seconds(each.visible) for each in self.states)

    def _linear_previews(self) -> tuple[Preview, ...]:
        return tuple(state.model.preview(state.visible) for state in self.states)
