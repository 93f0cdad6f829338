"""Plans of edits: a picture that is changed by words, and what people do with one."""

from collections.abc import Sequence
from dataclasses import replace

from bot.errors import Refusal
from bot.policy.request_context import RequestContext
from bot.prompts import flags, random_choices
from bot.prompts.flags import ParsedPrompt
from bot.requests import sizes, variations
from bot.requests.canvas_room import CanvasRoom
from bot.requests.derived_plans import finished_picture
from bot.requests.inputs import GivenPicture
from bot.requests.pending import References, Region
from bot.requests.picture_request import PictureRequest
from bot.requests.picture_roles import BY_FLAGS
from bot.requests.plan import Plan
from bot.requests.planner import Planner
from generation import abilities, outpainting, regions, suitability
from generation.abilities import Abilities
from generation.catalogue import Catalogue, ModelSpec
from generation.outpainting import NO_MARGINS, Margins
from generation.painted import PaintedCanvas
from generation.prompts.framing import followed
from generation.settings import GUIDANCE_SCALE, SIZE, GenerationSettings, PartialSettings
from storage.records import Action, Generation, Ignored, IgnoredPart, InputFiles, Lineage, Picture

STRENGTH = 0.6
"""The denoising strength of an edit by a model that redraws: other words show, and the composition stays."""

REGION_STRENGTH = 0.85
"""The denoising strength of a part that is drawn anew: other things appear, in the light of what is around."""

STRENGTHS = 0.1, 1.0
"""The bounds of More and Less."""

REFERENCES = 3
"""The most pictures that an edit looks at beside the one that it changes."""

REFERENCE_ROLES = ("second", "third", "fourth")
"""Their roles, as fields of `Inputs`."""

_STRONGER, _WEIGHTIER = 0.15, 1.4
"""How much More adds to the strength, or multiplies the guidance by."""


