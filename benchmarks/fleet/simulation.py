"""The real dispatcher and its queue before devices that are timers. Database, files and messages are left out."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from benchmarks.fleet import virtual_time
from benchmarks.fleet.devices import IN_MEMORY, PATIENCE, ROOM, TimedPool, forward_seconds
from bot.delivery.updates import MessageUpdates
from bot.jobs.dispatcher import Dispatcher
from bot.jobs.estimates import Estimates
from bot.jobs.placing import Placing
from bot.jobs.played_worker import Turn
from bot.jobs.results import Results
from bot.jobs.tasks import Tasks
from bot.jobs.worker import Worker
from bot.jobs.workers import NamedPool, Workers
from generation.catalogue import Catalogue
from generation.events import Completed, Event, Started
from generation.jobs import Job, JobState
from generation.settings import GenerationSettings
from generation.usual_seconds import UsualSeconds
from storage.generations import Generations
from storage.images import Images
from storage.paces import Paces
from storage.records import Generation, Lineage, Origin

STEPS = 20
MODELS = {"a": 6, "b": 3, "c": 2, "d": 1}
"""The models, with how often people ask for each."""
COUNTS = {1: 7, 4: 3}
"""Pictures of a request, with how often people ask for so many."""
GREEDY = 0
"""The person who asks for a hundred at once."""
BURST = 100
"""Requests of that person."""
AWAY_SECONDS = 60.0
"""How long a device that failed is away."""


@dataclass(frozen=True)
class Scenario:
    """What happens: so many `devices`, and people who ask for a share `load` of what these can draw."""

    devices: int
    load: float
    seconds: float = 600.0
    """How long people ask."""
    greedy: bool = False
    """True to have one person ask for `BURST` requests at once, after a fifth of the time."""
    seconds_to_failure: float = 0.0
    """Seconds until a device fails, on average; 0 for devices that don't."""
    at_random: bool = False
    """True to place requests at random instead."""
    seed: int = 1

    @property
    def people(self) -> int:
        """As many as make a fleet of this size worth it."""
        return 12 + 8 * self.devices

    @property
    def pictures_a_second(self) -> float:
        """What the devices can draw with full batches, if nothing has to be loaded."""
        return self.devices * ROOM / (STEPS * forward_seconds(ROOM))


@dataclass
class Request:
    """What became of a request; times are seconds from the start."""

    owner: int
    pictures: int
    asked: float
    begun: float | None = None
    """When it was begun at last."""
    ended: float | None = None
    begun_times: int = 0


@dataclass
class Outcome:
    """All requests, and what they took."""

    scenario: Scenario
    requests: dict[int, Request]
    loads: int
    """How often a device loaded a model."""
    failures: int
    cpu_seconds: float
    """What the bot's own work took, devices and people included."""
    endings: Counter[int] = field(default_factory=Counter)
    """How often each request was told its end."""


class _Records(Generations):
    def __init__(self) -> None: ...

    async def begin(self, generation_id: int) -> None: ...


class _Paces(Paces):
    def __init__(self) -> None: ...

    async def keep(self, worker: str, model: str, pixels: int, seconds: float) -> None: ...


class _Results(Results):
    def __init__(self) -> None: ...

    async def keep(self, generation: Generation, completed: Completed) -> Generation:
        return replace(generation, state=JobState.COMPLETED)


class _Messages(MessageUpdates):
    """Notes what people would be told."""

    def __init__(self, requests: dict[int, Request], now: Callable[[], float]) -> None:
        self.showing = UsualSeconds()
        self.ended: Counter[int] = Counter()
        self._requests = requests
        self._clock = now

    def update(self, generation: Generation, event: Event, left: float | None = None) -> None:
        if isinstance(event, Started):
            self._requests[generation.id].begun = self._clock()
            self._requests[generation.id].begun_times += 1

    def finish(self, generation: Generation) -> None:
        self.ended[generation.id] += 1
        self._requests[generation.id].ended = self._clock()

    def sends_soon(self, generation: Generation) -> bool:
        return False


