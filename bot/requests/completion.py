"""Does what is pending of a saved request: reads what it starts from, and plans it by the rules as they are then."""

import asyncio
from dataclasses import replace

from bot.errors import Refusal
from bot.jobs.dispatcher import Dispatcher
from bot.policy.request_context import ContextLoader
from bot.requests import blending, edits, pending
from bot.requests.derived_plans import GONE
from bot.requests.inputs import PictureReader
from bot.requests.pending import Downloads, Outpaint, Pending, References, Region
from bot.requests.plan import Plan
from bot.requests.request_plans import RequestPlans
from generation import regions
from generation.jobs import Inputs
from storage.generations import Generations
from storage.images import Images
from storage.records import Generation, NewRequest


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
    ) -> None:
        self._generations = generations
        self._images = images
        self._contexts = contexts
        self._request_plans = request_plans
        self._pictures = pictures
        self._dispatcher = dispatcher

    async def complete(self, generation: Generation) -> Generation | None:
        """A request with all that it starts from, recorded; None where it is cancelled, which ends the reading."""
        work = pending.of_document(generation.pending or {})
        async with self._pictures.turn_of(generation.origin.user_id):
            reading = asyncio.create_task(self._read(generation, work), name=f"read for {generation.id}")
            try:
                with self._dispatcher.preparing(generation, reading.cancel):
                    request, given = await reading
            except asyncio.CancelledError:
                if self._dispatcher.expects(generation):
                    raise
                return None
            return await self._keep(generation, request, given)

    async def _read(self, generation: Generation, work: Pending) -> tuple[NewRequest, Inputs]:
        if isinstance(work, Outpaint):
            return _as_saved(generation), await self._outpainted(generation, work)
        if isinstance(work, Region):
            size = generation.settings.width, generation.settings.height
            mask = await asyncio.to_thread(regions.mask_of, work.cells, size)
            return _as_saved(generation), Inputs(mask=mask)
        if isinstance(work, References):
            return _as_saved(generation), await self._looked_at(work)
        plan = await self._planned(generation, work)
        return plan.to_save(generation.origin), plan.inputs

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

    async def _outpainted(self, generation: Generation, work: Outpaint) -> Inputs:
        try:
            png = await self._images.read(generation.inputs.image or "")
        except FileNotFoundError:
            raise Refusal(GONE) from None
        return await self._pictures.canvas(png, work)

    async def _keep(self, generation: Generation, request: NewRequest, given: Inputs) -> Generation:
        async with self._images.together() as images:
            inputs = request.inputs
            for role, png in given.given():
                inputs = inputs.with_file(role, await images.keep(png, generation.origin.user_id))
            request = replace(request, inputs=inputs)
            return await self._generations.prepared(generation.id, request)


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
    )