class Edits:
    """Plans edits by words. It raises `UserError` for what is refused."""

    def __init__(self, *, planner: Planner, catalogue: Catalogue) -> None:
        self._planner = planner
        self._catalogue = catalogue

    def abilities_of_editor(self, name: str) -> Abilities:
        """What the model can do that edits the pictures of the one called `name`."""
        return self._catalogue.abilities_of(self._editor(name).name)

    def edit(
        self,
        context: RequestContext,
        generation: Generation,
        index: int,
        change: str,
        strength: float | None = None,
        references: tuple[str, ...] = (),
    ) -> Plan:
        """A finished picture of a request, changed as the words of `change` say, which may hold flags. `references` are
        the addresses of pictures to look at.

        A model that follows instructions gets them as they are; another one draws over the picture, from its own seed,
        with the words added to its prompt.
        """
        picture, old = _as_it_is(generation, index)
        typed, model, named = self._read(context, change, self._editor(old.model).name, strength)
        follows = abilities.of(model).edits
        settings = self._instructed(context, old, typed, model) if follows else self._redrawn(old, typed, model)
        settings = replace(settings, **named.given())
        lineage, files = Lineage(Action.EDIT, generation.id, index), InputFiles(image=picture.file)
        plan = self._planner.plan(context, settings, lineage, files=files)
        if references:
            self._check_references(plan, model, 1 + len(references))
            plan = replace(plan, pending=References(references, context.requester))
        return replace(plan, ignored=(*plan.ignored, *_said(follows)), private=typed.private, spoiler=typed.spoiler)

    def region(self, context: RequestContext, generation: Generation, index: int, region: Region, words: str) -> Plan:
        """A finished picture of a request with a part of it drawn anew, as `words` describe the whole, which may hold
        flags. Nothing outside of the part changes."""
        if not region.part and not 0 < region.cells <= regions.ALL:
            raise Refusal("Choose at least one cell.")
        return replace(self._part(context, generation, index, words, NO_MARGINS), pending=region)

    def painted(
        self, context: RequestContext, generation: Generation, index: int, margins: Margins, words: str
    ) -> tuple[Plan, PaintedCanvas]:
        """A finished picture of a request with a painted part and `margins` drawn anew, as `words` describe the whole,
        which may hold flags. The plan has no mask yet; the canvas says how it is made."""
        if not self.room(context, generation, index).holds(margins):
            raise Refusal("The picture can't become that large here. Draw less around it.")
        plan = self._part(context, generation, index, words, margins)
        _, old = _as_it_is(generation, index)
        return plan, PaintedCanvas(old.final_size, margins, plan.settings.final_size)

    def room(self, context: RequestContext, generation: Generation, index: int) -> CanvasRoom:
        """How far a finished picture of a request can be extended."""
        _, old = _as_it_is(generation, index)
        model = self._catalogue.get(old.model)
        able = abilities.of(model)
        _check_part(model)
        size = old.final_size
        if able.sizes:
            return CanvasRoom(size, size, able.size_step)
        room = sizes.room(context.effective(model.name), 1.0, asked=False, step=able.size_step)
        widest, highest = (min(each[1], able.largest) for each in (room.widths, room.heights))
        return CanvasRoom(size, (max(size[0], widest), max(size[1], highest)), able.size_step)

    def _part(self, context: RequestContext, generation: Generation, index: int, words: str, margins: Margins) -> Plan:
        """A part of a finished picture drawn anew, with margins around it; its mask is to follow."""
        picture, old = _as_it_is(generation, index)
        typed, model, named = self._read(context, words, old.model)
        _check_part(model)
        redrawn = variations.redrawn(suitability.stripped(old, model), self._planner.new_seed())
        strength = REGION_STRENGTH if margins == NO_MARGINS else outpainting.STRENGTH
        settings = replace(redrawn, prompt=typed.prompt, denoising_strength=strength)
        settings = replace(self._seeded(settings, typed), **named.given())
        if margins != NO_MARGINS:
            width, height = margins.around(old.final_size)
            settings = replace(settings, width=width, height=height)
        lineage, files = Lineage(Action.REGION, generation.id, index), InputFiles(image=picture.file)
        plan = self._planner.plan(context, settings, lineage, files=files)
        return replace(plan, private=typed.private, spoiler=typed.spoiler)

    def of_given(self, context: RequestContext, request: PictureRequest, pictures: Sequence[GivenPicture]) -> Plan:
        """A given picture, changed as the prompt of a request says, with the `pictures` where they are here already."""
        [change], number = request.prompts, len(request.image_urls)
        typed = flags.read(change)
        named = request.chosen.over(typed.chosen)
        model = self._catalogue.get(named.model) if named.model else self._editor(context.usual_model)
        follows = abilities.of(model).edits
        chosen, text = replace(request.chosen, model=model.name), change
        if not follows:
            chosen = replace(chosen, denoising_strength=named.denoising_strength or STRENGTH)
            text = followed(pictures[0].prompt, change) if pictures and pictures[0].prompt else change
        plan = self._planner.imagine(context, text, request.seed, chosen, given=(BY_FLAGS,))
        roles = {role: index for index, role in enumerate(("image", *REFERENCE_ROLES)[:number])}
        plan = replace(plan, lineage=Lineage(Action.EDIT), picture_as=roles)
        self._check_references(plan, model, number)
        if pictures:
            [plan] = self._planner.with_pictures([plan], pictures)
        return replace(plan, ignored=(*plan.ignored, *_said(follows)))

    def again(self, context: RequestContext, generation: Generation) -> Plan:
        """The same edit of the same picture with another seed."""
        return self._same(context, generation, replace(generation.settings, seed=self._planner.new_seed()))

    def more(self, context: RequestContext, generation: Generation) -> Plan:
        """The same edit from the same seed, changing more of the picture. Raises `Refusal` at the limit."""
        return self._same(context, generation, self._changed(generation, 1))

    def less(self, context: RequestContext, generation: Generation) -> Plan:
        """The same edit from the same seed, changing less of the picture. Raises `Refusal` at the limit."""
        return self._same(context, generation, self._changed(generation, -1))

    def _editor(self, name: str) -> ModelSpec:
        """The model that edits the pictures of another: itself where it follows instructions, or the host's."""
        own = self._catalogue.called(name) or self._catalogue.default
        if abilities.of(own).edits or self._catalogue.editor is None:
            return own
        return self._catalogue.editor

    def _read(
        self, context: RequestContext, text: str, usual: str, strength: float | None = None
    ) -> tuple[ParsedPrompt, ModelSpec, PartialSettings]:
        """What a form says: its words and flags, the model that they name or else the `usual` one, and the settings
        that were named."""
        typed = flags.read(random_choices.chosen(text, context.word_lists)[0])
        named = PartialSettings(denoising_strength=strength).over(typed.chosen)
        _check_kept(named, typed)
        model = self._catalogue.get(named.model or usual)
        named = replace(named, model=named.model and model.name)
        suitability.check_named(named, typed.prompt, model)
        return typed, model, named

    def _instructed(
        self, context: RequestContext, old: GenerationSettings, typed: ParsedPrompt, model: ModelSpec
    ) -> GenerationSettings:
        """The settings that suit a model which follows instructions, at the picture's size."""
        usual = suitability.fitted(context.effective(model.name).defaults, model)
        width, height = suitability.nearest_size(*old.final_size, abilities.of(model))
        settings = replace(usual, model=model.name, width=width, height=height, count=1).of(typed.prompt, old.seed)
        return self._seeded(settings, typed)

    def _redrawn(self, old: GenerationSettings, typed: ParsedPrompt, model: ModelSpec) -> GenerationSettings:
        """The picture's own settings with the words added to its prompt."""
        kept = replace(variations.redrawn(suitability.stripped(old, model), old.seed), model=model.name)
        prompt = followed(old.prompt, typed.prompt) if old.prompt and typed.prompt else old.prompt or typed.prompt
        return self._seeded(replace(kept, prompt=prompt, denoising_strength=STRENGTH), typed)

    def _seeded(self, settings: GenerationSettings, typed: ParsedPrompt) -> GenerationSettings:
        return settings if typed.seed is None else replace(settings, seed=typed.seed)

    def _check_references(self, plan: Plan, model: ModelSpec, number: int) -> None:
        """Raise `UserError` unless a model can edit a picture and look at others, `number` in all."""
        if number > 1 and not abilities.of(model).edits:
            raise Refusal("{model} doesn't look at other pictures. Leave the references out.", model=model.name)
        self._planner.check_blends(plan, number)

    def _same(self, context: RequestContext, generation: Generation, settings: GenerationSettings) -> Plan:
        """An edit of the same picture, with what was said of it the last time."""
        plan = self._planner.plan(context, settings, generation.lineage, files=generation.inputs)
        said = tuple(each for each in generation.ignored if each.part is IgnoredPart.INSTRUCTION)
        return replace(plan, ignored=(*plan.ignored, *said))

    def _changed(self, generation: Generation, direction: int) -> GenerationSettings:
        """The settings with more or less strength, or guidance where the model has no strength."""
        settings = generation.settings
        able = self._catalogue.abilities_of(settings.model)
        if able.edits:
            wanted = round(settings.guidance_scale * _WEIGHTIER**direction, 1)
            bounded = min(max(wanted, GUIDANCE_SCALE.low), GUIDANCE_SCALE.high)
            changed = replace(settings, guidance_scale=float(bounded))
        else:
            low, high = STRENGTHS
            wanted = min(max(round(settings.denoising_strength + _STRONGER * direction, 2), low), high)
            changed = replace(settings, denoising_strength=wanted)
        if changed == settings:
            raise Refusal("It can't change any more." if direction > 0 else "It can't change any less.")
        return changed


