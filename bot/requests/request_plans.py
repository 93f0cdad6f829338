"""From a picture request to its plans, one for each prompt."""

from collections.abc import Sequence
from dataclasses import replace

from bot.policy.request_context import RequestContext
from bot.prompts import presets
from bot.requests import blending
from bot.requests.comparisons import ComparedPicture, Comparisons
from bot.requests.edits import Edits
from bot.requests.inputs import GivenPicture
from bot.requests.picture_request import PictureRequest
from bot.requests.plan import Plan
from bot.requests.planner import Planner
from generation.prompts import choices
from storage.records import Ignored, IgnoredPart


class RequestPlans:
    """Plans picture requests, before and after their pictures are downloaded. It raises `UserError`."""

    def __init__(self, *, planner: Planner, edits: Edits, comparisons: Comparisons) -> None:
        self._planner = planner
        self._edits = edits
        self._comparisons = comparisons

    def of(
        self,
        context: RequestContext,
        request: PictureRequest,
        pictures: Sequence[GivenPicture] = (),
        words: str = blending.FALLBACK_PROMPT,
    ) -> list[Plan]:
        """The plans of a request, with its `pictures` where they are here already.

        `words` are the prompt of a blend that has none.
        """
        context.check_pictures(each.fingerprint for each in pictures)
        if request.blended:
            return [replace(self._blend(context, request, pictures, words), typed="".join(request.typed) or None)]
        if request.edited:
            return [self._edits.of_given(context, request, pictures)]
        if request.of_seed:
            assert request.seed is not None
            return [self._planner.seed(context, request.seed, request.prompts, request.chosen)]
        plans = [self._plan(context, request, prompt) for prompt in request.prompts]
        if request.image_urls:
            self._planner.check_takes_picture(plans)
        if pictures:
            plans = self._planner.with_pictures(plans, pictures)
        if request.compared:
            asked = zip(plans, request.prompts, strict=True)
            compared = [ComparedPicture(*each, request.chosen, request.given) for each in asked]
            plans = [self._comparisons.plan(each, request.compared) for each in compared]
        typed = request.typed or [""] * len(plans)
        return [replace(plan, typed=_with_looks(own, plan) or None) for plan, own in zip(plans, typed, strict=True)]

    def _plan(self, context: RequestContext, request: PictureRequest, prompt: str) -> Plan:
        planned = self._planner.explain if request.explained else self._planner.imagine
        plan = planned(context, prompt, request.seed, request.chosen, given=request.given)
        braces = (Ignored(IgnoredPart.BRACE),) if request.unpaired else ()
        return replace(plan, ignored=(*plan.ignored, *braces))

    def _blend(
        self, context: RequestContext, request: PictureRequest, pictures: Sequence[GivenPicture], words: str
    ) -> Plan:
        [prompt] = request.prompts
        text = blending.with_words(prompt, words)
        if pictures:
            return self._planner.blend(context, pictures, text, request.seed, request.chosen)
        plan = self._planner.imagine(context, text, request.seed, request.chosen, given=request.given[:1])
        self._planner.check_blends(plan, len(request.image_urls))
        return plan


def _with_looks(typed: str, plan: Plan) -> str:
    """A prompt before its random choices were made, with what looks add to it; empty where it has none."""
    return presets.styled(typed, choices.escaped(plan.added)) if typed and plan.added else typed
