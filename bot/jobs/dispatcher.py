"""From a saved request to its pictures: feeds the pool, writes down what comes of it, keeps the messages informed."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from dataclasses import asdict
from itertools import accumulate

from bot.delivery.cleanup import Cleanup
from bot.delivery.updates import MessageUpdates
from bot.errors import UNEXPECTED, sentence_for_failure
from bot.figures import comparison
from bot.figures import explanation as explanation_module
from bot.figures.seed import figure_of
from bot.jobs import comparison_parts
from bot.locales import addressing
from bot.policy.hints import Hints
from generation import redrawing
from generation.catalogue import Catalogue
from generation.errors import LimitExceeded
from generation.events import Cancelled, Completed, Ending, Event, Failed, Loading, Progress, Queued, Started
from generation.explanation import Explanation
from generation.jobs import Draw, Inputs, Job, Manner, Task, Upscale
from generation.pace import Key, Pace, Work
from generation.pictures import Picture as Drawn
from generation.pool import WorkerPool
from generation.queue import FairQueue
from generation.sentences import Sentence
from storage.database import StorageError
from storage.generations import Generations
from storage.images import Images
from storage.paces import Paces
from storage.records import Action, Generation, InputFiles, NsfwPolicy, Picture

log = logging.getLogger(__name__)

SPARE = 4
"""How many pictures beside the pool's room are drawn for people who have nothing else in it and ask for one alone: with
the next forwards they get their share, and need not wait until somebody's four pictures are done."""

_GONE = Sentence("The start picture is no longer available. Draw or attach a new one.")


