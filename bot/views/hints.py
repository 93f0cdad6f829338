"""Hints about unusual settings, in words."""

from discord import ui

from bot.locales import say
from bot.views.buttons import comparing
from bot.views.message import Part
from bot.views.toy import about
from generation.abilities import Abilities
from generation.settings import GenerationSettings
from storage.records import TOY_HINT, WORDS_HINT, Generation, Hint


def hint_line(hint: Hint, settings: GenerationSettings, able: Abilities) -> str:
    """One small line: what a setting costs, and the model's usual value."""
    return f"-# 💡 {_sentence(hint, settings, able)}"


def hinted(generation: Generation, hint: Hint, able: Abilities) -> Part:
    """The line, and a button that compares the usual value with the given one on the same prompt; of a toy, or of
    words, the line alone."""
    settings = generation.settings
    if hint == TOY_HINT:
        return ui.TextDisplay(f"-# {about(settings.model)}")
    if hint == WORDS_HINT:
        return ui.TextDisplay(hint_line(hint, settings, able))
    own = {
        "steps": f"{settings.steps}",
        "size": f"{settings.width}×{settings.height}",
        "guidance": f"{settings.guidance_scale:g}",
    }
    button = comparing(say("Compare"), hint.setting, generation.id, (hint.usual, own[hint.setting]))
    return ui.Section(ui.TextDisplay(hint_line(hint, generation.settings, able)), accessory=button)


def _sentence(hint: Hint, settings: GenerationSettings, able: Abilities) -> str:
    match hint.setting:
        case "words":
            return say("{model} knows few of these words. Try simpler ones, or English.", model=settings.model)
        case "steps":
            return say(
                "{steps} steps take {times:g} times as long as this model's usual {usual} and rarely look better.",
                steps=settings.steps,
                times=_times(settings.steps / int(hint.usual)),
                usual=int(hint.usual),
            )
        case "size":
            return _size(hint.usual, settings, able)
    if float(hint.usual) == 1:
        return say(
            "This model is made for guidance 1. Guidance {scale:g} takes about twice as long and makes colours too "
            "harsh.",
            scale=settings.guidance_scale,
        )
    return say(
        "Guidance {scale:g} makes colours and edges too harsh. Try about {usual:g} with this model.",
        scale=settings.guidance_scale,
        usual=float(hint.usual),
    )


def _size(usual: str, settings: GenerationSettings, able: Abilities) -> str:
    width, height = map(int, usual.split("×"))
    share = settings.width * settings.height / (width * height)
    own = f"{settings.width}×{settings.height}"
    if share < 1:
        return say(
            "{size} is small for this model. It was trained at {usual}, and smaller pictures lose their shapes.",
            size=own,
            usual=usual,
        )
    if not able.hires:
        return say(
            "{size} takes {times:g} times the work of {usual}, the size this model was trained at, and things may "
            "appear twice. Draw at {usual}, then choose Upscale.",
            size=own,
            times=_times(share),
            usual=usual,
        )
    return say(
        "{size} takes {times:g} times the work of {usual}, the size this model was trained at, and things may "
        "appear twice. Draw at {usual}, then choose Refine under More…",
        size=own,
        times=_times(share),
        usual=usual,
    )


def _times(factor: float) -> float:
    return round(factor, 1)
