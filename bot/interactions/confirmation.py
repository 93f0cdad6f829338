"""Requests that begin at once, or, where they make many pictures, after a question that names the cost."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

import discord
from discord import ui

from bot.errors import Refusal
from bot.interactions.begin_request import begin, check, check_reach
from bot.interactions.downloads import download
from bot.interactions.requester import requester_of
from bot.interactions.respond import answer
from bot.locales import say
from bot.locales.durations import about
from bot.policy.request_context import ContextLoader, RequestContext
from bot.requests.comparisons import ComparedPicture, Comparisons
from bot.requests.inputs import GivenPicture, PictureReader
from bot.requests.plan import Plan
from bot.requests.planner import Planner
from bot.requests.submission import Submission
from bot.views.message import MessageContent, framed
from generation.catalogue import Catalogue
from generation.comparison import Parameter
from generation.settings import GenerationSettings, PartialSettings, Sampler, Schedule
from storage.drafts import Drafts

AT_ONCE = 4
"""Requests that one command may make without a question."""

MANY_STEPS = 150
"""Steps that a comparison may take without a question, as many as one picture may have. A picture larger than its
model's own size counts as so many more."""

DECISION = re.compile(r"noisefox-draft:(?P<decision>draw|drop):(?P<draft>\d{1,18})")


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """Everything one command asks for: one or more pictures for each of its prompts."""

    prompts: list[str]
    seed: int | None
    chosen: PartialSettings
    private: bool = False
    spoiler: bool = False
    image_url: str = ""
    """The address of the start picture; empty where there is none."""
    explained: bool = False
    """True for `/explain`."""
    compared: Mapping[Parameter, str] = field(default_factory=dict)
    """The settings to compare, with their values as typed. An empty text leaves the values to the bot."""

    def to_document(self) -> dict[str, Any]:
        """The request as JSON can hold it; `of_document` reads it back."""
        return {each.name: getattr(self, each.name) for each in fields(self)} | {"chosen": self.chosen.given()}

    @classmethod
    def of_document(cls, document: dict[str, Any]) -> "PictureRequest":
        chosen = document["chosen"]
        if "sampler" in chosen:
            chosen["sampler"] = Sampler(chosen["sampler"])
        if "schedule" in chosen:
            chosen["schedule"] = Schedule(chosen["schedule"])
        compared = {Parameter(name): values for name, values in document.get("compared", {}).items()}
        return cls(**document | {"chosen": PartialSettings(**chosen), "compared": compared})


class Confirmation:
    """Begins requests, and asks first where one makes many pictures."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        contexts: ContextLoader,
        planner: Planner,
        comparisons: Comparisons,
        submission: Submission,
        drafts: Drafts,
        pictures: PictureReader,
    ) -> None:
        self._catalogue = catalogue
        self._contexts = contexts
        self._planner = planner
        self._comparisons = comparisons
        self._submission = submission
        self._drafts = drafts
        self._pictures = pictures

    async def take(
        self, interaction: discord.Interaction, context: RequestContext, picture_request: PictureRequest
    ) -> None:
        """Begin a request, or ask first. Raises `UserError` for what is refused."""
        plans = await self._plans(interaction, context, picture_request)
        if len(plans) > AT_ONCE or self._work(plans) > MANY_STEPS:
            await self._ask_back(interaction, picture_request, plans)
        else:
            await self._begin(interaction, picture_request, plans)

    async def decide(self, interaction: discord.Interaction, match: "re.Match[str]", _: Sequence[str]) -> None:
        """Do what was answered. Raises `UserError`."""
        async with self._drafts.taken(int(match["draft"]), interaction.user.id, "prompts") as document:
            if document is None:
                raise Refusal("This question was already answered. Start again with /imagine.")
            if match["decision"] == "drop":
                view = framed([ui.TextDisplay(say("Nothing was drawn."))])
                view.stop()
                await interaction.response.edit_message(view=view)
                return
            picture_request = PictureRequest.of_document(document)
            context = await self._contexts.load(requester_of(interaction))
            plans = await self._plans(interaction, context, picture_request)
            await self._begin(interaction, picture_request, plans)

    async def _ask_back(
        self, interaction: discord.Interaction, picture_request: PictureRequest, plans: list[Plan]
    ) -> None:
        """Ask first; nobody is asked about a request that would be refused then."""
        await check(interaction, self._submission, plans, private=picture_request.private)
        if picture_request.image_url:
            await interaction.response.defer(ephemeral=True, thinking=True)
            plans = await self._with_picture(interaction, picture_request)
        draft = await self._drafts.add(interaction.user.id, picture_request.to_document())
        await answer(interaction, self._question(plans, draft))

    async def _begin(
        self, interaction: discord.Interaction, picture_request: PictureRequest, plans: list[Plan]
    ) -> None:
        complete = partial(self._with_picture, interaction, picture_request) if picture_request.image_url else None
        await begin(
            interaction,
            self._submission,
            plans,
            private=picture_request.private,
            spoiler=picture_request.spoiler,
            complete=complete,
        )

    async def _with_picture(self, interaction: discord.Interaction, picture_request: PictureRequest) -> list[Plan]:
        """The plans once the picture is here, by the rules as they are then: a download may take half a minute."""
        [picture] = await self._pictures.read([await download(interaction.client, picture_request.image_url)])
        context = await self._contexts.load(requester_of(interaction))
        return await self._plans(interaction, context, picture_request, picture)

    async def _plans(
        self,
        interaction: discord.Interaction,
        context: RequestContext,
        picture_request: PictureRequest,
        picture: GivenPicture | None = None,
    ) -> list[Plan]:
        """The plans of a request, and what they start from where the `picture` is here already."""
        starts, chosen = bool(picture_request.image_url), picture_request.chosen
        planned = self._planner.explain if picture_request.explained else self._planner.imagine

        def ask(prompt: str) -> Plan:
            return planned(context, prompt, picture_request.seed, chosen, with_picture=starts)

        first, *others = picture_request.prompts
        plan = ask(first)
        await self._submission.check_room(plan, len(picture_request.prompts))
        plans = [plan, *map(ask, others)]
        check_reach(interaction, self._submission, plans)
        if starts:
            self._planner.check_takes_picture(plans)
        if picture:
            plans = self._planner.with_picture(plans, picture)
        if picture_request.compared:
            asked = zip(plans, picture_request.prompts, strict=True)
            compared = [ComparedPicture(*each, chosen, starts) for each in asked]
            plans = [self._comparisons.plan(each, picture_request.compared) for each in compared]
        return plans

    def _work(self, plans: Sequence[Plan]) -> float:
        """The steps of all comparisons, at the size that each model draws by itself."""
        cells = [each for plan in plans if plan.axes for each in plan.work.each]
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
        else:
            what, label = say("This makes {n} requests", n=len(plans)), say("Draw all {n}", n=len(plans))
        draw: ui.Button[Any] = ui.Button(
            label=label, style=discord.ButtonStyle.primary, custom_id=f"noisefox-draft:draw:{draft}"
        )
        drop: ui.Button[Any] = ui.Button(label=say("Don't draw"), custom_id=f"noisefox-draft:drop:{draft}")
        return MessageContent(framed([ui.TextDisplay(f"**{what}**\n{told}."), ui.ActionRow(draw, drop)]))
