"""How long things take: learned from what ran, told to those who wait."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping

from bot.jobs import comparison_parts
from bot.jobs.forecast import Expected, Forecast, Turn
from bot.jobs.in_flight import InFlight
from bot.jobs.room import Room
from generation import cost, upscaling
from generation.catalogue import Catalogue
from generation.fair_order import FairOrder
from generation.model_loads import LOADING, ModelLoads
from generation.pace import Drawing, Key, Pace, Work
from generation.settings import GenerationSettings
from storage.paces import Paces
from storage.records import Action, Generation


class Estimates:
    """Seconds until requests are drawn. All are None where nothing is known of a model yet."""

    def __init__(
        self,
        *,
        pace: Pace,
        loads: ModelLoads,
        paces: Paces,
        catalogue: Catalogue,
        patience: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pace = pace
        self._loads = loads
        self._paces = paces
        self._catalogue = catalogue
        self._patience = patience
        """Seconds that a job waits for those of other models; see `WorkerConfig.model_wait_seconds`."""
        self._clock = clock
        self._explanations: dict[int, tuple[float, float]] = {}
        """When each explanation in the pool was begun, and the share of it that is made."""
        self._turns: dict[int, list[Turn]] = {}
        """What is left of each request that waited at the last forecast."""

    async def load(self) -> None:
        """Take over what an earlier run learned."""
        known = await self._paces.all()
        self._loads.knows({model: seconds for (model, pixels), seconds in known.items() if pixels == LOADING})
        self._pace.knows({key: seconds for key, seconds in known.items() if key[1] != LOADING})

    def seconds_for(self, settings: GenerationSettings) -> float | None:
        """The seconds of a request by itself, as its model's speed was measured; None where it was not."""
        drawing = Drawing.of(Work(settings))
        a_forward = self._pace.seconds_together([drawing])
        return None if a_forward is None else drawing.forwards * a_forward

    def loading(self, generation: Generation, model: str) -> None:
        """A model is being read for a job, which counts for none."""
        self._pace.load()
        self._loads.begin(generation.id, model)

    def submit(self, generation: Generation) -> None:
        """The pool has a job, and draws it at once if it draws with that model anyway."""
        if not generation.lineage.action.enlarges:
            work = comparison_parts.work_next(generation)
            if self._loads.loaded[-1:] == [work.settings.model]:
                self._pace.begin(generation.id, work)

    def begin(self, generation: Generation) -> dict[Key, float]:
        """A job runs; what was learned of loading its model. An upscale begins to count with the first step that is
        drawn."""
        self._explanations.pop(generation.id, None)
        enlarges = generation.lineage.action.enlarges
        work = self.redrawn(generation) if enlarges else comparison_parts.work_next(generation)
        if work is None:
            return {}
        if not enlarges:
            self._pace.begin(generation.id, work)
        seconds = self._loads.use(generation.id, work.settings.model)
        return {} if seconds is None else {(work.settings.model, LOADING): seconds}

    def advance(self, generation: Generation, step: int, steps: int) -> tuple[float, float | None]:
        """Note the progress of a job: the share of it that is done, 0 to 1, and the seconds that are left.

        The tiles of a creative upscale are enlarged first, which counts for nothing.
        """
        if redrawn := self.redrawn(generation):
            step, steps = step - (steps - redrawn.steps), redrawn.steps
            if step <= 0:
                return 0.0, None
            if generation.id not in self._pace:
                self._pace.begin(generation.id, redrawn)
        self._pace.step(generation.id, step)
        return step / steps, self._pace.left(generation.id)

    def explain(self, generation: Generation, part: int, parts: int) -> float | None:
        """Note that so many parts of an explanation are made, after the last step; the seconds that are left, if that
        is known. Its time counts for no step."""
        if generation.id not in self._explanations:
            self._pace.complete(generation.id)
            self._pace.end(generation.id)
        begun, _ = self._explanations.get(generation.id, (self._clock(), 0.0))
        self._explanations[generation.id] = begun, part / parts
        return (self._clock() - begun) / part * (parts - part) if part else None

    def complete(self, generation: Generation) -> None:
        """All steps of a job are done, of which the last ones are not reported."""
        self._pace.complete(generation.id)

    def end(self, job_id: int) -> dict[Key, float]:
        """A job has left the pool and is written down, so that another may have its room; what was learned of the
        pace."""
        self._loads.end(job_id)
        self._explanations.pop(job_id, None)
        return self._pace.end(job_id)

    async def keep(self, learned: dict[Key, float]) -> None:
        """Keep what was learned for the next start."""
        for (model, pixels), seconds in learned.items():
            await self._paces.keep(model, pixels, seconds)

    def forecast(
        self, running: Iterable[InFlight], order: FairOrder, room: Room, waiting: Mapping[int, Generation]
    ) -> Forecast:
        """A forecast, not played yet, of what is `running` and of the `order`'s jobs, whose requests are `waiting`;
        it takes the order and the room."""
        forecast = Forecast(order=order, room=room, pace=self._pace, loads=self._loads, patience=self._patience)
        for each in running:
            if each.is_over:
                continue
            forecast.add_running(Expected(each.job, self._turns_of_running(each.generation), each.beside))
        self._turns = {job_id: self._turns.get(job_id) or self._turns_of(each) for job_id, each in waiting.items()}
        for job in order:
            forecast.add_waiting(Expected(job, deque(self._turns[job.id])))
        return forecast

    def _turns_of_running(self, generation: Generation) -> deque[Turn]:
        """What is left of a request in the pool."""
        first, *others = self._turns_of(generation)
        if explanation := self._explanations.get(generation.id):
            tail = first[-1]
            return deque([(tail._replace(forwards=tail.forwards * (1 - explanation[1])),)])
        left = self._pace.remaining(generation.id)
        return deque([(left, *first[1:]) if left else first, *others])

    def _turns_of(self, generation: Generation) -> list[Turn]:
        """What is left of a request, turn by turn."""
        if generation.lineage.action.enlarges:
            redrawn = self.redrawn(generation)
            return [(Drawing.of(redrawn),) if redrawn else ()]
        turns: list[Turn] = [(Drawing.of(work),) for work in comparison_parts.parts_left(generation)]
        if generation.lineage.action is Action.EXPLAIN:
            [(drawing,)] = turns
            turns = [(drawing, Drawing(drawing.key, cost.EXPLAINED, 1))]
        return turns

    def redrawn(self, generation: Generation) -> Work | None:
        """The drawing of a creative upscale; None for any other request."""
        settings = generation.settings
        if generation.lineage.action is not Action.CREATIVE_UPSCALE or settings.model not in self._catalogue.names:
            return None
        return upscaling.creative_work(settings, self._catalogue.get(settings.model), generation.factor)
