"""From a press on a picture to the requests that it makes."""

from collections.abc import Callable
from dataclasses import replace

from bot.errors import Refusal
from bot.policy.request_context import RequestContext
from bot.requests import variations
from bot.requests.derived_plans import Derivations
from bot.requests.plan import Plan
from bot.views.custom_ids import Press, PressKind
from generation.jobs import Manner
from generation.outpainting import ZOOMS, Direction
from generation.settings import GenerationSettings
from generation.upscaling import FACTORS
from storage.records import Generation, Lineage

VARIATIONS = {PressKind.VARY: variations.SUBTLE, PressKind.VARY_STRONG: variations.STRONG}
BUTTON_ASPECTS = {PressKind.SHAPE_SQUARE: (1, 1), PressKind.SHAPE_WIDE: (16, 9), PressKind.SHAPE_TALL: (9, 16)}
"""Width to height, by button."""
VIEWS: dict[PressKind, float | Direction] = {
    PressKind.ZOOM_LITTLE: ZOOMS[0],
    PressKind.ZOOM_FAR: ZOOMS[1],
    PressKind.PAN_LEFT: Direction.LEFT,
    PressKind.PAN_RIGHT: Direction.RIGHT,
    PressKind.PAN_UP: Direction.UP,
    PressKind.PAN_DOWN: Direction.DOWN,
}
EXPLANATIONS: dict[PressKind, Callable[[GenerationSettings, int], GenerationSettings]] = {
    PressKind.EXPLAIN: lambda settings, seed: settings,
    PressKind.EXPLAIN_SEED: lambda settings, seed: replace(settings, seed=seed),
    PressKind.EXPLAIN_GUIDANCE: lambda settings, seed: variations.more_guidance(settings),
    PressKind.EXPLAIN_STEPS: lambda settings, seed: variations.fewer_steps(settings),
}
"""The settings that are explained, given those of the picture and another seed."""
UPSCALES = {
    PressKind.UPSCALE: (Manner.SUBTLE, min(FACTORS)),
    PressKind.UPSCALE_FAR: (Manner.SUBTLE, max(FACTORS)),
    PressKind.UPSCALE_CREATIVE: (Manner.CREATIVE, min(FACTORS)),
}


def plans_for(derivations: Derivations, context: RequestContext, generation: Generation, press: Press) -> list[Plan]:
    """The requests that a press makes, in the person's `context`. Raises `UserError`."""
    index, settings = press.picture, generation.settings.of_picture(press.picture)
    match press.kind:
        case PressKind.REROLL:
            return [derivations.reroll(context, generation)]
        case kind if kind in VARIATIONS:
            return [derivations.vary(context, generation, index, VARIATIONS[kind])]
        case kind if kind in BUTTON_ASPECTS:
            return [derivations.reshape(context, generation, index, BUTTON_ASPECTS[kind])]
        case kind if kind in VIEWS:
            return [derivations.outpaint(context, generation, index, VIEWS[kind])]
        case kind if kind in UPSCALES:
            return [derivations.upscale(context, generation, index, *UPSCALES[kind])]
        case PressKind.HIRES:
            return [derivations.hires(context, generation, index)]
        case PressKind.CUT_OUT:
            return [derivations.cut_out(context, generation, index)]
        case PressKind.FACES:
            return [derivations.faces(context, generation, index)]
        case kind if kind in EXPLANATIONS:
            explained = EXPLANATIONS[kind](settings, derivations.new_seed())
            return [derivations.explain(context, generation, index, explained)]
        case PressKind.FILM:
            return [derivations.film(context, generation, index)]
        case PressKind.TRY_STEPS:
            most = derivations.most_steps(context, settings.model)
            return derivations.try_out(context, generation, index, variations.other_steps(settings, most))
        case PressKind.TRY_GUIDANCE:
            return derivations.try_out(context, generation, index, variations.other_guidance(settings))
        case PressKind.TRY_SAMPLERS:
            return derivations.try_out(context, generation, index, variations.other_samplers(settings))
        case PressKind.DRAW:
            return [derivations.derive(context, generation, generation.settings, Lineage(parent=generation.id))]
        case PressKind.CELL if index < len(generation.cells):
            return [derivations.derive(context, generation, generation.cells[index], Lineage(parent=generation.id))]
        case PressKind.CELL:
            raise Refusal("This comparison doesn't have that picture.")
        case PressKind.NEXT_SEED:
            return [derivations.next_seed(context, generation)]
    raise Refusal("This button no longer works. Draw a new picture with /imagine.")
