"""From a saved request to a finished one: feeds the workers, follows their events, keeps the messages in step."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from bot.delivery.updates import MessageUpdates
from bot.errors import sentence_for_failure
from bot.jobs import comparison_parts
from bot.jobs.estimates import Estimates
from bot.jobs.in_flight import InFlight, InFlightJobs
from bot.jobs.placing import Placing
from bot.jobs.results import Results
from bot.jobs.tasks import Tasks
from bot.jobs.unkept import Unkept
from bot.jobs.waiting_times import WaitingTimes
from bot.jobs.worker import Worker
from bot.jobs.workers import Workers
from generation.errors import LimitExceeded
from generation.events import Cancelled, Completed, Ending, Event, Explaining, Failed, Loading, Progress, Started
from generation.fair_queue import FairQueue
from generation.jobs import Job
from generation.pace import Key, Work
from generation.pool import Lost, WorkerPool, WorkersChanged
from generation.sentences import Sentence
from storage.database import StorageError
from storage.generations import Generations
from storage.records import Generation

log = logging.getLogger(__name__)

_GONE = Sentence("A picture that this request needs is no longer available. Ask again with another one.")


class Dispatcher:
    """Draws what is saved. `run` it for as long as the bot lives."""

    def __init__(
        self,
        *,
        workers: Workers,
        generations: Generations,
        tasks: Tasks,
        results: Results,
        estimates: Estimates,
        delivery: MessageUpdates,
        longest_line: int,
        rest: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """`rest` waits for so many seconds after everybody was told their place."""
        self._workers = workers
        self._generations = generations
        self._tasks = tasks
        self._results = results
        self._estimates = estimates
        self._delivery = delivery
        self._longest_line = longest_line
        self._in_flight = InFlightJobs()
        self._queue = FairQueue(lambda job: self._placing(job).goes_beside(job), workers.line_of)
        self._placings: dict[str, Placing] = {}
        """Where the jobs of each line go, until something changes."""
        self.taking_in = asyncio.Lock()
        """Held by whoever saves requests until they have their places, and by whoever decides which are idle: otherwise
        a request that was saved a moment ago seems to be one that nobody works on. Budgets are checked and charged
        under it."""
        self._expected: dict[int, Generation] = {}
        """Requests that are being prepared; then they wait."""
        self._stops: dict[int, Callable[[], object]] = {}
        """What ends the preparation of an expected request."""
        self._waiting: dict[int, Generation] = {}
        self._being_cancelled: set[int] = set()
        self._unkept = Unkept(self._keep)
        self._waiting_times = WaitingTimes(
            workers=workers,
            queue=self._queue,
            in_flight=self._in_flight,
            waiting=self._waiting,
            estimates=estimates,
            tell=delivery.update,
            showing=delivery.showing,
            sleep=rest,
        )
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = False

    async def run(self) -> None:
        """Feed the workers and follow their events until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._feed(), name="dispatcher: feed")
            for each in self._workers.pools:
                tasks.create_task(self._follow(each.pool), name=f"dispatcher: follow {each.name}")
            tasks.create_task(self._unkept.run(), name="dispatcher: unkept")
            tasks.create_task(self._waiting_times.run(), name="dispatcher: waiting times")

    def expect(self, generations: Iterable[Generation]) -> None:
        """Give saved requests their places: they are prepared elsewhere, and submitted then."""
        self._expected |= {each.id: each for each in generations}

    def forget(self, generation: Generation) -> None:
        """Give up the place of a request that is not submitted."""
        self._expected.pop(generation.id, None)

    def expects(self, generation: Generation) -> bool:
        """True until an expected request is submitted, given up or cancelled."""
        return generation.id in self._expected

    @contextmanager
    def preparing(self, generation: Generation, stop: Callable[[], object]) -> Iterator[None]:
        """Call `stop` where an expected request is cancelled meanwhile."""
        if not self.expects(generation):
            stop()
        self._stops[generation.id] = stop
        try:
            yield
        finally:
            del self._stops[generation.id]

    def holds(self, generation_id: int) -> bool:
        """True for a request that is expected, waits, is being drawn or written down, or is being cancelled."""
        at_work = self._in_flight.get(generation_id) is not None or generation_id in self._being_cancelled
        is_to_come = generation_id in self._expected or generation_id in self._waiting
        return at_work or is_to_come or self.is_unkept(generation_id)

    async def submit(self, generation: Generation) -> None:
        """Queue an expected request; without effect where it was cancelled since. Raises `OSError` where a file cannot
        be read now."""
        if generation.axes and not generation.undrawn:
            ended = await self._results.finish_comparison(generation)
            self.forget(generation)
            self._delivery.finish(ended)
            return
        try:
            task = await self._tasks.of(generation)
        except FileNotFoundError:
            task = None
        if generation.id not in self._expected:
            return
        if task is None:
            ended = await self._generations.fail(generation.id, str(_GONE))
            self.forget(generation)
            self._delivery.finish(ended)
            return
        self.forget(generation)
        self._waiting[generation.id] = generation
        self._queue.put(Job(generation.id, str(generation.origin.user_id), task))
        self._waiting_times.changed()

    def line(self) -> list[Generation]:
        """All requests at work here in their order: what is being drawn, what waits, and what is being prepared."""
        places = self._queue.positions()
        waiting = sorted(self._waiting.values(), key=lambda each: places.get(each.id, 0))
        undrawn = [each for each in (*waiting, *self._expected.values()) if each.id not in self._being_cancelled]
        return [*self._running(), *undrawn]

    @property
    def drawing(self) -> int:
        """The number of requests that are being drawn."""
        return len(self._running())

    def at_work(self) -> dict[str, Counter[str]]:
        """The pictures that each worker draws, by model; empty for one that draws nothing."""
        drawn: dict[str, Counter[str]] = {worker.key: Counter() for worker in self._workers}
        for flight in self._in_flight:
            if not flight.is_over:
                task = flight.job.task
                drawn.setdefault(flight.worker.key, Counter())[task.settings.model] += task.pictures
        return drawn

    def check_queue_length(self, more: int = 1) -> None:
        """Raise `LimitExceeded` where the queue has no place for so many requests more."""
        if len(self._waiting) + len(self._expected) + more > self._longest_line:
            raise LimitExceeded("The queue is full. Try again in a few minutes.")

    def seconds_until(self, requests: Sequence[Work], user_id: int = 0) -> float | None:
        """Seconds until new requests of a person would be drawn; None where that is not known."""
        return self._waiting_times.seconds_until(requests, str(user_id))

    def ends(self) -> tuple[dict[int, float], float | None]:
        """The seconds until each request here is drawn, as far as they are known, and until all are, if that is."""
        return self._waiting_times.ends()

    async def cancel(self, generation: Generation) -> None:
        """Stop a request, and show that at once, however long the worker takes to hear of it. The message of one that
        has ended shows that again; one that is drawn and only being written down ends as it is, but for what a
        comparison has left. One that waits keeps its place where that cannot be written. Raises `StorageError`."""
        flight = self._in_flight.get(generation.id)
        if flight is None:
            self._being_cancelled.add(generation.id)
            try:
                with self._unkept.withheld(generation.id):
                    ended = await self._cancelled(generation, done=float(self.is_unkept(generation.id)))
                self._take_out(generation.id)
            finally:
                self._being_cancelled.discard(generation.id)
                self._queue.recheck()
            self._delivery.finish(ended)
            return
        flight.stopping = True
        if flight.ended:
            return
        try:
            ended = await self._cancelled(flight.generation, flight.done)
        except StorageError:
            flight.stopping = False
            if flight.missed is not None:
                self._unkept.add(flight, flight.missed)
            raise
        self._waiting_times.changed()
        await flight.worker.pool.cancel(generation.id)
        self._delivery.finish(ended)

    async def abandon(self, generation: Generation) -> None:
        """Stop a request of which nothing is to be written or shown any more."""
        if unkept := self._unkept.get(generation.id):
            unkept.abandoned = True
        if not self._take_out(generation.id) and (flight := self._in_flight.get(generation.id)):
            flight.abandoned = True
            await flight.worker.pool.cancel(generation.id)
        await self._delivery.drop(generation)

    async def drain(self) -> None:
        """Begin nothing new, and wait for what is being drawn."""
        self._draining = True
        await self._idle.wait()
        await self._unkept.settle()

    def is_unkept(self, generation_id: int) -> bool:
        """True for a request that has been drawn and cannot be written down yet."""
        return self._unkept.get(generation_id) is not None

    def _running(self) -> list[Generation]:
        """What is being drawn, without what was cancelled."""
        return [each.generation for each in self._in_flight if not (each.stopping or each.abandoned)]

    def _take_out(self, generation_id: int) -> bool:
        """Take a request out of the queue; False where it does not wait."""
        if self._expected.pop(generation_id, None):
            if stop := self._stops.get(generation_id):
                stop()
            return True
        if self._queue.remove(generation_id):
            del self._waiting[generation_id]
            self._waiting_times.changed()
            return True
        return False

    async def _feed(self) -> None:
        while True:
            job = await self._queue.take(self._may_begin, self._placings.clear)
            worker = self._worker_for(job)
            assert worker is not None
            flight = self._in_flight.add(job, self._waiting.pop(job.id), worker)
            self._idle.clear()
            self._estimates.submit(flight)
            await worker.pool.submit(job, worker.name)
            self._waiting_times.changed()

    def _may_begin(self, job: Job) -> bool:
        may = not self._draining and job.id not in self._being_cancelled
        return may and self._worker_for(job) is not None

    def _worker_for(self, job: Job) -> Worker | None:
        return self._placing(job).choose(job, self._estimates.turn_of(self._waiting[job.id]))

    def _placing(self, job: Job) -> Placing:
        line = self._workers.line_of(job)
        if line not in self._placings:
            self._placings[line] = self._workers.placing(line, self._pictures_waiting)
        return self._placings[line]

    def _pictures_waiting(self, model: str) -> int:
        return sum(
            len(each.cells) or each.settings.count for each in self._waiting.values() if each.settings.model == model
        )

    async def _follow(self, pool: WorkerPool) -> None:
        async for event in pool.events():
            if isinstance(event, WorkersChanged):
                self._workers.forget_gone()
                self._queue.recheck()
                self._waiting_times.changed()
                continue
            flight = self._in_flight.get(event.job_id)
            if flight is None:
                log.warning("an event of job %s, which is not in flight: %s", event.job_id, type(event).__name__)
                continue
            if isinstance(event, Lost):
                await self._take_back(flight)
                continue
            flight.ended = isinstance(event, Ending)
            if not (flight.stopping or flight.abandoned):
                await self._note(flight, event)
            elif isinstance(event, Ending):
                flight.missed = event
            if flight.ended:
                self._release(flight)

    async def _take_back(self, flight: InFlight) -> None:
        """Give a job that a worker has lost its place in the queue again, unless nobody waits for it."""
        log.warning("%s was lost with worker %s", flight.job.id, flight.worker.key)
        flight.worker.loads.forget()
        flight.ended = flight.is_over
        if flight.is_over:
            flight.missed = Cancelled(flight.job.id)
        else:
            self._waiting[flight.job.id] = flight.generation
            self._queue.put_back(flight.job)
        self._release(flight)
        self._waiting_times.changed()

    async def _note(self, flight: InFlight, event: Event) -> None:
        """Show what happened; what cannot be written is written later."""
        try:
            if isinstance(event, Ending):
                await self._keep(flight, event)
            else:
                await self._show(flight, event)
        except (StorageError, OSError) as failure:
            log.warning("what happened to %s cannot be kept now: %s", event.job_id, failure)
            if isinstance(event, Ending):
                self._unkept.add(flight, event)

    async def _keep(self, flight: InFlight, event: Ending) -> None:
        """Write down how a job has ended, and go on. Raises `StorageError` and `OSError` where that cannot be written
        now."""
        if flight.abandoned:
            return
        generation = flight.generation
        match event:
            case Completed():
                self._estimates.complete(flight)
                ended = await self._results.keep(generation, event)
                if ended.state.unfinished and flight.stopping:
                    ended = await self._cancelled(ended, done=0.0)
            case Failed():
                where = flight.worker.name
                log.warning(
                    "%s failed with %s on %s: %s", generation.id, generation.settings.model, where, event.detail
                )
                ended = await self._generations.fail(generation.id, sentence_for_failure(event.kind))
            case Cancelled():
                ended = await self._cancelled(generation, flight.done)
        learned = self._release(flight)
        try:
            if ended.state.unfinished:
                self.expect([ended])
                await self.submit(ended)
            else:
                self._delivery.finish(ended)
            await self._estimates.keep(flight.worker, learned)
        except (StorageError, OSError) as failure:
            log.warning("what is left of %s is taken up again soon: %s", generation.id, failure)
            self.forget(ended)

    async def _cancelled(self, generation: Generation, done: float) -> Generation:
        """Note that no more of a request is drawn, of which a share is `done`; its person gets the other steps back."""
        return await self._generations.cancel(generation.id, comparison_parts.charged_for(generation, done))

    async def _show(self, flight: InFlight, event: Event) -> None:
        generation, left = flight.generation, None
        match event:
            case Loading(model=model):
                self._estimates.loading(flight, model)
            case Started():
                learned = self._estimates.begin(flight)
                await self._generations.begin(generation.id)
                await self._estimates.keep(flight.worker, learned)
            case Progress(step=step, steps=steps):
                flight.done, left = self._estimates.advance(flight, step, steps)
            case Explaining(part=part, parts=parts):
                left = self._estimates.explain(flight, part, parts)
        self._delivery.update(generation, comparison_parts.overall(generation, event), left)
        if self._delivery.sends_soon(generation):
            await flight.worker.pool.want_frame(generation.id)

    def _release(self, flight: InFlight) -> dict[Key, float]:
        """Note that a job has left its worker; what was learned of the pace. Without effect the second time."""
        if not self._in_flight.release(flight):
            return {}
        if not self._in_flight:
            self._idle.set()
        self._queue.recheck()
        return self._estimates.end(flight)
