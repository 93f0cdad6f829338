"""How long things take: learned from what ran, told to those who wait."""

from collections.abc import Iterable
from itertools import accumulate

from bot.jobs import comparison_parts
from generation import upscaling
from generation.catalogue import Catalogue
from generation.pace import Key, Pace, Work
from generation.settings import GenerationSettings
from storage.paces import Paces
from storage.records import Action, Generation


class Estimates:
    """Seconds until requests are drawn. All are None where nothing is known of a model yet."""

    def __init__(self, *, pace: Pace, paces: Paces, catalogue: Catalogue) -> None:
        self._pace = pace
        self._paces = paces
        self._catalogue = catalogue

    async def load(self) -> None:
        """Take over what an earlier run learned."""
        self._pace.knows(await self._paces.all())

    def seconds_for(self, settings: GenerationSettings) -> float | None:
        """The seconds of a request by itself, as its model's speed was measured; None where it was not."""
        return self._pace.seconds_for(Work(settings))

    def loading(self) -> None:
        """A model is being read, which counts for no job."""
        self._pace.load()

    def begin(self, generation: Generation) -> None:
        """A job runs. An upscale begins to count with the first step that is drawn."""
        if not generation.lineage.action.enlarges:
            self._pace.begin(generation.id, comparison_parts.work_next(generation))

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

    def end(self, job_id: int) -> dict[Key, float]:
        """A job has left the pool; what was learned of the pace."""
        return self._pace.end(job_id)

    async def keep(self, learned: dict[Key, float]) -> None:
        """Keep what was learned for the next start."""
        for (model, pixels), seconds in learned.items():
            await self._paces.keep(model, pixels, seconds)

    def ends(self, running: Iterable[Generation], waiting: Iterable[Work | None]) -> list[float | None]:
        """The seconds until all that is `running` ends, then until each that is `waiting`, one after the other."""
        begins = [self.work(each) for each in running if each.id not in self._pace]
        seconds = [self._pace.seconds_for(work) if work else 0.0 for work in [*begins, *waiting]]
        return list(accumulate([self._pace.all_left(), *seconds], _later))[len(begins) :]

    def work(self, generation: Generation) -> Work | None:
        """The work that is left of a request; None for an upscale that draws nothing."""
        if generation.lineage.action.enlarges:
            return self.redrawn(generation)
        return comparison_parts.work_left(generation)

    def redrawn(self, generation: Generation) -> Work | None:
        """The drawing of a creative upscale; None for any other request."""
        settings = generation.settings
        if generation.lineage.action is not Action.CREATIVE_UPSCALE or settings.model not in self._catalogue.names:
            return None
        return upscaling.creative_work(settings, self._catalogue.get(settings.model), generation.factor)


def _later(end: float | None, seconds: float | None) -> float | None:
    return None if end is None or seconds is None else end + seconds