class _RandomPlacing(Placing):
    """Chooses at random."""

    def choose(self, job: Job, turn: Turn) -> Worker | None:
        fitting = [each for each in self._workers if each.room.fits(job)]
        return Random(job.id).choice(fitting) if fitting else None


class _RandomWorkers(Workers):
    def placing(self, line: str, waiting: Callable[[str], int] = lambda model: 0) -> Placing:
        return _RandomPlacing(self.of(line), waiting)


class _Simulation:
    def __init__(self, scenario: Scenario, pool: TimedPool) -> None:
        self._scenario = scenario
        self._pool = pool
        self._random = Random(scenario.seed)
        self._now = asyncio.get_running_loop().time
        self.requests: dict[int, Request] = {}
        self.failures = 0
        self.messages = _Messages(self.requests, self._now)
        kind = _RandomWorkers if scenario.at_random else Workers
        workers = kind([NamedPool("fleet", pool, IN_MEMORY, PATIENCE)], clock=self._now)
        self.dispatcher = Dispatcher(
            workers=workers,
            generations=_Records(),
            tasks=Tasks(Images(Path())),
            results=_Results(),
            estimates=Estimates(workers=workers, paces=_Paces(), catalogue=Catalogue(), clock=self._now),
            delivery=self.messages,
            longest_line=1_000_000,
            rest=_rarely,
        )

    async def ask(self, owner: int) -> None:
        """Have a person ask for something."""
        random, number = self._random, len(self.requests) + 1
        [model] = random.choices([*MODELS], [*MODELS.values()])
        [count] = random.choices([*COUNTS], [*COUNTS.values()])
        settings = GenerationSettings("a fox", number, model, width=512, height=512, steps=STEPS, count=count)
        origin = Origin(str(number), owner, 1)
        generation = Generation(number, origin, Lineage(), settings, JobState.QUEUED, datetime(2026, 1, 1, tzinfo=UTC))
        self.requests[number] = Request(owner, count, self._now())
        self.dispatcher.expect([generation])
        await self.dispatcher.submit(generation)

    async def ask_all(self) -> None:
        """Have people ask at random times, and wait until everybody has their pictures."""
        scenario, random = self._scenario, self._random
        mean = sum(count * often for count, often in COUNTS.items()) / sum(COUNTS.values())
        a_second = scenario.load * scenario.pictures_a_second / mean
        burst = scenario.seconds / 5 if scenario.greedy else scenario.seconds
        while (until := self._now() + random.expovariate(a_second)) < scenario.seconds:
            if until >= burst:
                burst = scenario.seconds
                for _ in range(BURST):
                    await self.ask(GREEDY)
            await asyncio.sleep(until - self._now())
            await self.ask(random.randrange(1, scenario.people))
        while any(each.ended is None for each in self.requests.values()):
            await asyncio.sleep(1)

    async def break_devices(self) -> None:
        """Have devices fail at random times, one after the other, and come back."""
        while self._scenario.seconds_to_failure:
            await asyncio.sleep(self._random.expovariate(self._scenario.devices / self._scenario.seconds_to_failure))
            if names := [*self._pool.workers]:
                name = self._random.choice(names)
                self._pool.fail(name)
                self.failures += 1
                asyncio.get_running_loop().call_later(AWAY_SECONDS, self._pool.join, name)


async def _rarely(_: float) -> None:
    """Tell people their places only now and then: nobody reads them here."""
    await asyncio.sleep(3600)


async def _simulate(scenario: Scenario) -> Outcome:
    began = time.process_time()
    async with TimedPool(scenario.devices) as pool:
        simulation = _Simulation(scenario, pool)
        others = [asyncio.create_task(each) for each in (simulation.dispatcher.run(), simulation.break_devices())]
        await simulation.ask_all()
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    return Outcome(
        scenario,
        simulation.requests,
        pool.loads.total(),
        simulation.failures,
        time.process_time() - began,
        simulation.messages.ended,
    )


def simulate(scenario: Scenario) -> Outcome:
    """Play a scenario through, until all requests are drawn."""
    return virtual_time.run(_simulate(scenario))
