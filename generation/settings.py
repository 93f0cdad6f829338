"""The settings of a picture and their bounds and defaults."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from math import isfinite
from typing import Any, Self

from generation import controls, names
from generation.controls import Control
from generation.errors import InvalidSetting, LimitExceeded
from generation.names import is_blank
from generation.sentences import Counted, Sentence

BROKEN_TEXT = Sentence("The text has a broken character that can't be saved. Delete it and type it again.")

PIXELS_PER_LATENT = 8
"""The VAE's scale factor: pixels a side for each latent."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """A closed interval. Sizes must also be a multiple."""

    low: int
    high: int
    multiple_of: int = 1

    def check(self, field: str, value: float) -> None:
        """Raise `InvalidSetting` for `field` unless `value` is within the bounds."""
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
    """The name of a setting or limit, for people."""
    return Sentence(_WEIGHTS.get(field, field).replace("_", " "))


_WEIGHTS = {"control_scale": "control weight", "image_prompt_scale": "image weight", "style_scale": "style weight"}
"""Scales that people know as weights, by the names of their flags."""


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
"""The number of LoRAs in a prompt."""
PROMPT_LENGTH = Bounds(1, 6000)
BREAKS = Bounds(0, 20)
"""The number of BREAKs in a prompt. Each adds a window of the text encoder, which makes every step slower."""
WAITING = Bounds(1, 1000)
COOLDOWN = Bounds(0, 86400)
DAILY_STEPS = Bounds(0, 10_000_000)
LOOKS = Bounds(0, 10_000)


def random_seed() -> int:
    """A random seed."""
    return secrets.randbelow(SEED.high + 1)


class Sampler(StrEnum):
    """Samplers, by their usual names."""

    DPMPP_2M_KARRAS = "DPM++ 2M Karras"
    EULER = "Euler"
    EULER_ANCESTRAL = "Euler a"
    DPMPP_2M = "DPM++ 2M"
    DPMPP_2M_SDE_KARRAS = "DPM++ 2M SDE Karras"
    DPMPP_SDE_KARRAS = "DPM++ SDE Karras"
    DPMPP_3M_SDE = "DPM++ 3M SDE"
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
    """The scheduler that the model ships with."""

    @property
    def steps(self) -> Bounds:
        """The bounds of its steps. LCM and TCD are for models distilled to a few."""
        return Bounds(1, 50) if self in (Sampler.LCM, Sampler.TCD) else STEPS

    @property
    def schedules(self) -> "tuple[Schedule, ...]":
        """The schedules it supports. LCM and TCD only have the noise levels they were distilled at."""
        if self in (Sampler.LCM, Sampler.TCD, Sampler.OWN):
            return (Schedule.SAMPLER,)
        if self in (Sampler.DDIM, Sampler.DDPM, Sampler.PLMS):
            return (Schedule.SAMPLER, Schedule.UNIFORM)
        if self is Sampler.EULER_ANCESTRAL:
            own = (Schedule.KARRAS, Schedule.EXPONENTIAL, Schedule.BETA)
            return tuple(schedule for schedule in Schedule if schedule not in own)
        return tuple(Schedule)


class Schedule(StrEnum):
    """Noise schedules: how noise levels are spread over the steps."""

    SAMPLER = "Automatic"
    """The sampler's own schedule."""
    UNIFORM = "Uniform"
    KARRAS = "Karras"
    EXPONENTIAL = "Exponential"
    BETA = "Beta"
    SGM_UNIFORM = "SGM Uniform"
    SIMPLE = "Simple"
    NORMAL = "Normal"
    KL_OPTIMAL = "KL Optimal"