def _as_it_is(generation: Generation, index: int) -> tuple[Picture, GenerationSettings]:
    """A finished picture, and its settings at the size of its file, which may be enlarged. Raises `UserError`."""
    picture, settings = finished_picture(generation, index), generation.settings.of_picture(index)
    if max(picture.width, picture.height) > SIZE.high:
        raise Refusal("This picture is too large to change. Change it before you enlarge it.")
    is_as_drawn = settings.final_size == (picture.width, picture.height)
    if is_as_drawn or picture.width % SIZE.multiple_of or picture.height % SIZE.multiple_of:
        return picture, settings
    return picture, replace(settings, width=picture.width, height=picture.height, hires_factor=1.0)


def _check_part(model: ModelSpec) -> None:
    """Raise `UserError` unless a model can draw a part of a picture anew."""
    suitability.check_pictures(model, ("image", "mask"))
    if not abilities.of(model).draws_around:
        raise Refusal("{model} can't draw a part of a picture anew. Choose another model.", model=model.name)


def _check_kept(named: PartialSettings, typed: ParsedPrompt) -> None:
    """Raise `Refusal` for flags of what an edit keeps."""
    sizes_named = named.width, named.height, named.hires_factor, named.seed_width, typed.aspect
    if any(each is not None for each in sizes_named):
        raise Refusal("The picture keeps its size here. Leave out `--size`, `--ar` and `--hires`.")
    if (named.count or 1) > 1:
        raise Refusal("This makes one picture. Leave out `--repeat`.")


def _said(follows: bool) -> tuple[Ignored, ...]:
    """What is said of a model that doesn't follow instructions."""
    return () if follows else (Ignored(IgnoredPart.INSTRUCTION),)
