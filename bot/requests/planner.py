"""From words, settings and pictures to a plan: defaults laid over one another, rules and abilities checked."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from bot.policy.effective import NOISEFOX, EffectiveRules, Layer
from bot.policy.look_book import check_used
from bot.policy.request_context import RequestContext
from bot.policy.usual_count import usual_count
from bot.prompts import flags
from bot.requests import blending, looks, picture_roles, seed_cells, sizes, variations
from bot.requests.inputs import GivenPicture
from bot.requests.plan import Plan
from generation import abilities, preprocessors, suitability, upscaling
from generation.abilities import Abilities
from generation.catalogue import Catalogue, ModelSpec
from generation.comparison import Axis
from generation.controls import ROLES, merged
from generation.jobs import Inputs
from generation.settings import SIZE, GenerationSettings, Limits, PartialSettings, random_seed
from storage.records import MOST_UNREAD, NO_FILES, Action, Ignored, IgnoredPart, InputFiles, Lineage, size_text

_WEIGHTS = Ignored(IgnoredPart.WEIGHTS)


class Planner:
    """Plans requests. It raises `UserError` for what a rule or a model refuses; nothing is saved here."""

    def __init__(self, catalogue: Catalogue, new_seed: Callable[[], int] = random_seed) -> None:
        self._catalogue = catalogue
        self.new_seed = new_seed

    def abilities_of(self, name: str) -> Abilities:
        """What a model can do; for one that is no longer here, everything."""
        return self._catalogue.abilities_of(name)

    def imagine(
        self,
        context: RequestContext,
        text: str,
        seed: int | None,
        chosen: PartialSettings,
        *,
        given: Sequence[str] = (),
    ) -> Plan:
        """A picture from words, and from `given` pictures too: the role of each as a field of `Inputs`, or
        `picture_roles.BY_FLAGS`.

        `text` may hold flags; a `chosen` option of the command outweighs its flag.
        """
        typed = flags.read(text)
        if chosen.controls and typed.chosen.controls:
            chosen = replace(chosen, controls=merged(chosen.controls, typed.chosen.controls))
        chosen = chosen.over(typed.chosen)
        model = self._catalogue.get(chosen.model or context.usual_model)
        chosen = replace(chosen, model=chosen.model and model.name)
        rules = context.effective(model.name)
        roles = picture_roles.of(chosen, given)
        context.check_pictures(each for chosen_look in context.looks for each in chosen_look.look.fingerprints)
        use = looks.used(context.looks, model, self._catalogue, roles)
        prompt = self._catalogue.loras.with_words(use.added_to(typed.prompt), model.name)
        suitability.check_named(chosen, prompt, model)
        defaults = suitability.fitted(rules.defaults, model)
        if typed.aspect:
            factor = chosen.over(defaults).hires_factor or 1.0
            usual = defaults.width or model.width, defaults.height or model.height
            width, height = self._in_aspect(rules, model.name, typed.aspect, usual, factor, asked=True)
            defaults = replace(defaults, width=width, height=height)
        if defaults.variation_strength or typed.chosen.variation_strength:
            defaults = replace(defaults, variation_seed=self.new_seed())
        defaults = variations.agreeing(defaults, chosen)
        named_seed = seed if seed is not None else typed.seed
        settings = chosen.over(defaults).of(prompt, self.new_seed() if named_seed is None else named_seed)
        if chosen.count is None and rules.source_of("count") == NOISEFOX:
            settings = replace(settings, count=min(settings.count, usual_count(settings, context.seconds)))
        following = (each.made for role, each in zip(ROLES, settings.controls, strict=False) if role in roles)
        preprocessors.check(following, self._catalogue.seen)
        files = use.files(settings.image_prompt_scale)
        plan = self.plan(context, settings, Lineage(), files=files, from_picture="image" in roles)
        size_open = not typed.aspect and chosen.width is None
        without_effect = self._without_effect(chosen, model, (*use.roles, *roles))
        return replace(
            plan,
            size_open=size_open,
            picture_as=roles,
            ignored=(*plan.ignored, *without_effect, *use.ignored),
            private=typed.private,
            spoiler=typed.spoiler,
            added=use.added_to(""),
        )

    def explain(
        self,
        context: RequestContext,
        text: str,
        seed: int | None,
        chosen: PartialSettings,
        *,
        given: Sequence[str] = (),
    ) -> Plan:
        """One picture from words, shown from the inside. `text` may hold flags."""
        named = chosen.over(flags.read(text).chosen).model
        suitability.check_explains(self._catalogue.get(named or context.usual_model))
        plan = self.imagine(context, text, seed, replace(chosen, count=1), given=given)
        return replace(plan, lineage=Lineage(Action.EXPLAIN))

    def usual(self, context: RequestContext, denoising_strength: float) -> GenerationSettings:
        """The settings of a request that names none and starts from a picture.

        `denoising_strength` is proposed where nobody sets another default.
        """
        model = self._catalogue.get(context.usual_model)
        rules = context.effective(model.name)
        if "denoising_strength" not in rules.locked:
            proposed = Layer(NOISEFOX, PartialSettings(denoising_strength=denoising_strength))
            rules = replace(rules, layers=(*rules.layers[:-1], proposed, rules.layers[-1]))
        return replace(suitability.fitted(rules.defaults, model), model=model.name).of("a picture", 0)

    def adopt(self, context: RequestContext, settings: GenerationSettings, changed: str = "") -> Plan:
        """The settings that a picture carries, with another seed; with the usual model where theirs is not here.

        `changed` tells the ones that were replaced, because they don't exist here.
        """
        model = self._catalogue.called(settings.model) or self._catalogue.get(context.usual_model)
        faces = settings.faces and self._catalogue.abilities_of(model.name).faces
        settings = replace(suitability.stripped(settings, model), model=model.name, faces=faces)
        plan = self.plan(context, replace(settings, seed=self.new_seed()), Lineage())
        replaced = (Ignored(IgnoredPart.FOREIGN, changed[:MOST_UNREAD]),) if changed else ()
        return replace(plan, ignored=(*plan.ignored, *replaced))

    def seed(self, context: RequestContext, seed: int, prompts: Sequence[str], chosen: PartialSettings) -> Plan:
        """A figure of the noise of a seed, and of what some prompts make of it."""
        model = self._catalogue.get(chosen.model or context.usual_model)
        chosen = replace(chosen, model=chosen.model and model.name)
        rules = context.effective(model.name)
        defaults = variations.agreeing(suitability.fitted(rules.defaults, model), chosen)
        words = [self._catalogue.loras.with_words(each, model.name) for each in prompts]
        suitability.check_named(chosen, words[0], model)
        settings = seed_cells.plain(chosen.over(defaults)).of(words[0], seed)
        cells = seed_cells.cells(settings, words, rules.limits.side or SIZE.high)
        return self.plan(context, settings, Lineage(Action.SEED), cells=cells)

    def sheet(
        self, plan: Plan, cells: Sequence[GenerationSettings], axes: Sequence[Axis], *, with_picture: bool
    ) -> Plan:
        """A comparison of `cells`, which vary the picture of a plan along `axes`."""
        lineage = Lineage(Action.COMPARE)
        compared = self.plan(
            plan.context, cells[0], lineage, files=plan.files, cells=cells, from_picture=plan.from_picture
        )
        if with_picture:
            self._check_pictures(compared, plan.picture_as)
        ignored = tuple(dict.fromkeys((*plan.ignored, *_weights_of(compared))))
        compared = replace(compared, ignored=ignored, private=plan.private, spoiler=plan.spoiler)
        return replace(compared, settings=plan.settings, axes=tuple(axes), inputs=plan.inputs)

    def blend(
        self,
        context: RequestContext,
        pictures: Sequence[GivenPicture],
        text: str,
        seed: int | None,
        chosen: PartialSettings,
    ) -> Plan:
        """Something of each of two to four pictures.

        A model with an IP-Adapter takes them all as image prompts, and one that takes references looks at them;
        another starts from halfway between them.
        """
        plan = self.imagine(context, text, seed, chosen, given=(picture_roles.BY_FLAGS,))
        if plan.size_open:
            plan = self.shaped_as(plan, pictures[0].size)
        model = self._catalogue.get(plan.settings.model)
        able = abilities.of(model)
        from_the_middle = able.blends and not able.image_prompt
        settings = blending.from_the_middle(plan.settings, text, chosen) if from_the_middle else plan.settings
        first = "image_prompt" if able.image_prompt else "image"
        roles = dict(zip((first, "second", "third", "fourth"), (each.png for each in pictures), strict=False))
        ignored = self._without_effect(chosen.over(flags.read(text).chosen), model, (first,))
        ignored = (*_weights_of(plan), *ignored)
        blended = replace(plan, settings=settings, lineage=Lineage(Action.BLEND), ignored=ignored)
        return self.with_inputs(blended, Inputs(**roles))

    def with_pictures(self, plans: Sequence[Plan], pictures: Sequence[GivenPicture]) -> list[Plan]:
        """Plans that use given pictures in the roles that options, or flags of the prompt, give them."""
        return [self._with_pictures(plan, pictures) for plan in plans]

    def _with_pictures(self, plan: Plan, pictures: Sequence[GivenPicture]) -> Plan:
        shape = picture_roles.shape_of(plan.picture_as)
        if plan.size_open and shape is not None:
            plan = self.shaped_as(plan, pictures[shape].size)
        return self.with_inputs(plan, Inputs(**{role: pictures[each].png for role, each in plan.picture_as.items()}))

    def check_takes_picture(self, plans: Sequence[Plan]) -> None:
        """Raise `UserError` where a model cannot use a picture as the plans want it."""
        for plan in plans:
            self.with_inputs(plan, Inputs(**dict.fromkeys(plan.picture_as, b"a picture")))

    def check_blends(self, plan: Plan, number: int) -> None:
        """Raise `UserError` where a model cannot use so many pictures together."""
        self._check_pictures(plan, ("image", "second", "third", "fourth")[:number])

    def _check_pictures(self, plan: Plan, roles: Collection[str]) -> None:
        """Raise `Unsuitable` where a model cannot use pictures with these roles, or needs one and gets none."""
        for name in plan.models:
            suitability.check_pictures(self._catalogue.get(name), roles)

    def shaped_as(self, plan: Plan, size: tuple[int, int]) -> Plan:
        """The plan in the aspect of `size`, with about as many pixels as before."""
        old = plan.settings
        width, height = self.fitted(plan.context, old, flags.bounded(size), asked=False)
        settings = replace(old, width=width, height=height)
        shaped = self.plan(plan.context, settings, plan.lineage, from_picture=plan.from_picture)
        return replace(plan, settings=shaped.settings, limits=shaped.limits, size_open=False)

    def fitted(
        self, context: RequestContext, old: GenerationSettings, aspect: tuple[int, int], *, asked: bool = True
    ) -> tuple[int, int]:
        """Width and height in another aspect, inside the limits; see `sizes.room` for `asked`."""
        rules, usual = context.effective(old.model), (old.width, old.height)
        return self._in_aspect(rules, old.model, aspect, usual, old.hires_factor, asked=asked)

    def _in_aspect(
        self,
        rules: EffectiveRules,
        model: str,
        aspect: tuple[int, int],
        usual: tuple[int, int],
        hires_factor: float,
        *,
        asked: bool,
    ) -> tuple[int, int]:
        """A size in an aspect that a model can draw, with about as many pixels as the `usual` one."""
        able = abilities.of(self._catalogue.get(model))
        room = sizes.room(rules, hires_factor, asked=asked, step=able.size_step)
        return suitability.nearest_size(*sizes.fitted(aspect, *usual, room), able)

    def plan(
        self,
        context: RequestContext,
        settings: GenerationSettings,
        lineage: Lineage,
        *,
        files: InputFiles = NO_FILES,
        factor: int = 1,
        cells: Sequence[GenerationSettings] = (),
        from_picture: bool = False,
        source: str | None = None,
    ) -> Plan:
        """A plan, once the models can do it and the rules allow it. Raises `UserError`."""
        check_used(files.looks, context.requester)
        from_picture = from_picture or files.image is not None
        plan = Plan(
            context,
            settings,
            lineage,
            Limits(),
            factor,
            files=files,
            cells=tuple(cells),
            from_picture=from_picture,
            source=source,
        )
        if not plan.draws and settings.model not in self._catalogue.names:
            return replace(plan, limits=context.check_without_model(plan.drawn).limits)
        for each in plan.drawn:
            self._catalogue.loras.check(each.prompt, each.model)
            if each.faces and not lineage.action.enlarges:
                self._catalogue.check_faces()
        guides = [
            role
            for role in files.named
            if role != "image_prompt" or not looks.looks_at(self.abilities_of(settings.model))
        ]
        self._catalogue.check_guides(settings, guides)
        plan = self._as_able(plan)
        if lineage.action is Action.CREATIVE_UPSCALE:
            plan = replace(plan, redrawn=upscaling.creative_work(settings, self._catalogue.get(settings.model), factor))
        for name in plan.models:
            rules = context.check([each for each in plan.drawn if each.model == name], name, draws=plan.draws)
        return replace(plan, limits=rules.limits)

    def _without_effect(self, chosen: PartialSettings, model: ModelSpec, roles: Collection[str]) -> tuple[Ignored, ...]:
        """The chosen settings that weigh a picture, where none of the given ones has that role for the model."""
        able = abilities.of(model)
        weighed = able.start_picture or (able.strength_of_masked and "mask" in roles)
        looks = "image" in roles and not weighed
        in_vain = looks and chosen.denoising_strength is not None
        only_looked_at = (Ignored(IgnoredPart.REFERENCE_STRENGTH),) if in_vain else ()
        return (*flags.without_effect(chosen, roles), *only_looked_at)

    def with_inputs(self, plan: Plan, inputs: Inputs) -> Plan:
        """The plan with given pictures in their roles. Raises `UserError` where its model can't use them."""
        self._catalogue.check_guides(plan.settings, inputs.roles)
        self._check_pictures(plan, inputs.roles)
        return replace(plan, inputs=inputs, from_picture=bool(inputs.image))

    def _as_able(self, plan: Plan) -> Plan:
        """The plan without settings that its models lack. Raises `Unsuitable` where one was asked for by name."""
        if not plan.draws:
            return plan
        models = {name: self._catalogue.get(name) for name in (plan.settings.model, *plan.models)}
        if plan.lineage.action.enlarges:
            suitability.check_refines(models[plan.settings.model])
        elif plan.files != NO_FILES or not plan.from_picture:
            self._check_pictures(plan, plan.files.named)
        if plan.lineage.action.shows_steps:
            suitability.check_explains(models[plan.settings.model])
        for each in plan.drawn:
            suitability.check(each, models[each.model], or_usual=plan.lineage.parent is not None)
            suitability.check_picture(models[each.model], given=plan.from_picture or bool(plan.files.looks))
        masked = bool(plan.files.mask) or plan.lineage.action in (Action.ZOOM_OUT, Action.PAN, Action.REGION)
        settings, *cells = (
            suitability.stripped(each, models[each.model], masked=masked) for each in (plan.settings, *plan.cells)
        )
        resized = settings.final_size != plan.settings.final_size
        ignored = (Ignored(IgnoredPart.SIZE, size_text(settings.final_size)),) if resized else ()
        if any(suitability.ignores_weights(each, models[each.model]) for each in plan.drawn):
            ignored = (*ignored, _WEIGHTS)
        return replace(plan, settings=settings, cells=tuple(cells), ignored=ignored)


def _weights_of(plan: Plan) -> tuple[Ignored, ...]:
    """That weights of words are ignored, where they are."""
    return tuple(each for each in plan.ignored if each == _WEIGHTS)
