"""Does what is pending of a saved request: reads what it starts from, and plans it by the rules as they are then."""

import asyncio
import time
from dataclasses import replace

from bot.errors import Refusal
from bot.jobs.dispatcher import Dispatcher
from bot.policy.request_context import ContextLoader
from bot.requests import blending, edits, pending
from bot.requests.derived_plans import GONE
from bot.requests.inputs import PictureReader
from bot.requests.pending import Controls, CutOut, Downloads, Outpaint, Pending, References, Region
from bot.requests.plan import Plan
from bot.requests.request_plans import RequestPlans
from generation import images as pictures
from generation import regions
from generation.jobs import Inputs
from generation.vision import Vision
from storage.generations import Generations
from storage.images import Images
from storage.records import Generation, NewRequest, Picture

LOOKING = 2
"""Requests of which a picture is in memory at the same time, to be looked at or waiting for that: a model that is being
downloaded keeps nobody's own pictures waiting."""


class Completion:
    """Completes saved requests. It raises `UserError` for what is refused, and `OSError` where a file cannot be read or
    written now."""

    def __init__(
        self,
        *,
        generations: Generations,
        images: Images,
        contexts: ContextLoader,
        request_plans: RequestPlans,
        pictures: PictureReader,
        dispatcher: Dispatcher,
        vision: Vision,
    ) -> None:
        self._generations = generations
        self._images = images
        self._contexts = contexts
        self._request_plans = request_plans
        self._pictures = pictures
        self._dispatcher = dispatcher
        self._vision = vision
        self._looking = asyncio.Semaphore(LOOKING)

    async def complete(self, generation: Generation) -> Generation | None:
        """A request with all that it starts from, recorded, or at its end where nothing is left to draw; None where it
        is cancelled, which ends the reading."""
        work, started = pending.of_document(generation.pending or {}), time.monotonic()
        looks = isinstance(work, CutOut) or (isinstance(work, Region) and bool(work.part))
        async with self._looking if looks else self._pictures.turn_of(generation.origin.user_id):
            reading = asyncio.create_task(self._read(generation, work), name=f"read for {generation.id}")
            try:
                with self._dispatcher.preparing(generation, reading.cancel):
                    request, given = await reading
            except asyncio.CancelledError:
                if self._dispatcher.expects(generation):
                    raise
                return None
            if isinstance(work, CutOut):
                return await self._finish(generation, given.image, time.monotonic() - started)
            return await self._keep(generation, request, given)

    async def _read(self, generation: Generation, work: Pending) -> tuple[NewRequest, Inputs]:
        match work:
            case Outpaint():
                given = await self._pictures.canvas(await self._start_of(generation), work)
            case Region():
                given = Inputs(mask=await self._mask(generation, work))
            case References():
                given = await self._looked_at(work)
            case Controls():
                given = await self._followed(generation, work)
            case CutOut():
                given = Inputs(image=await self._cut_out(generation))
            case Downloads():
                plan = await self._planned(generation, work)
                return plan.to_save(generation.origin), await self._pictures.followed(plan.settings, plan.inputs)
        return _as_saved(generation), given

    async def _planned(self, generation: Generation, work: Downloads) -> Plan:
        pictures = await self._pictures.read(work.request.image_urls)
        words = blending.words_of([each.prompt for each in pictures]) if work.request.blended else ""
        context = await self._contexts.load(work.requester)
        context = await self._contexts.with_looks(context, work.request.looks)
        settings = generation.settings
        chosen = replace(work.request.chosen, count=work.request.chosen.count or settings.count)
        request = replace(work.request, seed=settings.seed, chosen=chosen)
        [plan] = self._request_plans.of(context, request, pictures, words)
        return plan

    async def _looked_at(self, work: References) -> Inputs:
        pictures = await self._pictures.read(work.urls)
        context = await self._contexts.load(work.requester)
        context.check_pictures(each.fingerprint for each in pictures)
        return Inputs(**dict(zip(edits.REFERENCE_ROLES, (each.png for each in pictures), strict=False)))

    async def _cut_out(self, generation: Generation) -> bytes:
        cut = await self._vision.cut_out(await self._file(generation.source))
        if await asyncio.to_thread(pictures.is_invisible, cut):
            raise Refusal("I can't tell what is in front in this picture, so its background stays.")
        return cut

    async def _mask(self, generation: Generation, work: Region) -> bytes:
        size = generation.settings.width, generation.settings.height
        if not work.part:
            return await asyncio.to_thread(regions.mask_of, work.cells, size)
        found = await self._vision.segment(await self._start_of(generation), work.part)
        if mask := await asyncio.to_thread(regions.fitted, found, size):
            return mask
        raise Refusal("I can't find “{part}” in this picture. Name it in other English words.", part=work.part)

    async def _followed(self, generation: Generation, work: Controls) -> Inputs:
        saved = {role: await self._file(getattr(generation.inputs, role)) for role in work.roles}
        return await self._pictures.followed(generation.settings, Inputs(**saved))

    async def _start_of(self, generation: Generation) -> bytes:
        """The start picture of a request, as a PNG file."""
        return await self._file(generation.inputs.image)

    async def _file(self, name: str | None) -> bytes:
        try:
            return await self._images.read(name or "")
        except FileNotFoundError:
            raise Refusal(GONE) from None

    async def _keep(self, generation: Generation, request: NewRequest, given: Inputs) -> Generation:
        async with self._images.together() as images:
            inputs = request.inputs
            for role, png in given.given():
                giver = images.giver_of(getattr(inputs, role) or "")
                inputs = inputs.with_file(role, await images.keep(png, giver or generation.origin.user_id))
            request = replace(request, inputs=inputs)
            return await self._generations.prepared(generation.id, request)

    async def _finish(self, generation: Generation, png: bytes, seconds: float) -> Generation:
        """End a request whose picture is made of another one, flagged as that is."""
        parent = await self._generations.parent_of(generation)
        flagged = parent is None or any(
            each.flagged for each in parent.pictures if each.index == generation.lineage.picture
        )
        size = await asyncio.to_thread(pictures.size_of, png)
        async with self._images.together() as images:
            file = await images.save(generation.id, 0, png)
            picture = Picture(0, generation.settings.seed, *size, file, flagged)
            return await self._generations.complete(generation.id, [picture], seconds)


def _as_saved(generation: Generation) -> NewRequest:
    """A request as it was saved, with nothing pending."""
    return NewRequest(
        generation.origin,
        generation.settings,
        generation.lineage,
        generation.factor,
        generation.inputs,
        generation.cells,
        generation.axes,
        charged=generation.charged,
        ignored=generation.ignored,
        typed=generation.typed,
    )
