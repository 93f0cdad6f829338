"""From a press on a picture to the requests that it makes."""

from collections.abc import Callable
from dataclasses import replace

from bot import derived, trials
from bot.asker import Asker
from bot.buttons import Press, PressKind
from bot.errors import Refusal
from bot.intake import Intake, Plan
from generation.jobs import Manner
from generation.outpainting import ZOOMS, Direction
from generation.settings import SEED, GenerationSettings
from generation.upscaling import FACTORS
from storage.records import Action, Generation, Lineage

VARIATIONS = {PressKind.VARY: derived.SUBTLE, PressKind.VARY_STRONG: derived.STRONG}
SHAPES = {PressKind.SHAPE_SQUARE: (1, 1), PressKind.SHAPE_WIDE: (16, 9), PressKind.SHAPE_TALL: (9, 16)}
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


async def plans_for(intake: Intake, asker: Asker, generation: Generation, press: Press) -> list[Plan]:
    """What `asker` gets by a press. Raises `UserError`."""
    kind, index = press.kind, press.picture
    if kind in VARIATIONS:
        return [await intake.vary(asker, generation, index, VARIATIONS[kind])]
    if kind in SHAPES:
        return [await intake.reshape(asker, generation, index, SHAPES[kind])]
    if kind in VIEWS:
        return [await intake.outpaint(asker, generation, index, VIEWS[kind])]
    if kind in TRIALS:
        tried = await _tried(intake, asker, generation.settings.of_picture(index), kind)
        lineage = Lineage(Action.TRY_OUT, generation.id, index)
        return [await intake.derive(asker, generation, settings, lineage) for settings in tried]
    if kind in EXPLANATIONS:
        settings = EXPLANATIONS[kind](generation.settings.of_picture(index), intake.new_seed())
        lineage = Lineage(Action.EXPLAIN, generation.id, index)
        return [await intake.derive(asker, generation, settings, lineage)]
    match kind:
        case PressKind.DRAW | PressKind.CELL:
            settings = generation.settings if kind is PressKind.DRAW else _cell(generation, index)
            return [await intake.derive(asker, generation, settings, Lineage(parent=generation.id))]
        case PressKind.REROLL:
            return [await intake.reroll(asker, generation)]
        case PressKind.NEXT_SEED:
            following = (generation.settings.seed + 1) % (SEED.high + 1)
            return [await intake.reseeded(asker, generation, following)]
        case PressKind.UPSCALE:
            return [await intake.upscale(asker, generation, index)]
        case PressKind.UPSCALE_FAR:
            return [await intake.upscale(asker, generation, index, factor=max(FACTORS))]
        case PressKind.UPSCALE_CREATIVE:
            return [await intake.upscale(asker, generation, index, Manner.CREATIVE)]
        case PressKind.HIRES:
            return [await intake.hires(asker, generation, index)]
    raise Refusal("This button does nothing any more. Ask for a new picture with /imagine.")


def _cell(generation: Generation, index: int) -> GenerationSettings:
    if index >= len(generation.cells):
        raise Refusal("This comparison has no such picture.")
    return generation.cells[index]


async def _tried(
    intake: Intake, asker: Asker, settings: GenerationSettings, kind: PressKind
) -> list[GenerationSettings]:
    match kind:
        case PressKind.TRY_STEPS:
            others = trials.other_steps(settings, await intake.most_steps(asker, settings.model))
        case PressKind.TRY_GUIDANCE:
            others = trials.other_guidance(settings)
        case _:
            others = trials.other_samplers(settings)
    if not others:
        raise Refusal("There are no other values that it could be drawn with here.")
    return others