class Dispatcher:
    """Draws what is saved. `run` it for as long as the bot lives; what is unfinished then is resumed at next start."""

    def __init__(
        self,
        *,
        pool: WorkerPool,
        catalogue: Catalogue,
        generations: Generations,
        images: Images,
        delivery: MessageUpdates,
        paces: Paces,
        pace: Pace,
        hints: Hints,
        cleanup: Cleanup,
        longest_line: int,
    ) -> None:
        self._pool = pool
        self._catalogue = catalogue
        self._generations = generations
        self._images = images
        self._delivery = delivery
        self._paces = paces
        self._pace = pace
        self._hints = hints
        self._cleanup = cleanup
        self._longest_line = longest_line
        self._queue = FairQueue(beside=self._goes_beside)
        self._preparing: set[int] = set()
        """Requests whose files are being read; then they wait."""
        self._waiting: dict[int, Generation] = {}
        self._drawing: dict[int, Generation] = {}
        self._pictures: dict[int, int] = {}
        """How many pictures each job in the pool has."""
        self._done: dict[int, float] = {}
        """How much of its steps each job in the pool has taken, from 0 to 1."""
        self._owners: dict[int, str] = {}
        """Whose they are."""
        self._beside: set[int] = set()
        """Those that are drawn beside its room."""
        self._abandoned: set[int] = set()
        """Jobs in the pool that nobody is to hear of."""
        self._stopping: set[int] = set()
        """Jobs that were cancelled while the pool had them: no more of their parts are drawn."""
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = False

    async def run(self) -> None:
        """Feed the pool and follow its events until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._feed(), name="studio: feed")
            tasks.create_task(self._follow(), name="studio: follow")

    async def resume(self) -> None:
        """Take up what an earlier run left: draw what is not drawn, show what is not shown."""
        self._pace.knows(await self._paces.all())
        for generation in await self._generations.interrupted():
            if generation.state.unfinished:
                await self.submit(generation)
            else:
                self._delivery.finish(generation)

    async def submit(self, generation: Generation) -> None:
        """Queue a saved request."""
        if generation.axes and not generation.undrawn:
            self._delivery.finish(await self._finish_comparison(generation))
            return
        self._preparing.add(generation.id)
        task = None
        with contextlib.suppress(OSError):
            task = await self._task(generation)
        if generation.id not in self._preparing:
            return
        self._preparing.remove(generation.id)
        if task is None:
            self._delivery.finish(await self._generations.fail(generation.id, str(_GONE)))
            return
        self._waiting[generation.id] = generation
        self._queue.put(Job(generation.id, str(generation.origin.user_id), task))
        self._announce_positions()

    def line(self) -> list[Generation]:
        """All that is unfinished, in its order: first what is being drawn."""
        places = self._queue.positions()
        waiting = sorted(self._waiting.values(), key=lambda each: places.get(each.id, 0))
        return [*self._drawing.values(), *waiting]

    @property
    def drawing(self) -> int:
        """How many requests are being drawn."""
        return len(self._drawing)

    def check_line(self, more: int = 1) -> None:
        """Raise `LimitExceeded` where so many requests wait, of all people, that so many more are not taken."""
        if len(self._waiting) + more > self._longest_line:
            raise LimitExceeded("The queue is full. Try again in a few minutes.")

    def seconds_until(self, requests: Iterable[Work]) -> float | None:
        """How long it takes until new requests are drawn, after all that waits; None where that is not known."""
        waiting = [self._work(each) for each in self._waiting.values()]
        return self._ends([*waiting, *requests])[-1]

    async def cancel(self, generation: Generation) -> None:
        """Stop a request that has not ended; without effect on any other."""
        if self._take_out(generation.id):
            self._delivery.finish(await self._cancelled(generation))
        elif generation.id in self._drawing:
            self._stopping.add(generation.id)
            await self._pool.cancel(generation.id)

    async def abandon(self, generation: Generation) -> None:
        """Stop a request of which nothing is to be written or shown any more."""
        if not self._take_out(generation.id) and generation.id in self._drawing:
            self._abandoned.add(generation.id)
            await self._pool.cancel(generation.id)
        await self._delivery.drop(generation)

    def _take_out(self, generation_id: int) -> bool:
        """Have a request wait no longer; False where it does not wait."""
        if generation_id in self._preparing:
            self._preparing.remove(generation_id)
            return True
        if self._queue.remove(generation_id):
            del self._waiting[generation_id]
            self._announce_positions()
            return True
        return False

    async def delete(self, generation: Generation) -> None:
        """Forget the pictures of a request that has ended, and keep its settings."""
        await self._generations.delete(generation.id)
        await self._cleanup.remove_files()

    async def drain(self) -> None:
        """Begin nothing new, and wait for what is being drawn."""
        self._draining = True
        await self._idle.wait()

    async def _task(self, generation: Generation) -> Task:
        check = generation.origin.guard is not NsfwPolicy.OFF
        if not generation.lineage.action.enlarges:
            inputs, explained = await self._inputs(generation.inputs), generation.lineage.action is Action.EXPLAIN
            work = comparison_parts.work_next(generation)
            return Draw(work.settings, inputs, explained=explained, cells=work.cells, check=check)
        parent = await self._generations.get(generation.lineage.parent or 0)
        pictures = parent.pictures if parent else ()
        picture = next((each for each in pictures if each.index == generation.lineage.picture), None)
        if parent is None or picture is None or picture.file is None:
            raise FileNotFoundError
        png = await self._images.read(picture.file)
        manner = Manner.CREATIVE if generation.lineage.action is Action.CREATIVE_UPSCALE else Manner.SUBTLE
        factor = generation.factor // parent.factor
        return Upscale(generation.settings, png, factor, enlarged_before=parent.factor, manner=manner, check=check)

    async def _inputs(self, files: InputFiles) -> Inputs:
        named = {role: file for role, file in asdict(files).items() if file}
        return Inputs(**{role: await self._images.read(file) for role, file in named.items()})

    async def _feed(self) -> None:
        while True:
            job = await self._queue.take(self._fits)
            self._drawing[job.id] = self._waiting.pop(job.id)
            if self._goes_beside(job):
                self._beside.add(job.id)
            self._pictures[job.id] = job.task.pictures
            self._owners[job.id] = job.owner
            self._idle.clear()
            await self._pool.submit(job)
            self._announce_positions()

    def _fits(self, job: Job) -> bool:
        return not self._draining and (self._fits_in_room(job) or self._fits_beside(job))

    def _fits_in_room(self, job: Job) -> bool:
        busy = sum(pictures for job_id, pictures in self._pictures.items() if job_id not in self._beside)
        return busy == 0 or busy + job.task.pictures <= self._pool.room

    def _goes_beside(self, job: Job) -> bool:
        """True of what fits beside the pool's room, and not in it."""
        return not self._fits_in_room(job) and self._fits_beside(job)

    def _fits_beside(self, job: Job) -> bool:
        """True of one picture of somebody who has nothing in the pool, while there is spare room for it."""
        small = job.task.pictures == 1 and job.owner not in self._owners.values()
        return small and len(self._beside) < SPARE

    async def _follow(self) -> None:
        async for event in self._pool.events():
            if event.job_id in self._abandoned:
                if isinstance(event, Ending):
                    self._release(event.job_id)
                continue
            try:
                await self._note(self._drawing[event.job_id], event)
            except StorageError:
                log.exception("what happened to %s cannot be written; the next start takes it up", event.job_id)
                if isinstance(event, Ending):
                    self._release(event.job_id)

    async def _note(self, generation: Generation, event: Event) -> None:
        match event:
            case Completed() if generation.axes:
                ended = await self._keep_part(generation, event)
            case Completed():
                ended = await self._keep(generation, event)
            case Failed():
                log.warning("%s failed: %s", generation.id, event.detail)
                ended = await self._generations.fail(generation.id, sentence_for_failure(event.kind))
            case Cancelled():
                ended = await self._cancelled(generation)
            case _:
                await self._show(generation, event)
                return
        learned = self._release(generation.id)
        if ended.state.unfinished:
            await self.submit(ended)
        else:
            self._delivery.finish(ended)
        for (model, pixels), seconds in learned.items():
            await self._paces.keep(model, pixels, seconds)

    async def _cancelled(self, generation: Generation) -> Generation:
        """Note that no more of a request is drawn; its person gets back the steps that are left."""
        charged = comparison_parts.charged_for(generation, self._done.get(generation.id, 0.0))
        return await self._generations.cancel(generation.id, charged)

    async def _show(self, generation: Generation, event: Event) -> None:
        left = None
        match event:
            case Loading():
                self._pace.load()
            case Started():
                await self._generations.begin(generation.id)
                if not generation.lineage.action.enlarges:
                    self._pace.begin(generation.id, comparison_parts.work_next(generation))
            case Progress(step=step, steps=steps):
                left = self._advance(generation.id, step, steps, self._redrawn(generation))
        self._delivery.update(generation, comparison_parts.overall(generation, event), left)
        if self._delivery.sends_soon(generation):
            await self._pool.want_frame(generation.id)

    def _advance(self, job_id: int, step: int, steps: int, redrawn: Work | None) -> float | None:
        """Note how much of a job is done; how many seconds it may take yet, where that is known. Enlarging the picture
        that is `redrawn` counts for nothing: its parts come first, and are beside what is drawn."""
        if redrawn:
            step, steps = step - (steps - redrawn.steps), redrawn.steps
            if step <= 0:
                return None
            if job_id not in self._pace:
                self._pace.begin(job_id, redrawn)
        self._done[job_id] = step / steps
        self._pace.step(job_id, step)
        return self._pace.left(job_id)

    async def _keep(self, generation: Generation, completed: Completed) -> Generation:
        """Write the files, then the row."""
        drawn = completed.pictures
        if generation.lineage.action.makes_figure:
            drawn = (await figure_of(generation, drawn),)
        try:
            async with self._images.together() as images:
                pictures = await _saved(images, generation, enumerate(drawn))
                return await self._generations.complete(
                    generation.id,
                    pictures,
                    completed.seconds,
                    completed.circumstances,
                    completed.upscaler,
                    await self._hints.due(generation),
                    await _figures(images, generation, completed.explanation),
                )
        except OSError:
            return await self._unwritten(generation)

    async def _keep_part(self, generation: Generation, completed: Completed) -> Generation:
        """Write the pictures of some cells; once all are there, the sheet."""
        try:
            async with self._images.together() as images:
                cells = zip(comparison_parts.next_cells(generation), completed.pictures, strict=True)
                pictures = await _saved(images, generation, cells)
                kept = await self._generations.add_pictures(generation.id, pictures, completed.seconds)
        except OSError:
            return await self._unwritten(generation)
        if not kept.undrawn:
            return await self._finish_comparison(kept, completed.circumstances)
        self._done.pop(generation.id, None)
        return await self._cancelled(kept) if generation.id in self._stopping else kept

    async def _finish_comparison(self, generation: Generation, circumstances: str = "") -> Generation:
        """Draw the sheet of a comparison from its pictures, but for those that must not be seen."""
        seen = {picture.index: picture.file for picture in generation.shown if picture.file}
        files = [seen.get(index) for index in range(len(generation.cells))]
        try:
            pictures = [await self._images.read(file) if file else None for file in files]
            with addressing(generation.origin.locale):
                sheet = await asyncio.to_thread(comparison.drawn, generation.settings, generation.axes, pictures)
            async with self._images.together() as images:
                name = await images.save_figure(generation.id, 0, *sheet)
                return await self._generations.finish_sheet(generation.id, circumstances, [name])
        except OSError:
            return await self._unwritten(generation)

    async def _unwritten(self, generation: Generation) -> Generation:
        """End a request whose files the disk does not take."""
        log.exception("the files of %s cannot be written", generation.id)
        return await self._generations.fail(generation.id, str(UNEXPECTED))

    def _release(self, generation_id: int) -> dict[Key, float]:
        """A job has left the pool; what was learned of the pace. Without effect the second time."""
        learned = self._pace.end(generation_id)
        self._drawing.pop(generation_id, None)
        self._pictures.pop(generation_id, None)
        self._done.pop(generation_id, None)
        self._owners.pop(generation_id, None)
        self._beside.discard(generation_id)
        self._stopping.discard(generation_id)
        self._abandoned.discard(generation_id)
        if not self._drawing:
            self._idle.set()
        self._queue.recheck()
        return learned

    def _announce_positions(self) -> None:
        places = sorted(self._queue.positions().items(), key=lambda place: place[1])
        waiting = [self._waiting[job_id] for job_id, _ in places]
        _, *ends = self._ends([self._work(each) for each in waiting])
        for generation, (job_id, position), end in zip(waiting, places, ends, strict=True):
            self._delivery.update(generation, Queued(job_id, position), end)

    def _ends(self, waiting: Iterable[Work | None]) -> list[float | None]:
        """In how many seconds all is drawn that is in the works, then each that waits, one after the other."""
        begins = [self._work(each) for job_id, each in self._drawing.items() if job_id not in self._pace]
        seconds = [self._pace.seconds_for(work) if work else 0.0 for work in [*begins, *waiting]]
        return list(accumulate([self._pace.all_left(), *seconds], _later))[len(begins) :]

    def _work(self, generation: Generation) -> Work | None:
        """What is to be drawn, if anything is."""
        return (
            self._redrawn(generation) if generation.lineage.action.enlarges else comparison_parts.work_left(generation)
        )

    def _redrawn(self, generation: Generation) -> Work | None:
        """What is drawn over an enlarged picture, if anything is."""
        settings = generation.settings
        if generation.lineage.action is not Action.CREATIVE_UPSCALE or settings.model not in self._catalogue.names:
            return None
        return redrawing.work(settings, self._catalogue.get(settings.model), generation.factor)


def _later(end: float | None, seconds: float | None) -> float | None:
    return None if end is None or seconds is None else end + seconds


async def _saved(images: Images, generation: Generation, drawn: Iterable[tuple[int, Drawn]]) -> list[Picture]:
    """Write pictures, each with its index; their records."""
    return [
        Picture(
            index,
            picture.seed,
            picture.width,
            picture.height,
            await images.save(generation.id, index, picture.png),
            picture.flagged,
        )
        for index, picture in drawn
    ]


async def _figures(images: Images, generation: Generation, explanation: Explanation | None) -> list[str]:
    """Draw and write what shows how a request was drawn, where that was recorded; the names."""
    if explanation is None:
        return []
    with addressing(generation.origin.locale):
        files = await asyncio.to_thread(explanation_module.for_chat, explanation, generation.settings)
    return [await images.save_figure(generation.id, index, *file) for index, file in enumerate(files)]
