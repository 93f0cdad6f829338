"""Every setting of a picture, with its bounds: the one place that knows them."""

import secrets
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from math import isfinite
from typing import Any, Self

from generation.errors import InvalidSetting, LimitExceeded
from generation.sentences import Counted, Sentence

PIXELS_PER_LATENT = 8
"""The autoencoder's factor: a latent is an eighth of the picture, each way."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """A closed interval, and for sizes the step inside it."""

    low: int
    high: int
    multiple_of: int = 1

    def check(self, field: str, value: float) -> None:
        """Raise `InvalidSetting`, naming `field`, unless `value` lies inside."""
        if not isfinite(value) or not self.low <= value <= self.high:
            raise InvalidSetting(
                field,
                "{setting!c} must be between {low} and {high}, not {value}.",
                setting=label(field),
                low=self.low,
                high=self.high,
                value=value,
            )
        if value % self.multiple_of and self.multiple_of > 1:
            raise InvalidSetting(
                field,
                "{setting!c} must be a multiple of {step}, not {value}.",
                setting=label(field),
                step=self.multiple_of,
                value=value,
            )


def label(field: str) -> Sentence:
    """A setting or limit as people call it."""
    return Sentence(field.replace("_", " "))


STEPS = Bounds(1, 150)
GUIDANCE_SCALE = Bounds(1, 30)
SEED = Bounds(0, 2**32 - 1)
SIZE = Bounds(64, 2048, multiple_of=PIXELS_PER_LATENT)
CLIP_SKIP = Bounds(1, 12)
COUNT = Bounds(1, 4)
SHARE = Bounds(0, 1)
HIRES_FACTOR = Bounds(1, 4)
CONTROL_SCALE = Bounds(0, 2)
LORA_SCALE = Bounds(-10, 10)
LORAS = Bounds(0, 8)
"""How many a prompt may name."""
PROMPT_LENGTH = Bounds(1, 6000)
BREAKS = Bounds(0, 20)
"""How often a prompt may begin a new window: each is read by itself, and makes every step slower."""
WAITING = Bounds(1, 1000)
COOLDOWN = Bounds(0, 86400)
DAILY_STEPS = Bounds(0, 10_000_000)


def random_seed() -> int:
    """Any seed, each as likely."""
    return secrets.randbelow(SEED.high + 1)


class Sampler(StrEnum):
    """The rule that turns a prediction into the next, less noisy, latents; by the names users know."""

    DPMPP_2M_KARRAS = "DPM++ 2M Karras"
    EULER = "Euler"
    EULER_ANCESTRAL = "Euler a"
    DPMPP_2M = "DPM++ 2M"
    DPMPP_2M_SDE_KARRAS = "DPM++ 2M SDE Karras"
    DPMPP_SDE_KARRAS = "DPM++ SDE Karras"
    UNIPC = "UniPC"
    DDIM = "DDIM"
    DEIS = "DEIS"
    HEUN = "Heun"
    LMS = "LMS"
    PLMS = "PLMS"
    DDPM = "DDPM"
    LCM = "LCM"
    TCD = "TCD"
    OWN = "Model's own"
    """What the model comes with."""

    @property
    def steps(self) -> Bounds:
        """How many steps it can take. LCM and TCD are for models distilled to a few."""
        return Bounds(1, 50) if self in (Sampler.LCM, Sampler.TCD) else STEPS

    @property
    def schedules(self) -> "tuple[Schedule, ...]":
        """How it can spread the noise levels. LCM and TCD know only the levels they were distilled at."""
        if self in (Sampler.LCM, Sampler.TCD, Sampler.OWN):
            return (Schedule.SAMPLER,)
        if self in (Sampler.EULER_ANCESTRAL, Sampler.DDIM, Sampler.DDPM, Sampler.PLMS):
            return (Schedule.SAMPLER, Schedule.UNIFORM)
        return tuple(Schedule)


class Schedule(StrEnum):
    """How the noise levels are spread over the steps."""

    SAMPLER = "Automatic"
    """As the sampler's name says."""
    UNIFORM = "Uniform"
    KARRAS = "Karras"
    EXPONENTIAL = "Exponential"
    BETA = "Beta"


