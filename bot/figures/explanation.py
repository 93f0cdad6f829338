"""The figure and animation of an explained drawing."""

from bot.figures import title_of
from bot.locales import say, say_many
from generation.explanation import Explanation, Fork
from generation.figures import explained, files
from generation.figures.explained import Words
from generation.settings import GenerationSettings

ALL_NOISE = 0.98
"""The share of noise above which nothing of a start picture can be seen. Models are trained up to 0.995 or 1."""


File = tuple[bytes, str]
"""The bytes of a file and the ending of its name."""


def figure(explanation: Explanation, settings: GenerationSettings) -> File:
    """The whole figure on one wide sheet."""
    return files.still(explained.figure(explanation, words_for(explanation, settings)))


def animation(explanation: Explanation, settings: GenerationSettings, *, gif: bool = False) -> File:
    """The drawing step by step, as a WebP or a GIF."""
    frames, milliseconds = explained.animation(explanation, words_for(explanation, settings))
    return files.animated(frames, milliseconds, gif=gif)


def for_chat(explanation: Explanation, settings: GenerationSettings) -> list[File]:
    """The files of a message: the figure in two halves, each as wide as a phone, then the animation."""
    halves = explained.halves(explanation, words_for(explanation, settings))
    return [*map(files.still, halves), animation(explanation, settings)]


def words_for(explanation: Explanation, settings: GenerationSettings) -> Words:
    """The captions of a figure."""
    steps, begun = explanation.steps, explanation.from_picture and explanation.moments[0].noise < ALL_NOISE
    return Words(
        title=title_of(settings.prompt, say("A drawing from the inside")),
        settings=" · ".join(
            [
                say("seed {seed}", seed=str(settings.seed)),
                _size(settings),
                say_many(steps, "{n} step", "{n} steps"),
                say("guidance {scale:g}", scale=settings.guidance_scale),
            ]
        ),
        becoming=say("From noise to a picture"),
        becoming_caption=_beginning(begun),
        noise=say("start and noise") if begun else say("the noise"),
        moments=[_moment(moment.step, steps) for moment in explained.shown(explanation)],
        forking=say("What the prompt changes") if _is_single(explanation, settings) else say("Two ideas in every step"),
        forking_caption=_predicting(explanation, settings),
        without=say("with the negative prompt") if settings.negative_prompt else say("without the prompt"),
        with_prompt=say("told guidance {scale:g}", scale=1) if explanation.told else say("with the prompt"),
        merged=_taken(explanation, settings),
        difference=say("difference"),
        forks=[_fork(fork, explanation, settings) for fork in explanation.forks],
        difference_caption=_expecting(explanation, settings),
        there=say("so far"),
        expected=say("the model expects"),
        steps=[
            say("After {step} of {steps} · {noise:.0f} % noise", step=each.step, steps=steps, noise=each.noise * 100)
            for each in explanation.moments
        ],
    )


def _size(settings: GenerationSettings) -> str:
    drawn, (width, height) = f"{settings.width}×{settings.height}", settings.final_size
    return drawn if (width, height) == (settings.width, settings.height) else f"{drawn} → {width}×{height}"


def _beginning(begun: bool) -> str:
    if begun:
        return say(
            "The picture to start from, with noise over it. Every step works on the whole picture and takes some of "
            "the noise away."
        )
    return say("Seed and size give the noise. Every step works on the whole picture and takes some of the noise away.")


def _fork(fork: Fork, explanation: Explanation, settings: GenerationSettings) -> str:
    said = say(
        "Step {step} of {steps}, {noise:.0f} % noise",
        step=fork.step + 1,
        steps=explanation.steps,
        noise=fork.noise * 100,
    )
    if fork.guided or settings.guidance_scale == 1:
        return said
    if explanation.told:
        return say("{step}, told guidance 1 here", step=said)
    return say("{step}, not guided here: merged is as with the prompt", step=said)


def _moment(step: int, steps: int) -> str:
    if step == 0:
        return say("as a picture")
    return say("the picture") if step == steps else say("after {step}", step=step)


def _is_single(explanation: Explanation, settings: GenerationSettings) -> bool:
    """True where the model predicted once a step."""
    return explanation.told or settings.guidance_scale == 1


def _taken(explanation: Explanation, settings: GenerationSettings) -> str:
    if explanation.told:
        return say("told guidance {scale:g}", scale=settings.guidance_scale)
    if settings.guidance_scale == 1:
        return say("what the step takes")
    return say("merged at guidance {scale:g}", scale=settings.guidance_scale)


def _predicting(explanation: Explanation, settings: GenerationSettings) -> str:
    if not _is_single(explanation, settings):
        return _merging(settings)
    if explanation.told:
        return say(
            "The model says once which picture it expects: with your prompt, and told guidance {scale:g}. The first "
            "two were made for this figure only, told guidance 1.",
            scale=settings.guidance_scale,
        )
    return say(
        "The model says once which picture it expects: with your prompt. That is taken as it is; the first was made "
        "for this figure only."
    )


def _expecting(explanation: Explanation, settings: GenerationSettings) -> str:
    if _is_single(explanation, settings):
        return say(
            "Each is the finished picture that the model expects then; each step goes only a little of the way there. "
            "Bright is where the prompt changes it."
        )
    return say(
        "Each is the finished picture that the model expects then. Early, merged looks overdone: each step goes "
        "only a little of the way there. Bright is where the prompt changes it."
    )


def _merging(settings: GenerationSettings) -> str:
    twice = (
        say("The model says twice which picture it expects: for the negative prompt, and for yours.")
        if settings.negative_prompt
        else say("The model says twice which picture it expects: by itself, and with your prompt.")
    )
    scale = settings.guidance_scale
    merged = say("Guidance {scale:g} goes from the first towards the second, {scale:g} times as far.", scale=scale)
    if settings.guidance_rescale:
        merged = say("{merged} Rescale then takes contrast back.", merged=merged)
    return f"{twice} {merged}"