@dataclass(frozen=True, slots=True)
class GenerationSettings:
    """The settings of a request.

    Picture i of `count` has the seed `seed` + i modulo 2**32; a variation has `variation_seed` + i instead.
    Raises `InvalidSetting` for values out of bounds.
    """

    prompt: str
    seed: int
    model: str
    width: int
    height: int
    negative_prompt: str = ""
    steps: int = 25
    guidance_scale: float = 7.0
    """Scale of classifier-free guidance; 1 turns it off and uses the conditional prediction alone."""
    sampler: Sampler = Sampler.DPMPP_2M_KARRAS
    clip_skip: int = 1
    """The text encoder's layer that conditions the UNet, counted from the end: 1 is the last."""
    count: int = 1
    variation_seed: int = 0
    variation_strength: float = 0.0
    """Interpolation from the noise of `seed` (0) to that of `variation_seed` (1)."""
    seed_width: int = 0
    seed_height: int = 0
    """The size whose noise is used, to keep the composition of a picture of that size; 0 is the picture's own."""
    schedule: Schedule = Schedule.SAMPLER
    guidance_rescale: float = 0.0
    """Guidance rescale, 0 to 1: restores the contrast of the conditional prediction, against burnt colours."""
    guidance_start: float = 0.0
    guidance_end: float = 1.0
    """The interval of the steps with guidance, as shares. The others use the conditional prediction alone."""
    denoising_strength: float = 0.75
    """For image to image: the share of the steps that are run. 1 ignores the start picture."""
    hires_factor: float = 1.0
    """Hires: generate at width x height, enlarge by this factor, and refine; 1 turns it off."""
    hires_strength: float = 0.5
    """The denoising strength of the hires refinement."""
    control_scale: float = 1.0
    """The ControlNet's conditioning scale."""
    image_prompt_scale: float = 0.6
    """The IP-Adapter's scale."""
    controls: tuple[Control, ...] = ()
    """What the control pictures show, in the order of `controls.ROLES`; those beyond are taken as they are."""
    style_scale: float = 1.0
    """The IP-Adapter's scale for a picture whose style alone is taken."""
    step_cache: bool = True
    """False computes every step in full, where the model is configured with a cache between steps."""
    tile: bool = False
    """True for a picture that continues at its opposite edges."""
    faces: bool = False
    """True to draw each face of the finished picture anew, enlarged."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", names.normal(self.model))
        if is_blank(self.prompt):
            raise InvalidSetting("prompt", "The prompt is empty. Describe the picture you want.")
        for field, text in (("prompt", self.prompt), ("negative_prompt", self.negative_prompt)):
            if not names.is_whole(text):
                raise InvalidSetting(field, BROKEN_TEXT)
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
        _check_controls(self.controls)
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
        """The settings of the hires refinement: image to image at the final size."""
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
        """The settings of picture `index` of this request by itself."""
        seed = "variation_seed" if self.variation_strength else "seed"
        return replace(self, count=1, **{seed: (getattr(self, seed) + index) % (SEED.high + 1)})


@dataclass(frozen=True, slots=True)
class PartialSettings:
    """Some of the settings: defaults of a server or a person, or the options of a command. None leaves one open."""

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
    controls: tuple[Control, ...] | None = None
    style_scale: float | None = None
    tile: bool | None = None
    faces: bool | None = None

    def __post_init__(self) -> None:
        if self.model is not None:
            object.__setattr__(self, "model", names.normal(self.model))
        for field, value in self.given().items():
            if field in NUMBERS:
                NUMBERS[field].check(field, value)
        _check_controls(self.controls or ())

    def given(self) -> dict[str, Any]:
        """The settings that are given, by name."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name)) is not None}

    def over(self, lower: Self) -> Self:
        """Both together. Where both give a value, this one wins."""
        return replace(lower, **self.given())

    def of(self, prompt: str, seed: int) -> GenerationSettings:
        """The full settings of a request. Model and size must be given. Raises `InvalidSetting`."""
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
    "style_scale": SHARE,
}


def _check_controls(given: Sequence[Control]) -> None:
    """Raise `InvalidSetting` for more controls than pictures can be given, and for numbers out of bounds."""
    if len(given) > controls.MOST:
        raise InvalidSetting("controls", "At most {most} controls work at once. Remove the others.", most=controls.MOST)
    for each in given:
        if each.scale is not None:
            CONTROL_SCALE.check("control_scale", each.scale)
        SHARE.check("control_start", each.start)
        SHARE.check("control_end", each.end)
        if each.start >= each.end:
            raise InvalidSetting("controls", "A control must end after it starts, as in `--control canny:0.8:0-0.6`.")


LIMITS = {
    "steps": STEPS,
    "side": SIZE,
    "count": COUNT,
    "waiting": WAITING,
    "daily_steps": DAILY_STEPS,
    "cooldown": COOLDOWN,
}

_OF_HOST = {"looks": LOOKS, "server_looks": LOOKS}


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the host or a server. None sets no limit. Where several apply, the tightest wins."""

    steps: int | None = None
    side: int | None = None
    """Pixels of a picture's width and height."""
    count: int | None = None
    waiting: int | None = None
    """Unfinished requests of one person."""
    daily_steps: int | None = None
    """Steps of one person in 24 hours. A step counts once for each forward of the UNet."""
    cooldown: int | None = None
    """Seconds between two requests of a person."""
    looks: int | None = None
    """Looks of one person. Only the host sets this one and the next."""
    server_looks: int | None = None
    """Looks for the members of one server, of all people together."""

    def __post_init__(self) -> None:
        for field, bounds in (LIMITS | _OF_HOST).items():
            if (value := getattr(self, field)) is not None:
                Bounds(bounds.low, bounds.high).check(field, value)

    def tightened_by(self, other: Self) -> Self:
        """Both together, the tighter of each limit."""
        names = [field.name for field in fields(self)]
        tightest = {name: _least(getattr(self, name), getattr(other, name)) for name in names}
        return type(self)(**tightest | {"cooldown": max(self.cooldown or 0, other.cooldown or 0) or None})

    def lower(self, defaults: PartialSettings) -> PartialSettings:
        """Defaults reduced to the limits, so that nobody is refused for something they did not choose."""
        return replace(
            defaults,
            steps=_lowered(defaults.steps, self.steps),
            width=_lowered(defaults.width, self.side, SIZE.multiple_of),
            height=_lowered(defaults.height, self.side, SIZE.multiple_of),
            count=_lowered(defaults.count, self.count),
        )

    def check(self, settings: GenerationSettings) -> None:
        """Raise `LimitExceeded` if the settings exceed a limit."""
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
        """Raise `LimitExceeded` if one more request beside `unfinished` others exceeds the limit."""
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
