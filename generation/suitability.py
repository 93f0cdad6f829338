"""Whether settings and pictures suit a model, and the nearest settings that do, by the table of abilities."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from generation import abilities, controls, loras, prompt_syntax, sources
from generation.abilities import (
    CONTROL_PICTURES,
    FACES,
    GUIDANCE,
    IMAGE_PROMPTS,
    LORAS,
    NEGATIVE_PROMPT,
    NOISE_SCHEDULES,
    PART_OF_A_PICTURE,
    PROMPT_STEPS,
    REGIONS,
    SEAMLESS,
    START_PICTURE,
    SUMS,
    VARIATIONS,
    Abilities,
    Model,
)
from generation.errors import InvalidSetting, Unsuitable
from generation.pipelines import Guidance
from generation.prompts import parts, said, steps
from generation.sentences import Counted, Sentence
from generation.settings import GenerationSettings, PartialSettings, Sampler, Schedule

SENTENCE = Sentence("This model doesn't support these settings. Change them, or choose another model.")
"""What is said where a worker refuses a request and its reason is for the log."""

_PLURALS = (NOISE_SCHEDULES, VARIATIONS, LORAS, CONTROL_PICTURES, IMAGE_PROMPTS, PROMPT_STEPS, REGIONS, SEAMLESS)


@dataclass(frozen=True, slots=True)
class _Setting:
    """Settings that some models don't support."""

    ability: str
    """The field of `Abilities` that allows them."""
    what: Sentence
    neutral: Mapping[str, Any]
    """The fields of `GenerationSettings`, each with the value that asks for nothing."""


_SETTINGS = (
    _Setting("negative_prompt", NEGATIVE_PROMPT, {"negative_prompt": ""}),
    _Setting("clip_skip", Sentence("clip skip"), {"clip_skip": 1}),
    _Setting("guidance_rescale", Sentence("guidance rescale"), {"guidance_rescale": 0.0}),
    _Setting("guidance_interval", Sentence("guidance in some steps"), {"guidance_start": 0.0, "guidance_end": 1.0}),
    _Setting("hires", Sentence("hires"), {"hires_factor": 1.0}),
    _Setting("tile", SEAMLESS, {"tile": False}),
    _Setting("faces", FACES, {"faces": False}),
    _Setting("variations", VARIATIONS, {"variation_strength": 0.0}),
    _Setting("variations", Sentence("the noise of another size"), {"seed_width": 0, "seed_height": 0}),
)

GUIDANCE_OFF = 1.0
ALL_STEPS = 1.0
"""The denoising strength at which every step is run."""


def check(settings: GenerationSettings, model: Model, *, or_usual: bool = False) -> None:
    """Raise `Unsuitable` if the settings use something that the model does not support.

    With `or_usual`, the defaults of its configuration are accepted: a request has them that was planned before the
    model's files were here.
    """
    able = abilities.of(model)
    configured = {"clip_skip": model.clip_skip, "guidance_scale": model.guidance_scale, "sampler": model.sampler}
    usual = configured if or_usual else {}

    def asks(field: str, neutral: Any) -> bool:
        return getattr(settings, field) not in (neutral, usual.get(field))

    _check(model, asks, settings.sampler, (settings.prompt, settings.negative_prompt))
    for text in (settings.prompt, settings.negative_prompt) if able.prompt_steps else ():
        said.check(text, settings.steps)
    if settings.schedule not in able.schedules:
        raise Unsuitable(
            "{model} can't use the {schedule} schedule. Use one of: {choices}.",
            model=model.name,
            schedule=settings.schedule,
            choices=list(able.schedules),
        )
    if not (settings.step_cache or able.step_cache):
        raise Unsuitable("{model} has no step cache to turn off. Choose another model.", model=model.name)


def check_cache(model: Model) -> None:
    """Raise `InvalidSetting` if a model is configured with a step cache that its family can't use. One of which nothing
    is on this machine yet is asked again when it is loaded."""
    choices = abilities.of(model).step_caches
    if not model.cache or model.cache in choices or not sources.description_of(model.source):
        return
    if not choices:
        raise InvalidSetting("cache", "{model} can't use a step cache. Remove the line.", model=model.name)
    raise InvalidSetting(
        "cache",
        "{model} can't use the step cache {cache}. Use one of: {choices}.",
        model=model.name,
        cache=model.cache,
        choices=list(choices),
    )