@dataclass(frozen=True, slots=True)
class GenerationSettings:
    """What a request asks for.

    Picture i of `count` starts from `seed` + i, modulo 2**32; of a variation, from `variation_seed` + i instead.
    Raises `InvalidSetting` where a value is out of bounds.
    """

    prompt: str
    seed: int
    model: str
    width: int
    height: int
    negative_prompt: str = ""
    steps: int = 25
    guidance_scale: float = 7.0
    """How much the prompt is weighed against what the model sees by itself; 1 takes the prompt alone."""
    sampler: Sampler = Sampler.DPMPP_2M_KARRAS
    clip_skip: int = 1
    """Layer of the text encoder that is listened to, counted from the end: 1 is the last."""
    count: int = 1
    variation_seed: int = 0
    variation_strength: float = 0.0
    """How far the noise goes over from that of `seed` to that of `variation_seed`: 0 not at all, 1 all the way."""
    seed_width: int = 0
    seed_height: int = 0
    """The size whose noise is used, which keeps the composition of a picture of that size; 0 is the picture's own."""
    schedule: Schedule = Schedule.SAMPLER
    guidance_rescale: float = 0.0
    """How far the merged prediction is brought back to the contrast of the prompt's own, against burnt colours."""
    guidance_start: float = 0.0
    guidance_end: float = 1.0
    """The part of the steps in which the prompt is weighed; in the others the prompt's prediction is taken alone."""
    denoising_strength: float = 0.75
    """Of a picture that starts from another: how much of the way from noise is drawn anew. 1 forgets the other."""
    hires_factor: float = 1.0
    """Draw at this size, enlarge so many times, and refine; 1 does not."""
    hires_strength: float = 0.5
    """The denoising strength of that refinement."""
    control_scale: float = 1.0
    """How strictly a ControlNet's picture is kept to."""
    image_prompt_scale: float = 0.6
    """How much an image prompt weighs beside the words."""

    def __post_init__(self) -> None:
        if not self.prompt.strip():
            raise InvalidSetting("prompt", "The prompt is empty. Describe the picture you want.")
        for field, text in (("prompt", self.prompt), ("negative_prompt", self.negative_prompt)):
            if len(text) > PROMPT_LENGTH.high:
                raise InvalidSetting(
                    field,
                    "The {setting} is {length} characters long. The maximum is {limit}.",
                    setting=label(field),
                    length=len(text),
                    limit=PROMPT_LENGTH.high,
                )
            if text.count("BREAK") > BREAKS.high:
                raise InvalidSetting(
                    field,
                    "The {setting} has {number} BREAKs. The maximum is {limit}.",
                    setting=label(field),
                    number=text.count("BREAK"),
                    limit=BREAKS.high,
                )
        for field, bounds in NUMBERS.items():
            bounds.check(field, getattr(self, field))
        if self.seed_width or self.seed_height:
            SIZE.check("seed_width", self.seed_width)
            SIZE.check("seed_height", self.seed_height)
        if max(self.final_size) > SIZE.high:
            size = "×".join(map(str, self.final_size))
            raise InvalidSetting(
                "hires_factor",
                "With hires, the picture would be {size} pixels. {limit} pixels a side is the maximum.",
                size=size,
                limit=SIZE.high,
            )
        if self.guidance_start > self.guidance_end:
            raise InvalidSetting("guidance_start", "Guidance can't start after it ends.")
        if self.steps > self.sampler.steps.high:
            raise InvalidSetting(
                "steps",
                "{sampler} takes at most {limit} steps.",
                sampler=self.sampler,
                limit=self.sampler.steps.high,
            )
        if self.schedule not in self.sampler.schedules:
            raise InvalidSetting(
                "schedule",
                "{sampler} can't use the {schedule} schedule, only: {choices}. {other} can.",
                sampler=self.sampler,
                schedule=self.schedule,
                choices=self.sampler.schedules,
                other=Sampler.DPMPP_2M,
            )

    @property
    def final_size(self) -> tuple[int, int]:
        """Width and height of the finished picture, in pixels."""
        if self.hires_factor == 1:
            return self.width, self.height
        grid = SIZE.multiple_of
        return round(self.width * self.hires_factor / grid) * grid, round(self.height * self.hires_factor / grid) * grid

    @property
    def refinement(self) -> Self:
        """The settings of the second stage of a hires picture: at its final size, from what the first one drew."""
        width, height = self.final_size
        return replace(
            self,
            width=width,
            height=height,
            seed_width=0,
            seed_height=0,
            denoising_strength=self.hires_strength,
            hires_factor=1.0,
        )

    def of_picture(self, index: int) -> Self:
        """The settings that draw picture `index` of this request by itself."""
        seed = "variation_seed" if self.variation_strength else "seed"
        return replace(self, count=1, **{seed: (getattr(self, seed) + index) % (SEED.high + 1)})


