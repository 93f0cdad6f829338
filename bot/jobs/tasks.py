"""From a saved request to the task of a worker."""

from dataclasses import asdict

from bot.jobs import comparison_parts
from generation.jobs import Draw, Inputs, Manner, Task, Upscale
from storage.generations import Generations
from storage.images import Images
from storage.records import Action, Generation, InputFiles, NsfwPolicy


class Tasks:
    """Reads what a task needs."""

    def __init__(self, *, generations: Generations, images: Images) -> None:
        self._generations = generations
        self._images = images

    async def of(self, generation: Generation) -> Task:
        """The task of a request, or of the next part of a comparison. Raises `OSError` where a file is gone."""
        if generation.lineage.action.enlarges:
            return await self._upscale(generation)
        work = comparison_parts.work_next(generation)
        return Draw(
            work.settings,
            await self._inputs(generation.inputs),
            explained=generation.lineage.action is Action.EXPLAIN,
            cells=work.cells,
            check=_is_checked(generation),
        )

    async def _upscale(self, generation: Generation) -> Upscale:
        parent = await self._generations.get(generation.lineage.parent or 0)
        pictures = parent.pictures if parent else ()
        picture = next((each for each in pictures if each.index == generation.lineage.picture), None)
        if parent is None or picture is None or picture.file is None:
            raise FileNotFoundError
        return Upscale(
            generation.settings,
            await self._images.read(picture.file),
            generation.factor // parent.factor,
            enlarged_before=parent.factor,
            manner=Manner.CREATIVE if generation.lineage.action is Action.CREATIVE_UPSCALE else Manner.SUBTLE,
            check=_is_checked(generation),
        )

    async def _inputs(self, files: InputFiles) -> Inputs:
        named = {role: file for role, file in asdict(files).items() if file}
        return Inputs(**{role: await self._images.read(file) for role, file in named.items()})


def _is_checked(generation: Generation) -> bool:
    return generation.origin.guard is not NsfwPolicy.OFF
