"""The one table of what models can do, by the pipeline that their files name.

Options, buttons, refusals, `/models` and docs/models.md come from it. Families of the shared batch have their rows in
`FAMILIES`; the rows of all others are derived from what diffusers' pipelines take.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from generation import edm, loras, pipelines, prompt_syntax, sources
from generation.errors import Unsuitable
from generation.pipelines import Guidance, Pipeline
from generation.sentences import Counted, Sentence
from generation.settings import SIZE, GenerationSettings, PartialSettings, Sampler, Schedule
from generation.sources import Description

SENTENCE = Sentence("This model doesn't support these settings. Change them, or choose another model.")
"""What is said where a worker refuses a request and its reason is for the log."""


MOST_PICTURES = 4
"""The pictures that can be given to one request, to blend them or to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a model can do. The defaults are those of a pipeline that takes words alone."""

    words: int | None = None
    """The most tokens of a prompt that it reads; None where there is no limit, or none is known."""
    negative_prompt: bool = False
    guidance: Guidance = Guidance.NONE
    samplers: tuple[Sampler, ...] = (Sampler.OWN,)
    """The samplers it can follow, its default first."""
    start_picture: bool = False
    """Image to image, with a denoising strength."""
    blends: bool = False
    """Starting from halfway between several pictures."""
    mask: bool = False
    """Inpainting: zoom out, pan, and a start picture with a mask."""
    strength_of_masked: bool = False
    """A denoising strength with a mask, where a picture as a whole has none."""
    references: int = 0
    """How many pictures it can look at, without a strength: the start picture's place is that of the first."""
    picture_needed: bool = False
    """True where it draws nothing without a reference."""
    loras: bool = False
    control: bool = False
    """A ControlNet."""
    image_prompt: bool = False
    """An IP-Adapter."""
    size_step: int = 16
    """Width and height are multiples of this, in pixels."""
    sizes: tuple[tuple[int, int], ...] = ()
    """The only sizes that it draws, width first, in pixels; empty for all."""
    smallest: int = SIZE.low
    largest: int = SIZE.high
    """Bounds of width and height, in pixels."""
    variations: bool = False
    """Variations of a picture, and the noise of another size."""
    hires: bool = False
    """Hires, and creative upscales."""
    explain: bool = False
    schedules: tuple[Schedule, ...] = (Schedule.SAMPLER,)
    """The noise schedules that its samplers can follow, if they have them."""
    clip_skip: bool = False
    emphasis: bool = False
    """Weights of words, and BREAK."""
    guidance_rescale: bool = False
    guidance_interval: bool = False

    @property
    def edits(self) -> bool:
        """True where a picture is changed as a whole by words, in all steps, so that there is no strength."""
        return self.references > 0 and not self.start_picture

    @property
    def draws_around(self) -> bool:
        """True where it can draw more around a picture, which takes a mask and a strength."""
        return self.mask and (self.strength_of_masked or not self.edits)

    @property
    def pictures(self) -> int:
        """How many pictures it can start from, or look at."""
        return MOST_PICTURES if self.blends else max(self.references, int(self.start_picture))

    @property
    def takes_picture(self) -> bool:
        """True where it uses a picture that is given as its start, in one way or the other."""
        return self.start_picture or self.references > 0


STABLE_DIFFUSION = Abilities(
    negative_prompt=True,
    guidance=Guidance.TWO_PREDICTIONS,
    samplers=tuple(Sampler),
    start_picture=True,
    blends=True,
    mask=True,
    loras=True,
    size_step=8,
    variations=True,
    hires=True,
    explain=True,
    schedules=tuple(Schedule),
    clip_skip=True,
    emphasis=True,
    guidance_rescale=True,
    guidance_interval=True,
)

EDITING = replace(STABLE_DIFFUSION, start_picture=False, references=MOST_PICTURES, picture_needed=True, hires=False)
"""InstructPix2Pix and CosXL Edit, which take the middle of several pictures."""

FAMILIES: dict[str, Abilities] = dict.fromkeys(sources.BATCHED, STABLE_DIFFUSION) | dict.fromkeys(
    sources.EDITING, EDITING
)
"""The models of Stable Diffusion, by the class name of their pipeline."""

FLOW_SAMPLERS = (Sampler.OWN, Sampler.EULER, Sampler.HEUN, Sampler.DPMPP_2M, Sampler.UNIPC)
"""Samplers of flow matching."""