def check_named(named: PartialSettings, prompt: str, model: Model) -> None:
    """Raise `Unsuitable` if a person named something that the model does not support. It is said before the settings
    are complete, which have bounds of their own: a way out of those might be closed, too."""

    def asks(field: str, neutral: Any) -> bool:
        return getattr(named, field) not in (None, neutral)

    _check(model, asks, named.sampler, (prompt, named.negative_prompt or ""))


def _check(model: Model, asks: Callable[[str, Any], bool], sampler: Sampler | None, texts: tuple[str, ...]) -> None:
    """Raise `Unsuitable` with all that the model lacks; `asks` says whether a field has another value than a neutral
    one."""
    able = abilities.of(model)
    unsupported = [
        each.what
        for each in _SETTINGS
        if not getattr(able, each.ability) and any(asks(*field) for field in each.neutral.items())
    ]
    if able.guidance is Guidance.NONE and asks("guidance_scale", GUIDANCE_OFF):
        unsupported.append(GUIDANCE)
    if able.steps and asks("steps", able.steps):
        unsupported.append(Sentence("a number of steps"))
    if able.edits and not able.strength_of_masked and asks("denoising_strength", ALL_STEPS):
        unsupported.append(Sentence("strength"))
    if len(able.schedules) == 1 and asks("schedule", Schedule.SAMPLER):
        unsupported.append(NOISE_SCHEDULES)
    if not able.loras and any(loras.read(text)[0] != text for text in texts):
        unsupported.append(LORAS)
    if not able.emphasis and any(len(prompt_syntax.parse(text)) > 1 for text in texts):
        unsupported.append(Sentence("BREAK"))
    unsupported += _beyond(able, texts)
    foreign = sampler not in able.samplers and asks("sampler", able.samplers[0])
    if foreign and unsupported:
        unsupported.append(Sentence("the sampler {sampler}", sampler=sampler))
    refuse(model, unsupported)
    if foreign:
        raise Unsuitable(
            "{model} can't use the sampler {sampler}. Use one of: {choices}.",
            model=model.name,
            sampler=sampler,
            choices=list(able.samplers),
        )


def ignores_weights(settings: GenerationSettings, model: Model) -> bool:
    """True where weights of words are given, as in `(fox:1.4)`, and the model reads them as plain text."""
    texts = settings.prompt, settings.negative_prompt
    able = abilities.of(model)
    return not (able.emphasis or able.weights) and any(map(prompt_syntax.numbers_weights, texts))


def check_all(
    each: Iterable[GenerationSettings], model: Model, roles: Collection[str] = (), *, explained: bool = False
) -> None:
    """Raise `Unsuitable` if the model does not support the settings of every picture, or pictures with the `roles`, or
    cannot be `explained` where that is asked for."""
    check_pictures(model, roles)
    if explained:
        check_explains(model)
    for settings in each:
        check(settings, model, or_usual=True)


def supports(settings: GenerationSettings, model: Model) -> bool:
    """True where the model supports all of the settings."""
    try:
        check(settings, model)
    except (InvalidSetting, Unsuitable):
        return False
    return True


def check_pictures(model: Model, roles: Collection[str]) -> None:
    """Raise `Unsuitable` if the model cannot use pictures with the `roles`, which are fields of `Inputs`, or needs one
    and gets none."""
    able = abilities.of(model)
    looked_at = {"image", "second", "third", "fourth"} | ({"image_prompt"} if able.references else set())
    given = len(looked_at & set(roles))
    unsupported = []
    if given and not able.takes_picture:
        unsupported.append(START_PICTURE)
    if "mask" in roles and not able.mask:
        unsupported.append(PART_OF_A_PICTURE)
    if not able.control and any(role in roles for role in controls.ROLES):
        unsupported.append(CONTROL_PICTURES)
    if "image_prompt" in roles and not (able.image_prompt or able.references):
        unsupported.append(IMAGE_PROMPTS)
    refuse(model, unsupported)
    if given > able.pictures:
        raise Unsuitable(
            Counted(
                able.pictures,
                "{model} takes {n} picture at most. Remove the others, or choose another model.",
                "{model} takes {n} pictures at most. Remove the others, or choose another model.",
                model=model.name,
            )
        )
    check_picture(model, given=given > 0)


def check_picture(model: Model, *, given: bool) -> None:
    """Raise `Unsuitable` if the model draws nothing without a picture and none is `given`."""
    if abilities.of(model).picture_needed and not given:
        raise Unsuitable("{model} edits pictures. Attach one as `image`, and write what to change.", model=model.name)


