"""From a press on a picture to the requests that it makes."""

from collections.abc import Callable
from dataclasses import replace

from bot.errors import Refusal
from bot.policy.requester import Requester
from bot.requests import trials, variations
from bot.requests.plan import Plan
from bot.requests.planner import Planner
from bot.views.custom_ids import Press, PressKind
from generation.jobs import Manner
from generation.outpainting import ZOOMS, Direction
from generation.settings import SEED, GenerationSettings
from generation.upscaling import FACTORS
from storage.records import Action, Generation, Lineage

VARIATIONS = {PressKind.VARY: variations.SUBTLE, PressKind.VARY_STRONG: variations.STRONG}
BUTTON_ASPECTS = {PressKind.SHAPE_SQUARE: (1, 1), PressKind.SHAPE_WIDE: (16, 9), PressKind.SHAPE_TALL: (9, 16)}
"""Width to height."""
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
    PressKind.EXPLAIN_GUIDANCE: lambda settings, seed: trials.more_guidance(settings),
    PressKind.EXPLAIN_STEPS: lambda settings, seed: trials.fewer_steps(settings),
}
"""What is explained, given the settings of a picture and another seed."""
TRIALS = (PressKind.TRY_STEPS, PressKind.TRY_GUIDANCE, PressKind.TRY_SAMPLERS)


async def plans_for(planner: Planner, requester: Requester, generation: Generation, press: Press) -> list[Plan]:
    """What `requester` gets by a press. Raises `UserError`."""
    kind, index = press.kind, press.picture
    if kind in VARIATIONS:
        return [await planner.vary(requester, generation, index, VARIATIONS[kind])]
    if kind in BUTTON_ASPECTS:
        return [await planner.reshape(requester, generation, index, BUTTON_ASPECTS[kind])]
    if kind in VIEWS:
        return [await planner.outpaint(requester, generation, index, VIEWS[kind])]
    if kind in TRIALS:
        tried = await _tried(planner, requester, generation.settings.of_picture(index), kind)
        lineage = Lineage(Action.TRY_OUT, generation.id, index)
        return [await planner.derive(requester, generation, settings, lineage) for settings in tried]
    if kind in EXPLANATIONS:
        settings = EXPLANATIONS[kind](generation.settings.of_picture(index), planner.new_seed())
        lineage = Lineage(Action.EXPLAIN, generation.id, index)
        return [await planner.derive(requester, generation, settings, lineage)]
    match kind:
        case PressKind.DRAW | PressKind.CELL:
            settings = generation.settings if kind is PressKind.DRAW else _cell(generation, index)
            return [await planner.derive(requester, generation, settings, Lineage(parent=generation.id))]
        case PressKind.REROLL:
            return [await planner.reroll(requester, generation)]
        case PressKind.NEXT_SEED:
            following = (generation.settings.seed + 1) % (SEED.high + 1)
            return [await planner.reseeded(requester, generation, following)]
        case PressKind.UPSCALE:
            return [await planner.upscale(requester, generation, index)]
        case PressKind.UPSCALE_FAR:
            return [await planner.upscale(requester, generation, index, factor=max(FACTORS))]
        case PressKind.UPSCALE_CREATIVE:
            return [await planner.upscale(requester, generation, index, Manner.CREATIVE)]
        case PressKind.HIRES:
            return [await planner.hires(requester, generation, index)]
    raise Refusal("This button no longer works. Draw a new picture with /imagine.")


def _cell(generation: Generation, index: int) -> GenerationSettings:
    if index >= len(generation.cells):
        raise Refusal("This comparison doesn't have that picture.")
    return generation.cells[index]


async def _tried(
    planner: Planner, requester: Requester, settings: GenerationSettings, kind: PressKind
) -> list[GenerationSettings]:
    match kind:
        case PressKind.TRY_STEPS:
            others = trials.other_steps(settings, await planner.most_steps(requester, settings.model))
        case PressKind.TRY_GUIDANCE:
            others = trials.other_guidance(settings)
        case _:
            others = trials.other_samplers(settings)
    if not others:
        raise Refusal("There are no other values to try here.")
    return others
