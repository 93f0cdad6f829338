"""Plans that are derived from an earlier request."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from bot.errors import Refusal
from bot.policy.request_context import RequestContext
from bot.prompts import flags, random_choices
from bot.prompts.flags import ParsedPrompt
from bot.requests import picture_roles, sizes, variations
from bot.requests.pending import Controls, CutOut, Outpaint
from bot.requests.picture_roles import BY_FLAGS
from bot.requests.plan import Plan
from bot.requests.planner import Planner
from generation import outpainting, preprocessors, suitability, upscaling
from generation.catalogue import Catalogue
from generation.controls import ROLES, Control, ControlKind, of_pictures
from generation.errors import LimitExceeded
from generation.jobs import Manner
from generation.outpainting import Direction
from generation.sentences import Sentence
from generation.settings import SEED, STEPS, GenerationSettings, PartialSettings
from storage.records import Action, Generation, InputFiles, Lineage, Picture

_PREPARED = Sentence(
    "The control picture was made for other controls. Use /imagine, and attach the picture as `control_image` again."
)

GONE = Sentence("That picture is no longer available. Re-roll to draw another.")


class Derivations:
    """Plans what people do with a picture. It raises `UserError` for what is refused."""

    def __init__(self, *, planner: Planner, catalogue: Catalogue) -> None:
        self._planner = planner
        self._catalogue = catalogue

    def derive(
        self, context: RequestContext, generation: Generation, settings: GenerationSettings, lineage: Lineage
    ) -> Plan:
        """Other settings, from the same start picture if there is one."""
        plan = self._planner.plan(context, settings, lineage, files=generation.inputs)
        return replace(plan, typed=generation.typed if settings.prompt == generation.settings.prompt else None)

    def reroll(self, context: RequestContext, generation: Generation) -> Plan:
        """The same settings with another seed, and random choices made anew; a variation varies as far towards another
        one."""
        if generation.axes:
            raise Refusal(
                "You can't change a comparison. Choose one of its pictures, or start a new one with /compare."
            )
        if generation.cells:
            return self._reseeded(context, generation, self._planner.new_seed())
        is_variation = generation.lineage.action is Action.VARY
        settings = variations.rerolled(generation.settings, self._planner.new_seed(), variation=is_variation)
        lineage = Lineage(Action.REROLL, generation.id)
        if generation.typed is None:
            return self.derive(context, generation, settings, lineage)
        settings = random_choices.chosen_anew(settings, generation.typed, context.word_lists)
        settings = replace(settings, prompt=self._catalogue.loras.with_words(settings.prompt, settings.model))
        return replace(self.derive(context, generation, settings, lineage), typed=generation.typed)

    def next_seed(self, context: RequestContext, generation: Generation) -> Plan:
        """A sheet again, with the seed after its own in all cells."""
        return self._reseeded(context, generation, (generation.settings.seed + 1) % (SEED.high + 1))

    def vary(
        self, context: RequestContext, generation: Generation, index: int, strength: float = variations.SUBTLE
    ) -> Plan:
        """Pictures close to one of a request, as many as that had."""
        picture = finished_picture(generation, index)
        settings, files = generation.settings.of_picture(index), generation.inputs
        if settings.variation_strength:
            settings = variations.redrawn_as_varied(settings, self._planner.new_seed(), strength)
            settings = suitability.stripped(settings, self._catalogue.get(settings.model))
            files = InputFiles(image=picture.file)
        else:
            settings = variations.varied(settings, self._planner.new_seed(), strength)
        settings = replace(settings, count=generation.settings.count)
        return self._planner.plan(context, settings, Lineage(Action.VARY, generation.id, index), files=files)

    def explain(
        self, context: RequestContext, generation: Generation, index: int, settings: GenerationSettings
    ) -> Plan:
        """One picture of a request, shown from the inside, with the same or other settings."""
        return self.derive(context, generation, settings, Lineage(Action.EXPLAIN, generation.id, index))

    def film(self, context: RequestContext, generation: Generation, index: int) -> Plan:
        """One picture of a request again as it is, with its steps recorded for a film."""
        finished_picture(generation, index)
        settings = generation.settings.of_picture(index)
        return self.derive(context, generation, settings, Lineage(Action.FILM, generation.id, index))

    def try_out(
        self, context: RequestContext, generation: Generation, index: int, tried: Sequence[GenerationSettings]
    ) -> list[Plan]:
        """One picture of a request with several other settings. Raises `Refusal` where there are none."""
        model = self._catalogue.get(generation.settings.model)
        tried = [each for each in tried if suitability.supports(each, model)]
        if not tried:
            raise Refusal("There are no other values to try here.")
        lineage = Lineage(Action.TRY_OUT, generation.id, index)
        return [self.derive(context, generation, settings, lineage) for settings in tried]

    def redraw(
        self, context: RequestContext, generation: Generation, index: int, prompt: str, chosen: PartialSettings
    ) -> Plan:
        """Other words and settings, starting from a finished picture.

        `prompt` may hold flags, which weigh less than what is `chosen`, and may give the picture another role.
        """
        picture = finished_picture(generation, index)
        typed = flags.read(prompt)
        wanted, old = chosen.over(typed.chosen), generation.settings.of_picture(index)
        model = self._catalogue.get(wanted.model or old.model)
        typed_or_chosen = replace(typed, chosen=replace(wanted, model=wanted.model and model.name))
        suitability.check_named(wanted, typed.prompt, model)
        settings = variations.redrawn(suitability.stripped(old, model), self._planner.new_seed())
        settings = variations.retold(settings, typed_or_chosen)
        suitability.check(settings, model)
        files = InputFiles(**dict.fromkeys(picture_roles.of(typed.chosen, (BY_FLAGS,)), picture.file))
        plan = self._planner.plan(context, settings, Lineage(Action.REDRAW, generation.id, index), files=files)
        return _as_typed(_preparing(plan, self._catalogue.seen), typed, chosen)

    def remix(self, context: RequestContext, generation: Generation, text: str, chosen: PartialSettings) -> Plan:
        """Other words and settings, from the same start; only the seed changes unasked. Controls that `text` leaves out
        end."""
        typed, old = flags.read(text), generation.settings
        changes = chosen.over(typed.chosen).given()
        model = self._catalogue.get(changes.get("model", old.model))
        changes["model"] = model.name
        suitability.check_named(chosen.over(typed.chosen), typed.prompt, model)
        old = suitability.stripped(old, model)
        if not {"controls", "control_scale"} & changes.keys():
            old = replace(old, controls=())
        if typed.aspect:
            changes["width"], changes["height"] = self._planner.fitted(context, old, typed.aspect)
        seed = self._planner.new_seed() if typed.seed is None else typed.seed
        settings = replace(old, prompt=typed.prompt, seed=seed, **changes)
        suitability.check(settings, model)
        followed = _followed(generation, settings.controls)
        plan = self.derive(context, followed, settings, Lineage(Action.REMIX, generation.id))
        return _as_typed(_preparing(plan, self._catalogue.seen, followed.settings.controls), typed, chosen)

    def hires(self, context: RequestContext, generation: Generation, index: int) -> Plan:
        """One picture of a request again, twice as large and with the detail of that size."""
        finished_picture(generation, index)
        settings = generation.settings.of_picture(index)
        if settings.hires_factor > 1:
            raise Refusal("This picture is already refined. Upscale it instead.")
        lineage = Lineage(Action.HIRES, generation.id, index)
        return self.derive(context, generation, variations.refined(settings), lineage)

    def cut_out(self, context: RequestContext, generation: Generation, index: int) -> Plan:
        """One picture of a request without its background."""
        if generation.lineage.action is Action.CUT_OUT:
            raise Refusal("The background of this picture is removed already.")
        if not self._catalogue.abilities_of(generation.settings.model).cuts_out:
            raise Refusal("This bot has no model that removes backgrounds any more.")
        picture, settings = finished_picture(generation, index), generation.settings.of_picture(index)
        lineage = Lineage(Action.CUT_OUT, generation.id, index)
        plan = self._planner.plan(context, settings, lineage, factor=generation.factor, source=picture.file)
        return replace(plan, pending=CutOut())

    def faces(self, context: RequestContext, generation: Generation, index: int) -> Plan:
        """One picture of a request again, with each face drawn anew."""
        finished_picture(generation, index)
        settings = generation.settings.of_picture(index)
        if generation.factor > 1:
            raise Refusal("Fix the faces before you enlarge a picture: the smaller one is in your /history.")
        if settings.faces:
            raise Refusal("The faces of this picture are already drawn anew. Re-roll it, or choose Vary region.")
        lineage = Lineage(Action.FACES, generation.id, index)
        return self.derive(context, generation, replace(settings, faces=True), lineage)

    def outpaint(
        self, context: RequestContext, generation: Generation, index: int, zoom_or_direction: float | Direction
    ) -> Plan:
        """More around a picture: on all sides at a zoom of `outpainting.ZOOMS`, or in one direction."""
        picture = finished_picture(generation, index)
        old = generation.settings.of_picture(index)
        room = sizes.room(context.effective(old.model), 1.0, asked=False)
        side = (room.widths if zoom_or_direction in (Direction.LEFT, Direction.RIGHT) else room.heights)[1]
        size = outpainting.view_size(old.final_size, zoom_or_direction, side)

        settings = variations.outpainted(old, self._planner.new_seed(), size)
        settings = replace(settings, count=generation.settings.count)
        action = Action.PAN if isinstance(zoom_or_direction, Direction) else Action.ZOOM_OUT
        files = InputFiles(image=picture.file)
        plan = self._planner.plan(context, settings, Lineage(action, generation.id, index), files=files)
        return replace(plan, pending=Outpaint(old.final_size, zoom_or_direction, side))

    def reshape(self, context: RequestContext, generation: Generation, index: int, aspect: tuple[int, int]) -> Plan:
        """One picture again in another aspect (width, height), from the same noise."""
        old = generation.settings.of_picture(index)
        width, height = self._planner.fitted(context, old, aspect)
        if (width, height) == (old.width, old.height):
            raise Refusal("This picture already has that shape.")
        noise = (old.seed_width, old.seed_height) if old.seed_width else (old.width, old.height)
        settings = replace(old, width=width, height=height, seed_width=noise[0], seed_height=noise[1])
        return self.derive(context, generation, settings, Lineage(Action.RESHAPE, generation.id, index))

    def upscale(
        self,
        context: RequestContext,
        generation: Generation,
        index: int,
        manner: Manner = Manner.SUBTLE,
        factor: int = upscaling.FACTOR,
    ) -> Plan:
        """One picture of a request, enlarged by one of `upscaling.FACTORS`."""
        picture = finished_picture(generation, index)
        upscaling.check(picture.width, picture.height, factor)
        action = Action.CREATIVE_UPSCALE if manner is Manner.CREATIVE else Action.UPSCALE
        settings, lineage = generation.settings.of_picture(index), Lineage(action, generation.id, index)
        plan = self._planner.plan(context, settings, lineage, factor=generation.factor * factor, source=picture.file)
        side = max(picture.width, picture.height) * factor
        if plan.limits.side is not None and side > plan.limits.side:
            raise LimitExceeded(
                "The result would be {side} pixels wide or high; the maximum here is {limit}.",
                side=side,
                limit=plan.limits.side,
            )
        return plan

    def most_steps(self, context: RequestContext, model: str) -> int:
        """The most steps that somebody may take with a model."""
        limit = context.effective(model).limits.steps
        return STEPS.high if limit is None else limit

    def new_seed(self) -> int:
        """A random seed."""
        return self._planner.new_seed()

    def _reseeded(self, context: RequestContext, generation: Generation, seed: int) -> Plan:
        """A sheet again, with one seed in all cells."""
        settings, *cells = (replace(each, seed=seed) for each in (generation.settings, *generation.cells))
        lineage = Lineage(generation.lineage.action, generation.id)
        return self._planner.plan(context, settings, lineage, files=generation.inputs, cells=cells)


def _followed(generation: Generation, wanted: Sequence[Control]) -> Generation:
    """The request with one control picture for each of the `wanted` controls: the one made for it, or else one that was
    taken as it is. Raises `Refusal` where there is none. Pictures that had no controls stay where none is wanted."""
    had, files = generation.settings.controls, generation.inputs
    given = [file for role in ROLES if (file := files.named.get(role))]
    left = list(zip(of_pictures(had, len(given)), given, strict=True))
    if not left or not (had or wanted):
        return generation
    kept = []
    for control in wanted:
        fitting = [each for each in left if control.made in (None, each[0].made) or each[0].made is None]
        if not fitting:
            raise Refusal(_PREPARED)
        kept.append(max(fitting, key=lambda each: (each[0].made is control.made, each[0].kind is control.kind)))
        left.remove(kept[-1])
    names: dict[str, Any] = dict.fromkeys(ROLES) | dict(zip(ROLES, (file for _, file in kept), strict=False))
    settings = replace(generation.settings, controls=tuple(control for control, _ in kept))
    return replace(generation, settings=settings, inputs=replace(files, **names))


def _preparing(plan: Plan, seen: Collection[ControlKind], before: Sequence[Control] = ()) -> Plan:
    """The plan, with its saved control pictures yet to be made into what the settings name; `before` are the controls
    that they were made for; models see the kinds that are `seen`. Raises `UserError` for another kind."""
    wanted = plan.settings.controls
    changed = {
        role: new.made
        for role, old, new in zip(ROLES, of_pictures(before, len(wanted)), wanted, strict=False)
        if role in plan.files.named and new.made not in (old.made, None)
    }
    preprocessors.check(changed.values(), seen)
    return replace(plan, pending=Controls(tuple(changed))) if changed else plan


def _as_typed(plan: Plan, typed: ParsedPrompt, chosen: PartialSettings) -> Plan:
    """The plan, seen by whom its flags say, with what has no effect of the flags and of what was `chosen`."""
    ignored = flags.without_effect(chosen.over(typed.chosen), plan.files.named)
    return replace(plan, ignored=(*plan.ignored, *ignored), private=typed.private, spoiler=typed.spoiler)


def finished_picture(generation: Generation, index: int) -> Picture:
    """Picture `index` of a request, with its file. Raises `Refusal` where there is none, or not yet."""
    if generation.lineage.action.makes_figure or generation.cells:
        raise Refusal("This is a figure, not a picture. Draw a picture first, then change that one.")
    if generation.state.unfinished:
        raise Refusal("This picture is still being drawn. Try again when it's done.")
    picture = next((each for each in generation.pictures if each.index == index and each.file), None)
    if picture is None:
        raise Refusal(GONE)
    return picture