class Model(Protocol):
    """What is asked of a model's spec."""

    @property
    def name(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def config(self) -> str: ...
    @property
    def guidance_scale(self) -> float: ...
    @property
    def sampler(self) -> Sampler | None: ...
    @property
    def clip_skip(self) -> int | None: ...
    @property
    def controlnet(self) -> str: ...
    @property
    def ip_adapter(self) -> str: ...


def of(model: Model) -> Abilities:
    """What a model can do. One of which nothing is on this machine yet is taken for Stable Diffusion."""
    description = sources.description_of(model.source)
    if description and not description.pipeline and model.config:
        description = sources.description_of(model.config) or description
    able = described(description) if description else STABLE_DIFFUSION
    if able is STABLE_DIFFUSION and sources.is_editing(model.source):
        able = EDITING
    if able.emphasis:
        able = replace(able, control=bool(model.controlnet), image_prompt=bool(model.ip_adapter))
    if sources.is_edm(model.config or model.source):
        able = replace(able, samplers=edm.SAMPLERS, schedules=edm.SCHEDULES)
    return able


def is_batched(model: Model) -> bool:
    """True for a model that is drawn in the shared batch. False also where nothing of it is on this machine yet."""
    description = sources.description_of(model.source)
    return description is not None and description.pipeline in (*FAMILIES, *sources.FLOWING)


def described(description: Description) -> Abilities:
    """What a model can do, by what its files say."""
    if description.pipeline in FAMILIES:
        return FAMILIES[description.pipeline]
    able = _derived(pipelines.of(description.pipeline), description)
    return _flowing(able) if description.pipeline in sources.FLOWING else able


def _flowing(able: Abilities) -> Abilities:
    """What a flow-matching model can do in the shared batch, beside what its pipeline takes. One that looks at pictures
    changes the whole of one by words, and a part of one with a mask; without any it draws from words alone."""
    return replace(
        able,
        samplers=FLOW_SAMPLERS,
        start_picture=not able.references,
        blends=not able.references,
        picture_needed=False,
        mask=True,
        strength_of_masked=True,
        loras=True,
        variations=True,
        explain=True,
        guidance_interval=able.guidance is not Guidance.NONE,
    )


def _guides_itself(name: str) -> bool:
    """True for a pipeline whose models are guided by two predictions in the shared batch, whatever their configuration
    says."""
    return name in sources.FLOWING and pipelines.of(name).guidance is Guidance.TWO_PREDICTIONS


def _derived(pipeline: Pipeline, description: Description) -> Abilities:
    """What a model can do that is drawn by its diffusers pipeline."""
    guidance = pipeline.guidance
    if pipeline.told_by_network and description.told_guidance and not _guides_itself(description.pipeline):
        guidance = Guidance.TOLD
    if description.distilled:
        guidance = Guidance.NONE
    both = pipeline.scale == "true_cfg_scale" and guidance is Guidance.TOLD
    return Abilities(
        words=pipeline.words,
        negative_prompt=pipeline.negative_prompt and (guidance is Guidance.TWO_PREDICTIONS or both),
        guidance=guidance,
        start_picture=bool(pipeline.start_picture),
        mask=bool(pipeline.mask),
        references=pipeline.references,
        picture_needed=pipeline.picture_needed,
        loras=pipeline.loras,
        size_step=pipeline.size_step,
        sizes=pipeline.sizes,
    )


NEGATIVE_PROMPT = Sentence("a negative prompt")
GUIDANCE = Sentence("guidance")
START_PICTURE = Sentence("a start picture")
PART_OF_A_PICTURE = Sentence("drawing a part of a picture")
NOISE_SCHEDULES = Sentence("noise schedules")
VARIATIONS = Sentence("variations")
LORAS = Sentence("LoRAs")
CONTROL_PICTURES = Sentence("pictures whose lines to keep")
IMAGE_PROMPTS = Sentence("pictures as prompts")

_PLURALS = (NOISE_SCHEDULES, VARIATIONS, LORAS, CONTROL_PICTURES, IMAGE_PROMPTS)


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
    able = of(model)
    configured = {"clip_skip": model.clip_skip, "guidance_scale": model.guidance_scale, "sampler": model.sampler}
    usual = configured if or_usual else {}

    def asks(field: str, neutral: Any) -> bool:
        return getattr(settings, field) not in (neutral, usual.get(field))

    _check(model, asks, settings.sampler, (settings.prompt, settings.negative_prompt))
    if settings.schedule not in able.schedules:
        raise Unsuitable(
            "{model} can't use the {schedule} schedule. Use one of: {choices}.",
            model=model.name,
            schedule=settings.schedule,
            choices=list(able.schedules),
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
    able = of(model)
    unsupported = [
        each.what
        for each in _SETTINGS
        if not getattr(able, each.ability) and any(asks(*field) for field in each.neutral.items())
    ]
    if able.guidance is Guidance.NONE and asks("guidance_scale", GUIDANCE_OFF):
        unsupported.append(GUIDANCE)
    if able.edits and not able.strength_of_masked and asks("denoising_strength", ALL_STEPS):
        unsupported.append(Sentence("strength"))
    if len(able.schedules) == 1 and asks("schedule", Schedule.SAMPLER):
        unsupported.append(NOISE_SCHEDULES)
    if not able.loras and any(loras.read(text)[0] != text for text in texts):
        unsupported.append(LORAS)
    if not able.emphasis and any(len(prompt_syntax.parse(text)) > 1 for text in texts):
        unsupported.append(Sentence("BREAK"))
    foreign = sampler not in able.samplers and asks("sampler", able.samplers[0])
    if foreign and unsupported:
        unsupported.append(Sentence("the sampler {sampler}", sampler=sampler))
    _refuse(model, unsupported)
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
    return not of(model).emphasis and any(map(prompt_syntax.numbers_weights, texts))


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


def offered(able: Abilities) -> list[Sentence]:
    """What a model takes beside words, size and steps, as it is said in lists of models."""
    named = [
        (able.negative_prompt, NEGATIVE_PROMPT),
        (able.guidance is not Guidance.NONE, GUIDANCE),
        (able.start_picture, START_PICTURE),
        (able.references, Counted(able.references, "{n} picture to look at", "{n} pictures to look at")),
        (able.mask, PART_OF_A_PICTURE),
        (able.loras, LORAS),
    ]
    return [what for there, what in named if there]


def supports(settings: GenerationSettings, model: Model) -> bool:
    """True where the model supports all of the settings."""
    try:
        check(settings, model)
    except Unsuitable:
        return False
    return True


def check_pictures(model: Model, roles: Collection[str]) -> None:
    """Raise `Unsuitable` if the model cannot use pictures with the `roles`, which are fields of `Inputs`, or needs one
    and gets none."""
    able = of(model)
    looked_at = {"image", "second", "third", "fourth"} | ({"image_prompt"} if able.references else set())
    given = len(looked_at & set(roles))
    unsupported = []
    if given and not able.takes_picture:
        unsupported.append(START_PICTURE)
    if "mask" in roles and not able.mask:
        unsupported.append(PART_OF_A_PICTURE)
    if "control" in roles and not able.control:
        unsupported.append(CONTROL_PICTURES)
    if "image_prompt" in roles and not (able.image_prompt or able.references):
        unsupported.append(IMAGE_PROMPTS)
    _refuse(model, unsupported)
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
    if of(model).picture_needed and not given:
        raise Unsuitable("{model} edits pictures. Attach one as `image`, and write what to change.", model=model.name)


def check_explains(model: Model) -> None:
    """Raise `Unsuitable` if the model cannot be shown from the inside."""
    if not of(model).explain:
        raise Unsuitable("{model} can't be explained. Choose another model.", model=model.name)


def check_refines(model: Model) -> None:
    """Raise `Unsuitable` if the model cannot redraw an enlarged picture."""
    if not of(model).hires:
        raise Unsuitable("{model} doesn't support creative upscales. Choose another way to upscale.", model=model.name)


def _refuse(model: Model, unsupported: list[Sentence]) -> None:
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
    able = of(model)
    fitting = replace(defaults, **_neutral(able, defaults.sampler, defaults.schedule))
    if fitting.width is None or fitting.height is None:
        return fitting
    width, height = nearest_size(fitting.width, fitting.height, able)
    return replace(fitting, width=width, height=height)


def stripped(settings: GenerationSettings, model: Model, *, masked: bool = False) -> GenerationSettings:
    """The settings of another model, without those that this one does not support, and at a size that it can draw.
    `masked`: for a part of a picture, which some models draw at a strength that a whole one does not have."""
    able = of(model)
    strength = settings.denoising_strength
    settings = suited(settings, able)
    return replace(settings, denoising_strength=strength) if masked and able.strength_of_masked else settings


def suited(settings: GenerationSettings, able: Abilities) -> GenerationSettings:
    """The settings without those that these abilities don't have, at a size that they allow."""
    settings = replace(settings, **_neutral(able, settings.sampler, settings.schedule))
    width, height = nearest_size(settings.width, settings.height, able)
    return replace(settings, width=width, height=height)


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
