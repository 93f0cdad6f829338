"""From what a person asks to a request that is saved and queued: defaults laid over one another, limits kept."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.delivery.audit_log import AuditLog
from bot.errors import Refusal
from bot.jobs.dispatcher import Dispatcher
from bot.policy.budgets import Budgets
from bot.policy.effective import Layer, NsfwHandling
from bot.policy.requester import Requester
from bot.policy.server_rules import USUAL, ServerPolicy
from bot.prompts import flags
from bot.requests import blending, seed_cells, sizes, variations
from bot.requests import inputs as inputs_module
from bot.requests.plan import Plan
from generation import abilities, outpainting, redrawing, upscaling
from generation.catalogue import Catalogue
from generation.comparison import Axis
from generation.errors import LimitExceeded, UserError
from generation.jobs import Inputs, Manner
from generation.outpainting import Direction
from generation.sentences import Sentence
from generation.settings import SIZE, STEPS, GenerationSettings, Limits, PartialSettings, random_seed
from storage.generations import Generations
from storage.images import Images
from storage.people import People
from storage.records import NO_FILES, Action, Generation, InputFiles, Lineage, NsfwPolicy, Origin, Picture

_GONE = Sentence("That picture is no longer available. Re-roll to draw another.")


class Planner:
    """Judges requests and takes them in. What it refuses it refuses with a `UserError`, before anything is saved."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        policy: ServerPolicy,
        budgets: Budgets,
        generations: Generations,
        people: People,
        images: Images,
        dispatcher: Dispatcher,
        audit_log: AuditLog,
        new_seed: Callable[[], int] = random_seed,
    ) -> None:
        self._catalogue = catalogue
        self._policy = policy
        self._budgets = budgets
        self._generations = generations
        self._people = people
        self._images = images
        self._dispatcher = dispatcher
        self._audit_log = audit_log
        self.new_seed = new_seed
        self._accepting = asyncio.Lock()
        """Between counting a person's requests and adding one, nobody else adds any."""

    async def imagine(
        self, requester: Requester, text: str, seed: int | None, chosen: PartialSettings, *, with_picture: bool = False
    ) -> Plan:
        """A picture from words, and where it comes `with_picture`, from that. `text` may hold flags; an option of the
        command outweighs its flag."""
        typed = flags.read(text)
        named = chosen.model or typed.chosen.model
        model = self._catalogue.get(named or await self.usual_model(requester))
        effective = await self._policy.effective(requester, model)
        defaults = abilities.fitted(effective.defaults, model)
        if typed.aspect:
            factor = chosen.over(typed.chosen).over(defaults).hires_factor or 1.0
            usual = defaults.width or model.width, defaults.height or model.height
            width, height = sizes.fitted(typed.aspect, *usual, sizes.room(effective, factor, asked=True))
            defaults = replace(defaults, width=width, height=height)
        if defaults.variation_strength or typed.chosen.variation_strength:
            defaults = replace(defaults, variation_seed=self.new_seed())
        defaults = variations.agreeing(defaults, chosen.over(typed.chosen))
        wanted = seed if seed is not None else typed.seed
        prompt = self._catalogue.loras.with_words(typed.prompt, model.name)
        settings = chosen.over(typed.chosen).over(defaults).of(prompt, self.new_seed() if wanted is None else wanted)
        sized = typed.aspect or chosen.over(typed.chosen).width is not None
        roles = flags.picture_as(typed)
        plan = await self._plan(requester, settings, Lineage(), from_picture=with_picture and "image" in roles)
        return _seen_as(replace(plan, size_open=not sized, picture_as=roles), typed)

    async def usual_model(self, requester: Requester) -> str:
        """The model that draws where nobody names one: the person's own, where they may use it, else the place's."""
        own = (await self._people.personal_settings(requester.user_id)).model
        if own in self._catalogue.names:
            with contextlib.suppress(UserError):
                await self._policy.check(requester, [], self._catalogue.get(own), 0)
                return own
        return await self._policy.usual_model(requester, self._catalogue.names)

    async def usual(self, requester: Requester, denoising_strength: float) -> GenerationSettings:
        """What is drawn with where nothing is named, from a picture at such a strength unless somebody says another."""
        model = self._catalogue.get(await self.usual_model(requester))
        effective = await self._policy.effective(requester, model)
        if "denoising_strength" not in effective.locked:
            proposed = Layer(USUAL, PartialSettings(denoising_strength=denoising_strength))
            effective = replace(effective, layers=(*effective.layers[:-1], proposed, effective.layers[-1]))
        return replace(abilities.fitted(effective.defaults, model), model=model.name).of("a picture", 0)

    async def explain(
        self, requester: Requester, text: str, seed: int | None, chosen: PartialSettings, *, with_picture: bool = False
    ) -> Plan:
        """One picture from words, shown from the inside. `text` may hold flags."""
        plan = await self.imagine(requester, text, seed, replace(chosen, count=1), with_picture=with_picture)
        self._check_takes_more(plan)
        return replace(plan, lineage=Lineage(Action.EXPLAIN))

    async def sheet(
        self, plan: Plan, cells: Sequence[GenerationSettings], axes: Sequence[Axis], *, with_picture: bool
    ) -> Plan:
        """A comparison of `cells`, which differ in `axes` from the picture of a plan. `with_picture` says whether one
        goes with them, there already or not."""
        lineage = Lineage(Action.COMPARE)
        compared = await self._plan(plan.requester, cells[0], lineage, cells=cells, from_picture=plan.from_picture)
        if with_picture:
            self._check_takes_more(compared)
        compared = replace(compared, private=plan.private, spoiler=plan.spoiler)
        return replace(compared, settings=plan.settings, axes=tuple(axes), inputs=plan.inputs)

    async def with_image(self, plans: Sequence[Plan], image: bytes) -> list[Plan]:
        """Plans whose pictures start from a file that somebody gave; or keep to it, or hear it, where the words have a
        flag that says so. Raises `UserError`."""
        [(image, size)] = await inputs_module.tidied([image])
        shaped = [await self.shaped_as(plan, size) if plan.size_open else plan for plan in plans]
        return [self._with_inputs(plan, Inputs(**dict.fromkeys(plan.picture_as, image))) for plan in shaped]

    async def blend(self, requester: Requester, files: Sequence[bytes], text: str, chosen: PartialSettings) -> Plan:
        """Something of each of two to four pictures: their prompts are heard at once where the model can hear pictures,
        else the drawing starts from halfway between them. Without words, their own are taken. Raises `UserError`."""
        tidied = await inputs_module.tidied(files)
        text = blending.with_words(text, await asyncio.to_thread(blending.words_of, files))
        plan = await self.imagine(requester, text, None, chosen, with_picture=True)
        if plan.size_open:
            plan = await self.shaped_as(plan, tidied[0][1])
        model = self._catalogue.get(plan.settings.model)
        settings = plan.settings if model.ip_adapter else blending.from_the_middle(plan.settings, text, chosen)
        first = "image_prompt" if model.ip_adapter else "image"
        roles = dict(zip((first, "second", "third", "fourth"), (png for png, _ in tidied), strict=False))
        return self._with_inputs(replace(plan, settings=settings, lineage=Lineage(Action.BLEND)), Inputs(**roles))

    def check_takes_picture(self, plans: Sequence[Plan]) -> None:
        """Raise `UserError` where a model cannot start from a picture, or make of it what flags say."""
        for plan in plans:
            self._with_inputs(plan, Inputs(**dict.fromkeys(plan.picture_as, b"a picture")))

    def _with_inputs(self, plan: Plan, inputs: Inputs) -> Plan:
        guides = {"control": bool(inputs.control), "image_prompt": bool(inputs.image_prompt)}
        self._catalogue.check_guides(plan.settings.model, **guides)
        self._check_takes_more(plan)
        return replace(plan, inputs=inputs, from_picture=bool(inputs.image))

    async def shaped_as(self, plan: Plan, size: tuple[int, int]) -> Plan:
        """A plan of the aspect of `size`, and of about as many pixels as before."""
        old = plan.settings
        width, height = await self._fitted(plan.requester, old, flags.bounded(size), asked=False)
        settings = replace(old, width=width, height=height)
        shaped = await self._plan(plan.requester, settings, plan.lineage, from_picture=plan.from_picture)
        return replace(plan, settings=shaped.settings, limits=shaped.limits, size_open=False)

    async def reroll(self, requester: Requester, generation: Generation) -> Plan:
        """The same settings with another seed; of a variation, another one as far away."""
        if generation.axes:
            raise Refusal(
                "You can't change a comparison. Choose one of its pictures, or start a new one with /compare."
            )
        if generation.cells:
            return await self.reseeded(requester, generation, self.new_seed())
        is_variation = generation.lineage.action is Action.VARY
        settings = variations.rerolled(generation.settings, self.new_seed(), variation=is_variation)
        return await self._plan(requester, settings, Lineage(Action.REROLL, generation.id), files=generation.inputs)

    async def reseeded(self, requester: Requester, generation: Generation, seed: int) -> Plan:
        """A sheet anew, with another seed in all cells."""
        settings, *cells = (replace(each, seed=seed) for each in (generation.settings, *generation.cells))
        lineage = Lineage(generation.lineage.action, generation.id)
        return await self._plan(requester, settings, lineage, files=generation.inputs, cells=cells)

    async def vary(
        self, requester: Requester, generation: Generation, index: int, strength: float = variations.SUBTLE
    ) -> Plan:
        """Pictures much like one of a generation, as many as were asked for then."""
        picture = _finished_picture(generation, index)
        settings, files = generation.settings.of_picture(index), generation.inputs
        if settings.variation_strength:
            settings = variations.redrawn_as_varied(settings, self.new_seed(), strength)
            files = InputFiles(image=picture.file)
        else:
            settings = variations.varied(settings, self.new_seed(), strength)
        settings = replace(settings, count=generation.settings.count)
        return await self._plan(requester, settings, Lineage(Action.VARY, generation.id, index), files=files)

    async def from_picture(
        self, requester: Requester, generation: Generation, index: int, prompt: str, chosen: PartialSettings
    ) -> Plan:
        """Other words and settings for a picture that is there. `prompt` may hold flags, which weigh less than what is
        `chosen`, and may say that the picture is to be kept to, or to be heard, instead."""
        picture = _finished_picture(generation, index)
        typed = flags.read(prompt)
        settings = variations.redrawn(generation.settings.of_picture(index), self.new_seed())
        settings = variations.retold(settings, replace(typed, chosen=chosen.over(typed.chosen)))
        files = InputFiles(**dict.fromkeys(flags.picture_as(typed), picture.file))
        plan = await self._plan(requester, settings, Lineage(Action.REDRAW, generation.id, index), files=files)
        return _seen_as(plan, typed)

    async def hires(self, requester: Requester, generation: Generation, index: int) -> Plan:
        """One picture of a generation again, twice as large and with the detail of that size."""
        _finished_picture(generation, index)
        settings = generation.settings.of_picture(index)
        if settings.hires_factor > 1:
            raise Refusal("This picture is already refined. Upscale it instead.")
        lineage = Lineage(Action.HIRES, generation.id, index)
        return await self._plan(requester, variations.refined(settings), lineage, files=generation.inputs)

    async def outpaint(
        self, requester: Requester, generation: Generation, index: int, zoom_or_direction: float | Direction
    ) -> Plan:
        """More of what is around a picture: all sides, at a zoom of `outpainting.ZOOMS`, or one."""
        picture = _finished_picture(generation, index)
        old = generation.settings.of_picture(index)
        effective = await self._policy.effective(requester, self._catalogue.get(old.model))
        room = sizes.room(effective, 1.0, asked=False)
        side = (room.widths if zoom_or_direction in (Direction.LEFT, Direction.RIGHT) else room.heights)[1]
        size = outpainting.view_size(old.final_size, zoom_or_direction, side)

        async def canvas() -> Inputs:
            png = await self._read(picture)
            return await asyncio.to_thread(inputs_module.canvas, png, old.final_size, zoom_or_direction, side)

        settings = replace(variations.outpainted(old, self.new_seed(), size), count=generation.settings.count)
        action = Action.PAN if isinstance(zoom_or_direction, Direction) else Action.ZOOM_OUT
        plan = await self._plan(requester, settings, Lineage(action, generation.id, index), from_picture=True)
        self._check_takes_more(plan)
        return replace(plan, prepare=canvas)

    async def reshape(self, requester: Requester, generation: Generation, index: int, aspect: tuple[int, int]) -> Plan:
        """One picture again in another shape, from the same noise."""
        old = generation.settings.of_picture(index)
        width, height = await self._fitted(requester, old, aspect)
        if (width, height) == (old.width, old.height):
            raise Refusal("This picture already has that shape.")
        noise = (old.seed_width, old.seed_height) if old.seed_width else (old.width, old.height)
        settings = replace(old, width=width, height=height, seed_width=noise[0], seed_height=noise[1])
        return await self.derive(requester, generation, settings, Lineage(Action.RESHAPE, generation.id, index))

    async def remix(self, requester: Requester, generation: Generation, text: str, chosen: PartialSettings) -> Plan:
        """The same with other words and settings: what neither `text` nor `chosen` names stays, but for the seed."""
        typed, old = flags.read(text), generation.settings
        changes = chosen.over(typed.chosen).given()
        old = abilities.stripped(old, self._catalogue.get(changes.get("model", old.model)))
        if typed.aspect:
            changes["width"], changes["height"] = await self._fitted(requester, old, typed.aspect)
        seed = self.new_seed() if typed.seed is None else typed.seed
        settings = replace(old, prompt=typed.prompt, seed=seed, **changes)
        plan = await self.derive(requester, generation, settings, Lineage(Action.REMIX, generation.id))
        return _seen_as(plan, typed)

    async def seed(self, requester: Requester, seed: int, prompts: Sequence[str], chosen: PartialSettings) -> Plan:
        """A figure of what a seed is, with what some prompts make of it."""
        named = chosen.model or await self.usual_model(requester)
        model = self._catalogue.get(named)
        effective = await self._policy.effective(requester, model)
        defaults = variations.agreeing(abilities.fitted(effective.defaults, model), chosen)
        words = [self._catalogue.loras.with_words(each, named) for each in prompts]
        settings = seed_cells.plain(chosen.over(defaults)).of(words[0], seed)
        cells = seed_cells.cells(settings, words, effective.limits.side or SIZE.high)
        return await self._plan(requester, settings, Lineage(Action.SEED), cells=cells)

    async def adopt(self, requester: Requester, settings: GenerationSettings) -> Plan:
        """Settings that a picture of somebody else's carries, with another seed; with the usual model where theirs
        is not here."""
        known = settings.model in self._catalogue.names
        model = self._catalogue.get(settings.model if known else await self.usual_model(requester))
        settings = replace(abilities.stripped(settings, model), model=model.name)
        return await self._plan(requester, replace(settings, seed=self.new_seed()), Lineage())

    async def derive(
        self, requester: Requester, generation: Generation, settings: GenerationSettings, lineage: Lineage
    ) -> Plan:
        """A request of other settings that starts from what a generation started from."""
        return await self._plan(requester, settings, lineage, files=generation.inputs)

    async def most_steps(self, requester: Requester, model: str) -> int:
        """How many steps `requester` may take with a model."""
        effective = await self._policy.effective(requester, self._catalogue.get(model))
        return STEPS.high if effective.limits.steps is None else effective.limits.steps

    async def cover(self, plan: Plan) -> NsfwHandling:
        """How the pictures of a plan are kept from who should not see them."""
        covers = [await self._policy.cover(plan.requester, self._catalogue.get(name)) for name in plan.models]
        strictest = max((each.guard for each in covers), key=list(NsfwPolicy).index)
        return NsfwHandling(any(each.spoiler for each in covers), strictest)

    def seconds_until(self, plans: Sequence[Plan]) -> float | None:
        """How long it takes until plans are drawn, after all that waits; None where that is not known."""
        return self._dispatcher.seconds_until([each for plan in plans if plan.draws for each in plan.work.each])

    async def check_together(self, plans: Sequence[Plan]) -> None:
        """Raise `LimitExceeded` where a person may not ask now for all of that at once."""
        await self.check_room(plans)
        await self._budgets.check(plans[0].requester, plans[0].limits, sum(plan.charged for plan in plans))

    async def check_room(self, plans: Sequence[Plan]) -> None:
        """Raise `LimitExceeded` where so many requests at once are too many for a person, or for all that wait."""
        self._dispatcher.check_line(len(plans))
        await self._budgets.check_room(plans[0].requester, plans[0].limits, len(plans))

    async def _fitted(
        self, requester: Requester, old: GenerationSettings, aspect: tuple[int, int], *, asked: bool = True
    ) -> tuple[int, int]:
        effective = await self._policy.effective(requester, self._catalogue.get(old.model))
        return sizes.fitted(aspect, old.width, old.height, sizes.room(effective, old.hires_factor, asked=asked))

    async def upscale(
        self,
        requester: Requester,
        generation: Generation,
        index: int,
        manner: Manner = Manner.SUBTLE,
        factor: int = upscaling.FACTOR,
    ) -> Plan:
        """One picture of a generation, enlarged; `factor` is one of `upscaling.FACTORS`."""
        picture = _finished_picture(generation, index)
        upscaling.check(picture.width, picture.height, factor)
        action = Action.CREATIVE_UPSCALE if manner is Manner.CREATIVE else Action.UPSCALE
        settings, lineage = generation.settings.of_picture(index), Lineage(action, generation.id, index)
        plan = await self._plan(requester, settings, lineage, factor=generation.factor * factor)
        side = max(picture.width, picture.height) * factor
        if plan.limits.side is not None and side > plan.limits.side:
            raise LimitExceeded(
                "The result would be {side} pixels wide or high; the maximum here is {limit}.",
                side=side,
                limit=plan.limits.side,
            )
        return plan

    async def accept(self, plan: Plan, origin: Origin, *, with_others: int = 0, first: bool = True) -> Generation:
        """Save the files that the request starts from, then the request, then queue it. Of requests that come together,
        the `first` is checked for the steps of all: those `with_others`.

        Raises `AlreadyAsked` where the same event has asked before, and `LimitExceeded` where the person has asked
        for too much since the plan was made.
        """
        inputs = plan.inputs if plan.prepare is None else await plan.prepare()
        async with self._images.together() as images:
            kept = {role: await images.keep(png, origin.user_id) for role, png in inputs.given()}
            async with self._accepting:
                self._dispatcher.check_line()
                await self._budgets.check(plan.requester, plan.limits, plan.charged + with_others, first=first)
                generation = await self._generations.add(
                    origin,
                    plan.settings,
                    plan.lineage,
                    plan.factor,
                    replace(plan.files, **kept),
                    plan.cells,
                    plan.axes,
                    charged=plan.charged,
                )
        await self._dispatcher.submit(generation)
        self._audit_log.asked(generation)
        return generation

    def _check_takes_more(self, plan: Plan) -> None:
        """Raise `Unsuitable` where a model takes no pictures, nor can be looked into."""
        for name in plan.models:
            abilities.check_takes_more(self._catalogue.get(name))

    def _understood(self, plan: Plan) -> Plan:
        """As much of a plan as its models understand. Raises `Unsuitable` where more is asked of one."""
        if not plan.draws:
            return plan
        models = {name: self._catalogue.get(name) for name in (plan.settings.model, *plan.models)}
        if plan.files != NO_FILES or plan.lineage.action.enlarges:
            self._check_takes_more(plan)
        for each in plan.drawn:
            abilities.check(each, models[each.model])
        settings, *cells = (abilities.stripped(each, models[each.model]) for each in (plan.settings, *plan.cells))
        return replace(plan, settings=settings, cells=tuple(cells))

    async def _read(self, picture: Picture) -> bytes:
        try:
            return await self._images.read(picture.file or "")
        except OSError:
            raise Refusal(_GONE) from None

    async def _plan(
        self,
        requester: Requester,
        settings: GenerationSettings,
        lineage: Lineage,
        *,
        files: InputFiles = NO_FILES,
        factor: int = 1,
        cells: Sequence[GenerationSettings] = (),
        from_picture: bool = False,
    ) -> Plan:
        """Raises `UserError` where the house rules are against it, or something that it names is not there."""
        model = self._catalogue.get(settings.model)
        from_picture = from_picture or files.image is not None
        plan = Plan(
            requester, settings, lineage, Limits(), factor, files=files, cells=tuple(cells), from_picture=from_picture
        )
        for each in plan.drawn:
            self._catalogue.loras.check(each.prompt, each.model)
        guides = {"control": bool(files.control), "image_prompt": bool(files.image_prompt)}
        self._catalogue.check_guides(model.name, **guides)
        plan = self._understood(plan)
        if lineage.action is Action.CREATIVE_UPSCALE:
            plan = replace(plan, redrawn=redrawing.work(settings, model, factor))
        by_model = {name: [each for each in plan.drawn if each.model == name] for name in plan.models}
        for name, drawn in by_model.items():
            effective = await self._policy.check(requester, drawn, self._catalogue.get(name), plan.charged)
        return replace(plan, limits=effective.limits)


def _seen_as(plan: Plan, typed: flags.ParsedPrompt) -> Plan:
    return replace(plan, private=typed.private, spoiler=typed.spoiler)


def _finished_picture(generation: Generation, index: int) -> Picture:
    """Picture `index` of a generation, whose file is there; raises `Refusal` where it is not, or not yet."""
    if generation.lineage.action.makes_figure or generation.cells:
        raise Refusal("This is a figure, not a picture. Draw a picture first, then change that one.")
    if generation.state.unfinished:
        raise Refusal("This picture is still being drawn. Try again when it's done.")
    picture = next((each for each in generation.pictures if each.index == index and each.file), None)
    if picture is None:
        raise Refusal(_GONE)
    return picture
