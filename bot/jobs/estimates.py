"""How long things take: learned from what ran, told to those who wait."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping

from bot.jobs import comparison_parts
from bot.jobs.forecast import Forecast
from bot.jobs.in_flight import InFlight
from bot.jobs.played_worker import Expected, Turn
from bot.jobs.worker import Worker
from bot.jobs.workers import Workers
from generation import cost, upscaling
from generation.catalogue import Catalogue
from generation.fair_order import FairOrder
from generation.model_loads import LOADING
from generation.pace import Drawing, Key, Work
from generation.settings import GenerationSettings
from storage.paces import Paces
from storage.records import Action, Generation


class Estimates:
    """Seconds until requests are drawn. All are None where nothing is known of a model yet."""

    def __init__(
        self,
        *,
        workers: Workers,
        paces: Paces,
        catalogue: Catalogue,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workers = workers
        self._paces = paces
        self._catalogue = catalogue
        self._clock = clock
        self._explanations: dict[int, tuple[float, float]] = {}
        """When each explanation that a worker makes was begun, and the share of it that is made."""
        self._turns: dict[int, list[Turn]] = {}
        """What is left of each request that waited at the last forecast."""
        self._next: dict[int, tuple[Generation, Turn]] = {}
        """What each request draws next that waits."""

    async def load(self) -> None:
        """Take over what an earlier run learned."""
        self._workers.knows(await self._paces.all())

    def seconds_for(self, settings: GenerationSettings) -> float | None:
        """The seconds of a request by itself, as its model's speed was measured, where it was fastest; None where it
        was not."""
        drawing = Drawing.of(Work(settings))
        measured = [
            a_forward
            for worker in self._workers.of(self._workers.line_of_model(settings.model))
            if (a_forward := worker.pace.seconds_together([drawing])) is not None
        ]
        return drawing.forwards * min(measured) if measured else None

    def loading(self, flight: InFlight, model: str) -> None:
        """A model is being read for a job, which counts for none."""
        flight.worker.pace.load()
        flight.worker.loads.begin(flight.job.id, model)

    def submit(self, flight: InFlight) -> None:
        """A worker has a job, and draws it at once if it draws with that model anyway."""
        if not flight.generation.lineage.action.enlarges:
            work = comparison_parts.work_next(flight.generation)
            if flight.worker.loads.loaded[-1:] == [work.settings.model]:
                flight.worker.pace.begin(flight.job.id, work)

    def begin(self, flight: InFlight) -> dict[Key, float]:
        """A job runs; what was learned of loading its model. An upscale begins to count with the first step that is
        drawn."""
        generation, worker = flight.generation, flight.worker
        self._explanations.pop(generation.id, None)
        enlarges = generation.lineage.action.enlarges
        work = self.redrawn(generation) if enlarges else comparison_parts.work_next(generation)
        if work is None:
            return {}
        if not enlarges:
            worker.pace.begin(generation.id, work)
        seconds = worker.loads.use(generation.id, work.settings.model)
        return {} if seconds is None else {(work.settings.model, LOADING): seconds}

    def advance(self, flight: InFlight, step: int, steps: int) -> tuple[float, float | None]:
        """Note the progress of a job: the share of it that is done, 0 to 1, and the seconds that are left.

        The tiles of a creative upscale are enlarged first, which counts for nothing.
        """
        pace, job_id = flight.worker.pace, flight.job.id
        if redrawn := self.redrawn(flight.generation):
            step, steps = step - (steps - redrawn.steps), redrawn.steps
            if step <= 0:
                return 0.0, None
            if job_id not in pace:
                pace.begin(job_id, redrawn)
        pace.step(job_id, step)
        return step / steps, pace.left(job_id)

    def explain(self, flight: InFlight, part: int, parts: int) -> float | None:
        """Note that so many parts of an explanation are made, after the last step; the seconds that are left, if that
        is known. Its time counts for no step."""
        pace, job_id = flight.worker.pace, flight.job.id
        if job_id not in self._explanations:
            pace.complete(job_id)
            pace.end(job_id)
        begun, _ = self._explanations.get(job_id, (self._clock(), 0.0))
        self._explanations[job_id] = begun, part / parts
        return (self._clock() - begun) / part * (parts - part) if part else None

    def complete(self, flight: InFlight) -> None:
        """All steps of a job are done, of which the last ones are not reported."""
        flight.worker.pace.complete(flight.job.id)

    def end(self, flight: InFlight) -> dict[Key, float]:
        """A job has left its worker and is written down, so that another may have its room; what was learned of the
        pace."""
        flight.worker.loads.end(flight.job.id)
        self._explanations.pop(flight.job.id, None)
        return flight.worker.pace.end(flight.job.id)

    async def keep(self, worker: Worker, learned: dict[Key, float]) -> None:
        """Keep what was learned of a worker for the next start."""
        for (model, pixels), seconds in learned.items():
            await self._paces.keep(worker.key, model, pixels, seconds)

    def turn_of(self, generation: Generation) -> Turn:
        """What a request draws next."""
        known, turn = self._next.get(generation.id, (None, ()))
        if known is not generation:
            turn = self._turns_of(generation)[0]
            self._next[generation.id] = generation, turn
        return turn

    def forecast(
        self, line: str, running: Iterable[InFlight], order: FairOrder, waiting: Mapping[int, Generation]
    ) -> Forecast:
        """A forecast, not played yet, of what the workers of a line have of what is `running`, and of the `order`'s
        jobs, whose requests are among those `waiting`."""
        played = {worker: worker.played() for worker in self._workers.of(line)}
        forecast = Forecast(order, [*played.values()])
        for each in running:
            if not each.is_over and (worker := played.get(each.worker)):
                forecast.add_running(Expected(each.job, self._turns_of_running(each), each.beside), worker)
        self._turns = {job_id: turns for job_id, turns in self._turns.items() if job_id in waiting}
        self._next = {job_id: turn for job_id, turn in self._next.items() if job_id in waiting}
        for job in order:
            turns = self._turns.get(job.id) or self._turns_of(waiting[job.id])
            self._turns[job.id] = turns
            forecast.add_waiting(Expected(job, deque(turns)))
        return forecast

    def _turns_of_running(self, flight: InFlight) -> deque[Turn]:
        """What is left of a request that a worker has."""
        first, *others = self._turns_of(flight.generation)
        if explanation := self._explanations.get(flight.job.id):
            tail = first[-1]
            return deque([(tail._replace(forwards=tail.forwards * (1 - explanation[1])),)])
        left = flight.worker.pace.remaining(flight.job.id)
        return deque([(left, *first[1:]) if left else first, *others])

    def _turns_of(self, generation: Generation) -> list[Turn]:
        """What is left of a request, turn by turn."""
        if generation.lineage.action.enlarges:
            redrawn = self.redrawn(generation)
            return [(Drawing.of(redrawn),) if redrawn else ()]
        turns: list[Turn] = [(Drawing.of(work),) for work in comparison_parts.parts_left(generation)]
        if generation.lineage.action.shows_steps:
            [(drawing,)] = turns
            turns = [(drawing, Drawing(drawing.key, cost.EXPLAINED, 1))]
        return turns

    def redrawn(self, generation: Generation) -> Work | None:
        """The drawing of a creative upscale; None for any other request."""
        settings = generation.settings
        if generation.lineage.action is not Action.CREATIVE_UPSCALE or settings.model not in self._catalogue.names:
            return None
        return upscaling.creative_work(settings, self._catalogue.get(settings.model), generation.factor)
