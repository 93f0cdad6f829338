"""The places of waiting requests, and how long they still wait."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

from bot.jobs.estimates import Estimates
from bot.jobs.forecast import Forecast
from bot.jobs.in_flight import InFlightJobs
from bot.jobs.played_worker import Expected
from bot.jobs.workers import Workers
from generation.events import Queued
from generation.fair_queue import FairQueue
from generation.jobs import Draw, Job
from generation.pace import Drawing, Work
from generation.usual_seconds import UsualSeconds
from storage.records import Generation

SHARE = 0.05
"""The largest share of the event loop's time that telling places takes."""

Tell = Callable[[Generation, Queued, float | None], None]
"""Tells a request its place, and the seconds until it is done, if they are known."""

_IN_A_ROW = 10
"""Moments that are played, and messages that are told their place, until others have their turn."""


class WaitingTimes:
    """Tells requests their places and times, soon after these change. `run` it for as long as the dispatcher."""

    def __init__(
        self,
        *,
        workers: Workers,
        queue: FairQueue,
        in_flight: InFlightJobs,
        waiting: Mapping[int, Generation],
        estimates: Estimates,
        tell: Tell,
        showing: UsualSeconds,
        clock: Callable[[], float] = time.thread_time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._workers = workers
        self._queue = queue
        self._in_flight = in_flight
        self._waiting = waiting
        """The requests of the queue's jobs."""
        self._estimates = estimates
        self._tell = tell
        self._showing = showing
        """From the end of a request until its message shows that."""
        self._clock = clock
        self._sleep = sleep
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Have places and times told again."""
        self._changed.set()

    async def run(self) -> None:
        """Tell places and times until cancelled: once for all changes that come together."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            spent, telling, is_told = 0.0, self._tell_all(), False
            while not is_told:
                began = self._clock()
                is_told = next(telling, True)
                spent += self._clock() - began
                await asyncio.sleep(0)
            await self._sleep(spent / SHARE)

    def ends(self) -> tuple[dict[int, float], float | None]:
        """The seconds until each request at work here is drawn, as far as they are known, and until all are; None where
        that is not known."""
        ends: dict[int, float] = {}
        for forecast in self._forecasts():
            forecast.play()
            ends |= forecast.ends
        awaited = {*self._waiting, *(each.job.id for each in self._in_flight if not each.is_over)}
        is_known = awaited <= ends.keys()
        last = max((ends[each] for each in awaited), default=0.0) if is_known else None
        return {each: ends[each] for each in awaited & ends.keys()}, last

    def seconds_until(self, requests: Sequence[Work], owner: str) -> float | None:
        """Seconds until new requests of an owner would be drawn; None where that is not known."""
        jobs = [Job(-number, owner, Draw(work.settings, cells=work.cells)) for number, work in enumerate(requests, 1)]
        lines: dict[str, list[tuple[Job, Work]]] = {}
        for job, work in zip(jobs, requests, strict=True):
            lines.setdefault(self._workers.line_of(job), []).append((job, work))
        seconds = 0.0
        for line, asked in lines.items():
            forecast = self._forecast(line)
            for job, work in asked:
                forecast.add_new(Expected(job, deque([(Drawing.of(work),)])))
            awaited = {job.id for job, _ in asked}
            forecast.play(awaited)
            if not awaited <= forecast.ends.keys():
                return None
            seconds = max(seconds, *(forecast.ends[each] for each in awaited))
        return seconds

    def _forecasts(self) -> list[Forecast]:
        return [self._forecast(each.name) for each in self._workers.pools]

    def _forecast(self, line: str) -> Forecast:
        return self._estimates.forecast(line, self._in_flight, self._queue.order_of(line), self._waiting)

    def _tell_all(self) -> Iterator[bool]:
        """Tell everybody; yields False wherever others may have their turn."""
        places = self._queue.positions()
        ends: dict[int, float] = {}
        for forecast in self._forecasts():
            for played, _ in enumerate(forecast.moments(), start=1):
                if played % _IN_A_ROW == 0:
                    yield False
            ends |= forecast.ends
        for told, (job_id, position) in enumerate(places.items(), start=1):
            if generation := self._waiting.get(job_id):
                end = ends.get(job_id)
                left = None if end is None else end + float(self._showing)
                away = not self._workers.of(self._workers.line_of_model(generation.settings.model))
                self._tell(generation, Queued(job_id, position, away), left)
            if told % _IN_A_ROW == 0:
                yield False