@dataclass(frozen=True, slots=True)
class PartialSettings:
    """Some of the settings: what a server or a person prefers, or what a command names. None leaves it open."""

    model: str | None = None
    width: int | None = None
    height: int | None = None
    negative_prompt: str | None = None
    steps: int | None = None
    guidance_scale: float | None = None
    sampler: Sampler | None = None
    clip_skip: int | None = None
    count: int | None = None
    variation_seed: int | None = None
    variation_strength: float | None = None
    seed_width: int | None = None
    seed_height: int | None = None
    schedule: Schedule | None = None
    guidance_rescale: float | None = None
    guidance_start: float | None = None
    guidance_end: float | None = None
    denoising_strength: float | None = None
    hires_factor: float | None = None
    hires_strength: float | None = None
    control_scale: float | None = None
    image_prompt_scale: float | None = None

    def __post_init__(self) -> None:
        for field, value in self.given().items():
            if field in NUMBERS:
                NUMBERS[field].check(field, value)

    def given(self) -> dict[str, Any]:
        """The settings that are not left open."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name)) is not None}

    def over(self, lower: Self) -> Self:
        """Both together; where both speak, this one wins."""
        return replace(lower, **self.given())

    def of(self, prompt: str, seed: int) -> GenerationSettings:
        """All settings of a request; model and size must not be left open. Raises `InvalidSetting`."""
        return GenerationSettings(prompt=prompt, seed=seed, **self.given())


NUMBERS = {
    "steps": STEPS,
    "guidance_scale": GUIDANCE_SCALE,
    "seed": SEED,
    "width": SIZE,
    "height": SIZE,
    "clip_skip": CLIP_SKIP,
    "count": COUNT,
    "variation_seed": SEED,
    "variation_strength": SHARE,
    "guidance_rescale": SHARE,
    "guidance_start": SHARE,
    "guidance_end": SHARE,
    "denoising_strength": SHARE,
    "hires_factor": HIRES_FACTOR,
    "hires_strength": SHARE,
    "control_scale": CONTROL_SCALE,
    "image_prompt_scale": SHARE,
}


LIMITS = {
    "steps": STEPS,
    "side": SIZE,
    "count": COUNT,
    "waiting": WAITING,
    "daily_steps": DAILY_STEPS,
    "cooldown": COOLDOWN,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds. None leaves the matter to others; where several speak, the tightest wins."""

    steps: int | None = None
    side: int | None = None
    """Pixels: of a picture's width and of its height."""
    count: int | None = None
    waiting: int | None = None
    """Unfinished requests of one person."""
    daily_steps: int | None = None
    """Steps of all pictures of one person in 24 hours; each counts as often as it asks the model."""
    cooldown: int | None = None
    """Seconds from one request of a person to the next."""

    def __post_init__(self) -> None:
        for field, bounds in LIMITS.items():
            if (value := getattr(self, field)) is not None:
                Bounds(bounds.low, bounds.high).check(field, value)

    def tightened_by(self, other: Self) -> Self:
        """Both together."""
        names = [field.name for field in fields(self)]
        tightest = {name: _least(getattr(self, name), getattr(other, name)) for name in names}
        return type(self)(**tightest | {"cooldown": max(self.cooldown or 0, other.cooldown or 0) or None})

    def lower(self, defaults: PartialSettings) -> PartialSettings:
        """Defaults brought down to the limits: nobody is refused for what they did not ask for."""
        return replace(
            defaults,
            steps=_lowered(defaults.steps, self.steps),
            width=_lowered(defaults.width, self.side, SIZE.multiple_of),
            height=_lowered(defaults.height, self.side, SIZE.multiple_of),
            count=_lowered(defaults.count, self.count),
        )

    def check(self, settings: GenerationSettings) -> None:
        """Raise `LimitExceeded` where `settings` ask for too much."""
        if _exceeds(settings.steps, self.steps):
            raise LimitExceeded(
                "At most {limit} steps are allowed here, not {value}.", limit=self.steps, value=settings.steps
            )
        for side in settings.final_size:
            if _exceeds(side, self.side):
                raise LimitExceeded(
                    "Pictures here may be at most {limit} pixels wide and high, not {value}.",
                    limit=self.side,
                    value=side,
                )
        if _exceeds(settings.count, self.count):
            raise LimitExceeded(
                "{value} pictures at once are too many. The maximum here is {limit}.",
                limit=self.count,
                value=settings.count,
            )

    def check_waiting(self, unfinished: int) -> None:
        """Raise `LimitExceeded` where one more request beside `unfinished` others is too much."""
        if _exceeds(unfinished + 1, self.waiting):
            raise LimitExceeded(
                Counted(
                    unfinished,
                    "You already have {n} request waiting, and {limit} is the maximum here. Wait or cancel it.",
                    "You already have {n} requests waiting, and {limit} is the maximum here. Wait or cancel one.",
                    limit=self.waiting,
                )
            )


def _least(one: int | None, other: int | None) -> int | None:
    given = [value for value in (one, other) if value is not None]
    return min(given) if given else None


def _lowered(default: int | None, limit: int | None, multiple_of: int = 1) -> int | None:
    if default is None or limit is None or default <= limit:
        return default
    return limit // multiple_of * multiple_of


def _exceeds(value: int, limit: int | None) -> bool:
    return limit is not None and value > limit
