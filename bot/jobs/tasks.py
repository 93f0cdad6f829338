"""From a saved request to the task of a worker."""

from bot.jobs import comparison_parts
from generation import images
from generation.jobs import IMAGE_PROMPTS, Draw, Inputs, Manner, Task, Upscale
from storage.images import Images
from storage.records import Action, Generation, InputFiles, NsfwPolicy


class Tasks:
    """Reads what a task needs."""

    def __init__(self, images: Images) -> None:
        self._images = images

    async def of(self, generation: Generation) -> Task:
        """The task of a request, or of the next part of a comparison.

        Raises `FileNotFoundError` where a file is gone, and `OSError` where one cannot be read now.
        """
        if generation.lineage.action.enlarges:
            return await self._upscale(generation)
        work = comparison_parts.work_next(generation)
        return Draw(
            work.settings,
            await self._inputs(generation.inputs),
            explained=generation.lineage.action.shows_steps,
            cells=work.cells,
            check=_is_checked(generation),
            weights=_weights(generation.inputs, work.settings.image_prompt_scale),
        )

    async def _upscale(self, generation: Generation) -> Upscale:
        picture = await self._images.read(generation.source or "")
        before = images.size_of(picture)[0] // generation.settings.final_size[0]
        return Upscale(
            generation.settings,
            picture,
            generation.factor // before,
            enlarged_before=before,
            manner=Manner.CREATIVE if generation.lineage.action is Action.CREATIVE_UPSCALE else Manner.SUBTLE,
            check=_is_checked(generation),
        )

    async def _inputs(self, files: InputFiles) -> Inputs:
        if any(look.role not in files.named for look in files.looks):
            raise FileNotFoundError("the pictures of a look are gone")
        return Inputs(**{role: await self._images.read(file) for role, file in files.named.items()})


def _weights(files: InputFiles, scale: float) -> tuple[float, ...]:
    """The scales of image prompts where some are of looks; `scale` is that of the others."""
    weights = {look.role: look.weight for look in files.looks}
    prompts = [role for role in IMAGE_PROMPTS if role in files.named]
    return tuple(weights.get(role, scale) for role in prompts) if weights else ()


def _is_checked(generation: Generation) -> bool:
    return generation.origin.guard is not NsfwPolicy.OFF
