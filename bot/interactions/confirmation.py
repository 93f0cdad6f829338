"""Requests that begin at once, or, where they make many pictures, after a question that names the cost."""

import contextlib
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import discord
from discord import ui

from bot.errors import Refusal
from bot.interactions.begin_request import begin, check, check_reach
from bot.interactions.requester import requester_of
from bot.interactions.respond import answer, change
from bot.locales import say
from bot.locales.durations import about
from bot.policy.request_context import ContextLoader, RequestContext
from bot.policy.usual_count import unmeasured
from bot.requests.inputs import PictureReader
from bot.requests.pending import Downloads
from bot.requests.picture_request import PictureRequest
from bot.requests.plan import Plan
from bot.requests.request_plans import RequestPlans
from bot.requests.submission import Submission
from bot.views.message import MessageContent, framed
from generation.catalogue import Catalogue
from generation.errors import UserError
from generation.sentences import Sentence
from generation.settings import GenerationSettings
from storage.drafts import Drafts
from storage.generations import AlreadyAsked

AT_ONCE = 4
"""Requests that one command may make without a question."""

MANY_STEPS = 150
"""Steps that a comparison or a seed's figure may take without a question, as many as one picture may have. A picture
larger than its model's own size counts as so many more."""

DECISION = re.compile(r"noisefox-draft:(?P<decision>draw|drop):(?P<draft>[0-9]{1,18})")


_ANSWERED = Sentence("This question was already answered. Start again with /imagine.")


class Confirmation:
    """Begins requests, and asks first where one makes many pictures."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        contexts: ContextLoader,
        request_plans: RequestPlans,
        submission: Submission,
        drafts: Drafts,
        pictures: PictureReader,
    ) -> None:
        self._catalogue = catalogue
        self._contexts = contexts
        self._request_plans = request_plans
        self._submission = submission
        self._drafts = drafts
        self._pictures = pictures

    async def take(
        self, interaction: discord.Interaction, context: RequestContext, picture_request: PictureRequest
    ) -> None:
        """Begin a request, or ask first. Raises `UserError` for what is refused."""
        plans = await self._plans(interaction, context, picture_request)
        if len(plans) > AT_ONCE or self._work(plans) > MANY_STEPS:
            await self._ask_back(interaction, context, picture_request, plans)
        else:
            await self._begin(interaction, picture_request, plans)

    async def begin(
        self, interaction: discord.Interaction, context: RequestContext, picture_request: PictureRequest, key: str
    ) -> None:
        """Begin a request without a question; see `begin_request.begin` for `key`. Raises `UserError`."""
        await self._begin(interaction, picture_request, await self._plans(interaction, context, picture_request), key)

    async def decide(self, interaction: discord.Interaction, match: "re.Match[str]", _: Sequence[str]) -> None:
        """Do what was answered. Raises `UserError`.

        A draft that is drawn is kept, for Discord may never learn of the answer; the key of its requests lets them be
        made once.
        """
        draft = int(match["draft"])
        document = await self._drafts.get(draft, interaction.user.id, "prompts")
        if document is None:
            raise Refusal(_ANSWERED)
        if match["decision"] == "drop":
            await self._drafts.remove(draft)
            await change(interaction, MessageContent(framed([ui.TextDisplay(say("Nothing was drawn."))])))
            return
        picture_request = PictureRequest.of_document(document)
        context = await self._contexts.load(requester_of(interaction))
        context = await self._contexts.with_looks(context, picture_request.looks)
        try:
            await self.begin(interaction, context, picture_request, f"draft:{draft}")
        except AlreadyAsked:
            raise Refusal(_ANSWERED) from None

    async def _ask_back(
        self,
        interaction: discord.Interaction,
        context: RequestContext,
        picture_request: PictureRequest,
        plans: list[Plan],
    ) -> None:
        """Ask first; nobody is asked about a request that would be refused then.

        The question can be answered before its pictures are read, so that nothing is lost if that never ends. With
        them, it is asked again by what they cost; where they are refused, it is taken back.
        """
        await check(interaction, self._submission, plans, private=picture_request.private)
        draft = await self._drafts.add(interaction.user.id, picture_request.to_document())
        await answer(interaction, self._question(plans, draft))
        if not picture_request.image_urls:
            return
        try:
            async with self._pictures.turn_of(interaction.user.id):
                pictures = await self._pictures.read(picture_request.image_urls)
                plans = self._request_plans.of(context, picture_request, pictures)
        except UserError:
            await self._drafts.remove(draft)
            with contextlib.suppress(discord.HTTPException):
                await interaction.delete_original_response()
            raise
        await answer(interaction, self._question(plans, draft))

    async def _begin(
        self, interaction: discord.Interaction, picture_request: PictureRequest, plans: list[Plan], key: str = ""
    ) -> None:
        if picture_request.image_urls:
            requester = plans[0].context.requester
            plans = [
                replace(plan, pending=Downloads(own, requester))
                for plan, own in zip(plans, picture_request.each, strict=True)
            ]
        await begin(
            interaction,
            self._submission,
            plans,
            private=picture_request.private,
            spoiler=picture_request.spoiler,
            key=key,
        )

    async def _plans(
        self, interaction: discord.Interaction, context: RequestContext, picture_request: PictureRequest
    ) -> list[Plan]:
        """The plans of a request. Those of many are only made where there is room for them all, and unasked they
        make one picture each."""
        first, *others = picture_request.each
        if others:
            context = replace(context, seconds=unmeasured)
        plans = self._request_plans.of(context, first)
        await self._submission.check_room(plans[0], 1 + len(others))
        for each in others:
            plans += self._request_plans.of(context, each)
        check_reach(interaction, self._submission, plans)
        return plans

    def _work(self, plans: Sequence[Plan]) -> float:
        """The steps of all sheets, at the size that each model draws by itself."""
        cells = [each for plan in plans if plan.cells for each in plan.work.each]
        return sum(each.charged * self._size(each.settings) for each in cells)

    def _size(self, settings: GenerationSettings) -> float:
        """The size of a picture in pictures of its model's own size, at least 1."""
        return max(self._catalogue.get(settings.model).times_as_large(settings), 1)

    def _question(self, plans: Sequence[Plan], draft: int) -> MessageContent:
        pictures = sum(each.count for plan in plans for each in plan.drawn)
        steps = sum(plan.charged for plan in plans)
        told = say("{pictures} pictures, {steps:,} steps in total", pictures=pictures, steps=steps)
        seconds = self._submission.seconds_until(plans)
        if seconds is not None:
            told = say("{cost}, {time} until all are done", cost=told, time=about(seconds))
        if plans[0].axes:
            what, label = say("This is a large comparison"), say("Draw the comparison")
        elif plans[0].cells:
            what, label = say("This is a large figure"), say("Draw the figure")
        else:
            what, label = say("This makes {n} requests", n=len(plans)), say("Draw all {n}", n=len(plans))
        draw: ui.Button[Any] = ui.Button(
            label=label, style=discord.ButtonStyle.primary, custom_id=f"noisefox-draft:draw:{draft}"
        )
        drop: ui.Button[Any] = ui.Button(label=say("Don't draw"), custom_id=f"noisefox-draft:drop:{draft}")
        return MessageContent(framed([ui.TextDisplay(f"**{what}**\n{told}."), ui.ActionRow(draw, drop)]))
