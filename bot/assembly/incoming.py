"""Everything that turns what people ask for into requests."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from bot.assembly.outgoing import Outgoing
from bot.assembly.store import Store
from bot.config import Config
from bot.interactions.confirmation import Confirmation
from bot.interactions.gate import Gate
from bot.interactions.picture_actions import PictureActions
from bot.interactions.region_choice import Paint, RegionChoice
from bot.interactions.sight import Sight
from bot.interactions.visibility import Visibility
from bot.jobs.dispatcher import Dispatcher
from bot.jobs.estimates import Estimates
from bot.policy.budgets import Budgets
from bot.policy.look_book import LookBook
from bot.policy.request_context import ContextLoader
from bot.prompts.presets import Presets
from bot.prompts.style_book import StyleBook
from bot.requests.comparisons import Comparisons
from bot.requests.completion import Completion
from bot.requests.derived_plans import Derivations
from bot.requests.descriptions import Descriptions
from bot.requests.disk_room import DiskRoom
from bot.requests.edits import Edits
from bot.requests.inputs import PictureReader
from bot.requests.planner import Planner
from bot.requests.preparation import Preparation
from bot.requests.request_plans import RequestPlans
from bot.requests.submission import Submission
from generation.vision import Vision


@dataclass(frozen=True, slots=True)
class Incoming:
    """Everything that turns what people ask for into requests."""

    contexts: ContextLoader
    planner: Planner
    derivations: Derivations
    descriptions: Descriptions
    edits: Edits
    comparisons: Comparisons
    submission: Submission
    preparation: Preparation
    presets: Presets
    confirmation: Confirmation
    sight: Sight
    visibility: Visibility
    picture_actions: PictureActions
    region_choice: RegionChoice

    @classmethod
    def over(
        cls,
        config: Config,
        store: Store,
        outgoing: Outgoing,
        dispatcher: Dispatcher,
        estimates: Estimates,
        pictures: PictureReader,
        vision: Vision,
        gate: Gate,
        now: Callable[[], datetime],
        paint: Paint | None,
    ) -> Self:
        contexts = ContextLoader(
            host_limits=config.limits,
            catalogue=config.catalogue,
            rules=store.rules,
            preferences=store.preferences,
            people=store.people,
            seconds=estimates.seconds_for,
            host_lists=config.wildcards.read(),
            looks=LookBook(store.looks),
        )
        planner = Planner(config.catalogue)
        derivations = Derivations(planner=planner, catalogue=config.catalogue)
        edits = Edits(planner=planner, catalogue=config.catalogue)
        comparisons = Comparisons(catalogue=config.catalogue, planner=planner)
        request_plans = RequestPlans(planner=planner, edits=edits, comparisons=comparisons)
        preparation = Preparation(
            generations=store.generations,
            completion=Completion(
                generations=store.generations,
                images=store.images,
                contexts=contexts,
                request_plans=request_plans,
                pictures=pictures,
                dispatcher=dispatcher,
                vision=vision,
            ),
            dispatcher=dispatcher,
            messages=outgoing.messages,
            delivery=outgoing.updates,
            audit_log=outgoing.audit_log,
            calm=gate.calm,
            now=now,
        )
        submission = Submission(
            budgets=Budgets(host_limits=config.limits, generations=store.generations, now=now),
            generations=store.generations,
            dispatcher=dispatcher,
            preparation=preparation,
            disk=DiskRoom(config.data),
        )
        presets = Presets(styles=StyleBook(store.people), generations=store.generations)
        sight = Sight(generations=store.generations, people=store.people)
        visibility = Visibility(rules=store.rules, catalogue=config.catalogue)
        region_choice = RegionChoice(
            contexts=contexts,
            edits=edits,
            submission=submission,
            finished_files=outgoing.finished_files,
            sight=sight,
            visibility=visibility,
            vision=vision,
            paint=paint,
        )
        return cls(
            contexts=contexts,
            planner=planner,
            derivations=derivations,
            descriptions=Descriptions(pictures=pictures, vision=vision, loras=config.catalogue.loras),
            edits=edits,
            comparisons=comparisons,
            submission=submission,
            preparation=preparation,
            presets=presets,
            confirmation=Confirmation(
                catalogue=config.catalogue,
                contexts=contexts,
                request_plans=request_plans,
                submission=submission,
                drafts=store.drafts,
                pictures=pictures,
            ),
            sight=sight,
            visibility=visibility,
            picture_actions=PictureActions(
                contexts=contexts,
                planner=planner,
                derivations=derivations,
                edits=edits,
                submission=submission,
                dispatcher=dispatcher,
                deletion=outgoing.deletion,
                generations=store.generations,
                people=store.people,
                messages=outgoing.messages,
                finished_files=outgoing.finished_files,
                sight=sight,
                visibility=visibility,
                presets=presets,
                reports=outgoing.reports,
                region_choice=region_choice,
            ),
            region_choice=region_choice,
        )