def check_explains(model: Model) -> None:
    """Raise `Unsuitable` if the model cannot be shown from the inside."""
    if not abilities.of(model).explain:
        raise Unsuitable("{model} can't be explained. Choose another model.", model=model.name)


def check_refines(model: Model) -> None:
    """Raise `Unsuitable` if the model cannot redraw an enlarged picture."""
    if not abilities.of(model).hires:
        raise Unsuitable("{model} doesn't support creative upscales. Choose another way to upscale.", model=model.name)


def _beyond(able: Abilities, texts: tuple[str, ...]) -> list[Sentence]:
    """What texts say that only some models can follow."""
    read = [parts.read(text) for text in texts]
    asked = [
        (able.prompt_steps, any(steps.read(text).changes for text in texts), PROMPT_STEPS),
        (able.prompt_parts, any(each.has_regions for each in read), REGIONS),
        (able.prompt_parts, any(each.is_sum for each in read), SUMS),
    ]
    return [what for supported, is_asked, what in asked if is_asked and not supported]


def refuse(model: Model, unsupported: list[Sentence]) -> None:
    """Raise `Unsuitable` with what a model does not support, if that is anything."""
    if unsupported:
        raise Unsuitable(
            Counted(
                sum(2 if each in _PLURALS else 1 for each in unsupported),
                "{model} doesn't support {what}. Remove it, or choose another model.",
                "{model} doesn't support {what}. Remove them, or choose another model.",
                model=model.name,
                what=unsupported,
            )
        )


def fitted(defaults: PartialSettings, model: Model) -> PartialSettings:
    """Default settings, without those that the model does not support, and at a size that it can draw."""
    able = abilities.of(model)
    fitting = replace(defaults, **_neutral(able, defaults.sampler, defaults.schedule))
    if fitting.width is None or fitting.height is None:
        return fitting
    width, height = nearest_size(fitting.width, fitting.height, able)
    return replace(fitting, width=width, height=height)


def stripped(settings: GenerationSettings, model: Model, *, masked: bool = False) -> GenerationSettings:
    """The settings of another model, without those that this one does not support, and at a size that it can draw.
    `masked`: for a part of a picture, which some models draw at a strength that a whole one does not have."""
    able = abilities.of(model)
    strength = settings.denoising_strength
    settings = suited(settings, able)
    return replace(settings, denoising_strength=strength) if masked and able.strength_of_masked else settings


def suited(settings: GenerationSettings, able: Abilities) -> GenerationSettings:
    """The settings without those that these abilities don't have, at a size that they allow."""
    settings = replace(settings, **_neutral(able, settings.sampler, settings.schedule))
    width, height = nearest_size(settings.width, settings.height, able)
    return replace(settings, width=width, height=height, step_cache=settings.step_cache or not able.step_cache)


def nearest_size(width: int, height: int, able: Abilities) -> tuple[int, int]:
    """The size nearest to width x height that a model can draw, in pixels. Of a few sizes, it is the one with the most
    similar aspect, and among those the one with the most similar area."""
    if able.sizes:
        return min(
            able.sizes,
            key=lambda each: (abs(each[0] / each[1] - width / height), abs(each[0] * each[1] - width * height)),
        )
    return _side(width, able), _side(height, able)


def _neutral(able: Abilities, sampler: Sampler | None, schedule: Schedule | None) -> dict[str, Any]:
    """The settings that a model does not support, with neutral values."""
    neutral: dict[str, Any] = {}
    for each in _SETTINGS:
        if not getattr(able, each.ability):
            neutral |= each.neutral
    if able.guidance is Guidance.NONE:
        neutral["guidance_scale"] = GUIDANCE_OFF
    if able.steps:
        neutral["steps"] = able.steps
    if able.edits:
        neutral["denoising_strength"] = ALL_STEPS
    if sampler not in able.samplers:
        neutral |= {"sampler": able.samplers[0], "schedule": Schedule.SAMPLER}
    if schedule not in able.schedules:
        neutral["schedule"] = Schedule.SAMPLER
    return neutral


def _side(pixels: int, able: Abilities) -> int:
    """The nearest width or height that a model can draw."""
    step = able.size_step
    return min(max(round(pixels / step) * step, -(-able.smallest // step) * step), able.largest // step * step)
