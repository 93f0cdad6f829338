"""What an explained drawing says, in the reader's language, and its files."""

from dataclasses import dataclass

from bot.locales import say
from generation.explanation import Explanation
from generation.figures import explained, files
from generation.figures.explained import Words
from generation.figures.typography import covers
from generation.settings import GenerationSettings

TITLE_LENGTH = 60
"""Characters of a prompt that the figure shows."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure and its animation as files, each with its ending."""

    figure: tuple[bytes, str]
    animation: tuple[bytes, str]


def drawn(explanation: Explanation, settings: GenerationSettings, *, gif: bool = False) -> Shown:
    """The figure and the animation of a drawing."""
    words = words_for(explanation, settings)
    frames, milliseconds = explained.animation(explanation, words)
    return Shown(
        files.still(explained.figure(explanation, words)),
        files.animated(frames, milliseconds, gif=gif),
    )


def words_for(explanation: Explanation, settings: GenerationSettings) -> Words:
    """The captions of a figure."""
    steps = explanation.steps
    return Words(
        title=prompt_as_title(settings.prompt, say("A drawing from the inside")),
        settings=say(
            "seed {seed} · {size} · {steps} steps · guidance {scale:g}",
            seed=str(settings.seed),
            size=f"{settings.width}×{settings.height}",
            steps=steps,
            scale=settings.guidance_scale,
        ),
        becoming=say("From noise to a picture"),
        becoming_caption=say(
            "Seed and size give the noise. Every step works on the whole picture and takes some of the noise away."
        ),
        moments=[_moment(moment.step, steps) for moment in explained.shown(explanation)],
        forking=say("Two ideas in every step"),
        forking_caption=_merging(settings),
        without=say("with the negative prompt") if settings.negative_prompt else say("without the prompt"),
        with_prompt=say("with the prompt"),
        merged=say("merged at guidance {scale:g}", scale=settings.guidance_scale),
        difference=say("difference"),
        forks=[
            say("Step {step} of {steps}, {noise:.0f} % noise", step=fork.step + 1, steps=steps, noise=fork.noise * 100)
            for fork in explanation.forks
        ],
        difference_caption=say(
            "Each is the finished picture that the model expects then. Bright is where the prompt changes it: "
            "much at first, little in the end."
        ),
        there=say("so far"),
        expected=say("the model expects"),
        steps=[
            say(
                "{step} of {steps} steps · {noise:.0f} % noise", step=moment.step, steps=steps, noise=moment.noise * 100
            )
            for moment in explanation.moments
        ],
    )


def prompt_as_title(prompt: str, otherwise: str) -> str:
    """The prompt, where the font has its letters, cut where it is long."""
    words = " ".join(prompt.split())
    if not covers(words):
        return otherwise
    return f"“{words}”" if len(words) <= TITLE_LENGTH else f"“{words[:TITLE_LENGTH].rstrip()}…”"


def _moment(step: int, steps: int) -> str:
    if step == 0:
        return say("the noise")
    return say("the picture") if step == steps else say("after {step}", step=step)


def _merging(settings: GenerationSettings) -> str:
    twice = (
        say("The model says twice which picture it expects: for the negative prompt, and for yours.")
        if settings.negative_prompt
        else say("The model says twice which picture it expects: by itself, and with your prompt.")
    )
    scale = settings.guidance_scale
    if scale == 1:
        merged = say("At guidance 1 the second is taken as it is; the first was made for this figure only.")
    else:
        merged = say("Guidance {scale:g} goes from the first towards the second, {scale:g} times as far.", scale=scale)
    return f"{twice} {merged}"
