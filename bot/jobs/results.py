"""The outcome of a job: files first, then the row."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

from bot.errors import UNEXPECTED
from bot.figures import comparison, explanation, film
from bot.figures.seed import figure_of
from bot.jobs import comparison_parts
from bot.locales import addressing
from bot.policy.hints import Hints
from generation.events import Completed
from generation.pictures import Picture as Drawn
from storage.generations import Generations
from storage.images import Images
from storage.records import Action, Generation, Picture

log = logging.getLogger(__name__)


DISK_SECONDS = 600.0
"""How long a request is drawn again where the disk does not take its files."""


class Results:
    """Writes down what was drawn. A request whose files the disk does not take for long fails."""

    def __init__(
        self,
        *,
        generations: Generations,
        images: Images,
        hints: Hints,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._generations = generations
        self._images = images
        self._hints = hints
        self._clock = clock
        self._refused: dict[int, float] = {}
        """When the disk first refused the files of a request."""

    async def keep(self, generation: Generation, completed: Completed) -> Generation:
        """Keep the pictures of a finished job, or of the part of a comparison that is finished.

        A comparison is complete once all its cells are there. Raises `OSError` where the disk takes no files now.
        """
        try:
            keep = self._keep_part if generation.axes else self._keep_all
            kept = await keep(generation, completed)
        except OSError as failure:
            return await self._fail(generation, failure)
        self._refused.pop(generation.id, None)
        return kept

    async def finish_comparison(self, generation: Generation, circumstances: str = "") -> Generation:
        """Draw the sheet of a comparison from its pictures, but for those that must not be seen.

        Raises `OSError` where the disk takes no files now.
        """
        try:
            kept = await self._sheet(generation, circumstances)
        except OSError as failure:
            return await self._fail(generation, failure)
        self._refused.pop(generation.id, None)
        return kept

    async def _keep_all(self, generation: Generation, completed: Completed) -> Generation:
        drawn = completed.pictures
        if generation.lineage.action.makes_figure:
            drawn = (await figure_of(generation, drawn),)
        async with self._images.together() as images:
            pictures = await _saved(images, generation, enumerate(drawn))
            return await self._generations.complete(
                generation.id,
                pictures,
                completed.seconds,
                completed.circumstances,
                completed.upscaler,
                await self._hints.due(generation, knows_few=completed.knows_few),
                await _figures(images, generation, completed),
                generation.ignoring(completed.unread, _other_size(generation, completed)),
                completed.faces,
            )

    async def _keep_part(self, generation: Generation, completed: Completed) -> Generation:
        kept = await self._generations.get(generation.id)
        if kept is None or len(kept.pictures) == len(generation.pictures):
            kept = await self._add_part(generation, completed)
        return kept if kept.undrawn else await self._sheet(kept, completed.circumstances)

    async def _add_part(self, generation: Generation, completed: Completed) -> Generation:
        async with self._images.together() as images:
            cells = zip(comparison_parts.next_cells(generation), completed.pictures, strict=True)
            pictures = await _saved(images, generation, cells)
            ignored = generation.ignoring(completed.unread)
            return await self._generations.add_pictures(
                generation.id, pictures, completed.seconds, ignored, completed.faces
            )

    async def _sheet(self, generation: Generation, circumstances: str) -> Generation:
        seen = {picture.index: picture.file for picture in generation.shown if picture.file}
        files = [seen.get(index) for index in range(len(generation.cells))]
        pictures = [await self._images.read(file) if file else None for file in files]
        with addressing(generation.origin.locale):
            sheet = await asyncio.to_thread(comparison.drawn, generation.settings, generation.axes, pictures)
        async with self._images.together() as images:
            name = await images.save_figure(generation.id, 0, *sheet)
            return await self._generations.finish_sheet(generation.id, circumstances, [name])

    async def _fail(self, generation: Generation, failure: OSError) -> Generation:
        """Fail a request whose files are gone, or not taken by the disk for long; else raise the failure again."""
        now = self._clock()
        since = self._refused.setdefault(generation.id, now)
        if now - since < DISK_SECONDS and not isinstance(failure, FileNotFoundError):
            raise failure
        del self._refused[generation.id]
        log.error("the files of %s cannot be kept", generation.id, exc_info=failure)
        return await self._generations.fail(generation.id, str(UNEXPECTED))


def _other_size(generation: Generation, completed: Completed) -> tuple[int, int] | None:
    """The size of the first picture, where it is another one than was planned; None for figures and upscales."""
    action = generation.lineage.action
    if action.makes_figure or action.enlarges or not completed.pictures:
        return None
    size = completed.pictures[0].width, completed.pictures[0].height
    return size if size != generation.settings.final_size else None


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


async def _figures(images: Images, generation: Generation, completed: Completed) -> list[str]:
    """Draw and write the figures of an explained drawing, or its film; their names."""
    explained = completed.explanation
    if explained is None:
        return []
    if generation.lineage.action is Action.FILM:
        made = await asyncio.to_thread(film.made, explained, completed.pictures[0].png)
        return [await images.save_figure(generation.id, 0, *made)]
    with addressing(generation.origin.locale):
        files = await asyncio.to_thread(explanation.for_chat, explained, generation.settings)
    return [await images.save_figure(generation.id, index, *file) for index, file in enumerate(files)]
