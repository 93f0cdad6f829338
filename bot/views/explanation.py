"""The message of an explained drawing: figure, animation, and buttons to try something else."""

from typing import Any

from discord import ui

from bot.locales import say
from bot.views.custom_ids import Press, PressKind
from bot.views.message import SPOILER, MessageContent, Part, framed, gallery
from bot.views.text import SHOWN_PROMPT
from generation.sentences import Sentence
from storage.records import Generation

_TRIES = {
    PressKind.EXPLAIN_SEED: (Sentence("Another seed"), "🎲"),
    PressKind.EXPLAIN_GUIDANCE: (Sentence("More guidance"), "🧭"),
    PressKind.EXPLAIN_STEPS: (Sentence("Fewer steps"), "👣"),
    PressKind.DRAW: (Sentence("Draw the picture"), "🖼️"),
}


def of_animation(generation: Generation, gif: bytes) -> MessageContent:
    """The animation as a GIF, for clients that play no WebP."""
    covered = any(map(generation.covers, generation.pictures))
    name = f"{SPOILER * covered}noisefox-{generation.id}-steps.gif"
    return MessageContent(framed([gallery([name], of_steps(generation))]), {name: gif})


def figures_of(generation: Generation, names: list[str]) -> list[Part]:
    """The files one below the other, each as wide as the chat shows it, with alt text."""
    prompt = generation.settings.prompt[:SHOWN_PROMPT]
    descriptions = (
        say("How “{prompt}” is drawn, from noise to picture", prompt=prompt),
        say("What “{prompt}” changes at three of the steps", prompt=prompt),
        of_steps(generation),
    )
    return [gallery([name], said) for name, said in zip(names, descriptions, strict=False)]


def of_steps(generation: Generation) -> str:
    """Alt text of an animation of the steps."""
    return say("The steps of “{prompt}”, one after the other", prompt=generation.settings.prompt[:SHOWN_PROMPT])


def rows_of(generation: Generation, *after: ui.Button[Any]) -> list[Part]:
    """Buttons to try something else, and a row with the buttons in `after`."""
    tries: list[ui.Button[Any]] = [
        ui.Button(label=say(label), emoji=emoji, custom_id=Press(kind, generation.id).custom_id)
        for kind, (label, emoji) in _TRIES.items()
    ]
    return [ui.ActionRow(*tries), ui.ActionRow(as_gif(generation), *after)]


def as_gif(generation: Generation) -> ui.Button[Any]:
    """The button that shows the animation as a GIF."""
    return ui.Button(label=say("As a GIF"), custom_id=Press(PressKind.GIF, generation.id).custom_id)
