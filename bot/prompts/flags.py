"""Flags inside a prompt: `a fox --ar 3:2 --seed 7 --no hands`."""

import math
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

from bot.prompts import unknown_flags
from generation import sampler_names
from generation.controls import Control, ControlKind
from generation.errors import InvalidSetting
from generation.loras import tag
from generation.settings import GenerationSettings, PartialSettings, Schedule
from storage.records import Ignored, IgnoredPart

STYLE = "style"
COLOURS = "colours"
LOOK = "look"
CHOICE_SEED = "choice-seed"

ASPECTS = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "4:5", "5:4", "21:9")
"""Aspect ratios offered to choose from; members can type any other."""

_NARROWEST = 4
"""The longer side may be so many times the shorter."""


@dataclass(frozen=True, slots=True)
class ParsedPrompt:
    """A prompt without its flags, and the settings that the flags name."""

    prompt: str
    chosen: PartialSettings
    seed: int | None = None
    aspect: tuple[int, int] | None = None
    """Width to height."""
    private: bool = False
    spoiler: bool = False


def read(text: str) -> ParsedPrompt:
    """Split a prompt from its flags. Raises `InvalidSetting`, naming the flag and an example of its use.

    The later of two equal flags counts, but each `--lora` adds one, as a tag in the prompt, and so does each
    `--control` with a kind or a part of the steps. `take_style` comes first.
    """
    prompt, *flags = _FLAG.split(text)
    values: dict[str, Any] = {}
    loras: list[str] = []
    controls: list[Control | float] = []
    for flag in flags:
        name, value = _name_and_value(flag)
        if name not in _FLAGS:
            raise unknown_flags.unknown(name, (*_FLAGS, *_OTHER_NAMES))
        field, read_value, _ = _FLAGS[name]
        for rival in _RIVALS.get(field, ()):
            values.pop(rival, None)
        try:
            values[field] = read_value(value)
            loras += values.pop("loras", [])
            controls += values.pop("controls", [])
        except ValueError:
            raise needs_value(name) from None
    if sampling := values.pop("sampler", None):
        values["sampler"], in_name = sampling
        if in_name is not Schedule.SAMPLER:
            values.setdefault("schedule", in_name)
    seed, aspect = values.pop("seed", None), values.pop("aspect", None)
    private, spoiler = values.pop("private", False), values.pop("spoiler", False)
    values.pop(CHOICE_SEED, None)
    if size := values.pop("size", None):
        values["width"], values["height"] = size
    if size := values.pop("seed_size", None):
        values["seed_width"], values["seed_height"] = size
    if part := values.pop("guidance_part", None):
        values["guidance_start"], values["guidance_end"] = part
    if weights := [each for each in controls if isinstance(each, float)]:
        values["control_scale"] = weights[-1]
    if named := tuple(each for each in controls if isinstance(each, Control)):
        values["controls"] = named
    words = ", ".join(filter(None, [prompt.strip(), values.pop(COLOURS, "")]))
    prompt = " ".join(filter(None, [words, *loras]))
    return ParsedPrompt(prompt, PartialSettings(**values), seed, aspect, private, spoiler)


def take(text: str, flag: str) -> tuple[str, list[str]]:
    """A text without one of its flags, and the values of that in their order. Raises `InvalidSetting` where one is
    empty."""
    first = _FLAG.search(text)
    kept, values = [text[: first.start()] if first else text], []
    for part, name, value in _typed_in(text):
        if name != flag:
            kept.append(part)
        elif value:
            values.append(value)
        else:
            raise needs_value(flag)
    return "".join(kept), values


def take_style(text: str) -> tuple[str, str | None]:
    """A text without its `--style`, and the name of the style, the last of several. Raises `InvalidSetting` without a
    name."""
    kept, styles = take(text, STYLE)
    return kept, styles[-1] if styles else None


def needs_value(flag: str) -> InvalidSetting:
    """What is said of a flag without a value that it can use."""
    field, _, example = _FLAGS[flag]
    return InvalidSetting(field, "`--{name}` needs a value such as `--{name} {example}`.", name=flag, example=example)


def choice_seed(text: str) -> int | None:
    """The seed that a flag names for random choices, the last of several. Raises `InvalidSetting` for no number."""
    seeds = [value for _, name, value in _typed_in(text) if name == CHOICE_SEED]
    if not seeds:
        return None
    read(f"a --{CHOICE_SEED} {seeds[-1]}")
    return int(seeds[-1])


def split(text: str) -> tuple[str, str]:
    """The words of a prompt, and its flags as they were typed."""
    first = _FLAG.search(text)
    return (text[: first.start()].strip(), text[first.start() :].strip()) if first else (text.strip(), "")


def names_negative(text: str) -> bool:
    """True where a flag sets the negative prompt."""
    return any(_FLAGS.get(name, ("",))[0] == "negative_prompt" for _, name, _ in _typed_in(text))


def without_effect(chosen: PartialSettings, roles: Collection[str]) -> tuple[Ignored, ...]:
    """The chosen settings that weigh a picture, where none of the given ones has that of the `roles`."""
    strength = IgnoredPart.FOLLOWED_STRENGTH if "control" in roles else IgnoredPart.STRENGTH
    weights = {
        "image": (strength, chosen.denoising_strength),
        "control": (IgnoredPart.CONTROL, chosen.controls or chosen.control_scale),
        "image_prompt": (IgnoredPart.IMAGE_WEIGHT, chosen.image_prompt_scale),
        "style_image": (IgnoredPart.STYLE_WEIGHT, chosen.style_scale),
    }
    return tuple(Ignored(part) for role, (part, weight) in weights.items() if weight is not None and role not in roles)


def write(settings: GenerationSettings, but: Collection[str] = ()) -> str:
    """The flags that bring back `settings`, without the prompts and the model.

    The main ones are always written, others only where they differ from the usual. Settings named in `but` are left
    out.
    """
    usual = GenerationSettings(prompt=settings.prompt, seed=0, model="", width=64, height=64)
    always = ("seed", "steps", "guidance_scale", "sampler")
    written = [] if "size" in but else [f"--size {settings.width}x{settings.height}"]
    for flag, (field, _, _) in _FLAGS.items():
        if field in _WRITTEN and field not in but:
            value = getattr(settings, field)
            if field in always or value != getattr(usual, field):
                written.append(f"--{flag} {_shown(value)}".rstrip())
    if settings.seed_width:
        written.append(f"--seed-size {settings.seed_width}x{settings.seed_height}")
    if settings.control_scale != usual.control_scale and "control_scale" not in but:
        written.append(f"--control {settings.control_scale:g}")
    if "controls" not in but:
        written += [f"--control {each}" for each in settings.controls]
    if (settings.guidance_start, settings.guidance_end) != (0, 1):
        written.append(f"--cfg-part {settings.guidance_start:g}-{settings.guidance_end:g}")
    return " ".join(written)


def _shown(value: Any) -> str:
    """A value behind its flag; that of a flag that stands alone is empty."""
    match value:
        case True:
            return ""
        case float():
            return f"{value:g}"
    return str(value)


def shape_of(size: tuple[int, int]) -> str:
    """The aspect ratio to choose from that is nearest to that of a picture of `size`."""
    width, height = size

    def away(aspect: str) -> float:
        across, down = _aspect(aspect)
        return abs(math.log(across / down * height / width))

    return min(ASPECTS, key=away)


def described(shape: str, colours: Sequence[str]) -> str:
    """The flags for an aspect ratio and for colours, of which there may be none."""
    return " ".join([f"--ar {shape}", *([f"--{COLOURS} {','.join(colours)}"] if colours else [])])


def bounded(size: tuple[int, int]) -> tuple[int, int]:
    """The aspect (width, height) of a picture, made less narrow where it is too narrow to draw."""
    width, height = size
    return min(width, _NARROWEST * height), min(height, _NARROWEST * width)


def _typed_in(text: str) -> Iterator[tuple[str, str, str]]:
    """Each flag of a text: as typed, its name, and its value."""
    starts = [match.start() for match in _FLAG.finditer(text)]
    for start, end in pairwise([*starts, len(text)]):
        name, value = _name_and_value(_FLAG.sub("", text[start:end], count=1))
        yield text[start:end], name, value


def _name_and_value(flag: str) -> tuple[str, str]:
    """The name of a flag without its dashes, as `_FLAGS` has it if it is any of a flag's names; and what follows after
    whitespace, after `=`, or, where it is a number, at once; empty where there is none."""
    spelled = _SPELLED.match(flag)
    assert spelled is not None
    name, glued = spelled["name"], spelled["glued"]
    if glued and unknown_flags.plain(name) not in _GLUED:
        name, glued = name + glued, ""
    plain = unknown_flags.plain(name)
    known = plain if plain in _FLAGS else _OTHER_NAMES.get(plain, name)
    return known, f"{glued} {spelled['value']}".strip()


def _text(value: str) -> str:
    if not value:
        raise ValueError
    return value


def _alone(value: str) -> bool:
    """True for a flag without a value."""
    if value:
        raise InvalidSetting(
            "prompt",
            "`--tile`, `--faces`, `--private` and `--spoiler` take no value. Put them after the words of the prompt.",
        )
    return True


def _style(_: str) -> str:
    raise InvalidSetting(STYLE, "`--style` doesn't work here. Use it with /imagine, or describe the style in words.")


def _look(_: str) -> str:
    raise InvalidSetting(LOOK, "`--look` doesn't work here. Use it with /imagine, /explain or /compare.")


def _aspect(value: str) -> tuple[int, int]:
    across, down = (int(side[:6]) for side in value.split(":"))
    if across < 1 or bounded((across, down)) != (across, down):
        raise InvalidSetting(
            "aspect", "That aspect ratio is too narrow. The longer side can be at most four times the shorter."
        )
    return across, down


def _size(value: str) -> tuple[int, int]:
    width, height = (int(side[:6]) for side in value.lower().split("x"))
    return width, height


def _part(value: str) -> tuple[float, float]:
    start, end = (float(share) for share in value.split("-"))
    return start, end


def _loras(value: str) -> list[str]:
    """Tags of `fur, ink:0.6`."""
    tags = []
    for each in _text(value).split(","):
        name, _, scale = each.strip().partition(":")
        tags.append(tag(_text(name), float(scale or 1)))
    return tags


def _controls(value: str) -> list[Control | float]:
    """A control, or a weight alone, which is that of all that name none. Raises `InvalidSetting` with the kinds."""
    if value.replace(".", "", 1).isdecimal():
        return [float(value)]
    try:
        return [Control.typed(value)]
    except ValueError:
        raise InvalidSetting(
            "controls",
            "`--control` needs a value such as `--control canny:0.8`. Kinds: {choices}.",
            choices=[kind.value for kind in ControlKind],
        ) from None


def _colours(value: str) -> str:
    """The words for a list of colours: `red and gold colours`."""
    names = [_text(each.strip()) for each in _text(value).split(",")]
    noun = "colours" if len(names) > 1 else "colour"
    return f"{' and '.join(filter(None, [', '.join(names[:-1]), names[-1]]))} {noun}"


_FLAGS: dict[str, tuple[str, Callable[[str], Any], str]] = {
    "ar": ("aspect", _aspect, "3:2"),
    "no": ("negative_prompt", _text, "hands"),
    "seed": ("seed", int, "7"),
    "size": ("size", _size, "512x768"),
    "width": ("width", int, "512"),
    "height": ("height", int, "768"),
    "steps": ("steps", int, "30"),
    "cfg": ("guidance_scale", float, "6"),
    "sampler": ("sampler", sampler_names.sampler_typed, "Euler a"),
    "clip": ("clip_skip", int, "2"),
    "repeat": ("count", int, "3"),
    "model": ("model", _text, "pocket"),
    "lora": ("loras", _loras, "watercolour:0.8"),
    "vary": ("variation_strength", float, "0.2"),
    "vary-seed": ("variation_seed", int, "9"),
    "seed-size": ("seed_size", _size, "512x512"),
    "schedule": ("schedule", sampler_names.schedule_typed, "Karras"),
    "rescale": ("guidance_rescale", float, "0.7"),
    "cfg-part": ("guidance_part", _part, "0.1-0.8"),
    "strength": ("denoising_strength", float, "0.6"),
    "hires": ("hires_factor", float, "2"),
    "hires-strength": ("hires_strength", float, "0.5"),
    "control": ("controls", _controls, "canny:0.8"),
    "image-weight": ("image_prompt_scale", float, "0.6"),
    "style-weight": ("style_scale", float, "0.8"),
    STYLE: (STYLE, _style, "noir"),
    COLOURS: (COLOURS, _colours, "red,gold"),
    LOOK: (LOOK, _look, "fox:0.6"),
    CHOICE_SEED: (CHOICE_SEED, int, "7"),
    "tile": ("tile", _alone, ""),
    "faces": ("faces", _alone, ""),
    "private": ("private", _alone, ""),
    "spoiler": ("spoiler", _alone, ""),
}

_OTHER_NAMES = {
    "aspect": "ar",
    "aspect-ratio": "ar",
    "ratio": "ar",
    "neg": "no",
    "negative": "no",
    "negative-prompt": "no",
    "step": "steps",
    "sampling-steps": "steps",
    "num-inference-steps": "steps",
    "cfg-scale": "cfg",
    "cfgscale": "cfg",
    "guidance": "cfg",
    "guidance-scale": "cfg",
    "sampling-method": "sampler",
    "sampler-name": "sampler",
    "schedule-type": "schedule",
    "noise-schedule": "schedule",
    "clip-skip": "clip",
    "clipskip": "clip",
    "r": "repeat",
    "count": "repeat",
    "batch": "repeat",
    "batch-size": "repeat",
    "colour": COLOURS,
    "color": COLOURS,
    "colors": COLOURS,
    "checkpoint": "model",
    "ckpt": "model",
    "variation-strength": "vary",
    "subseed-strength": "vary",
    "variation-seed": "vary-seed",
    "subseed": "vary-seed",
    "wildcard-seed": CHOICE_SEED,
    "tiling": "tile",
    "seamless": "tile",
    "face": "faces",
    "fix-faces": "faces",
    "restore-faces": "faces",
    "cfg-rescale": "rescale",
    "guidance-rescale": "rescale",
    "denoise": "strength",
    "denoising": "strength",
    "denoising-strength": "strength",
}
"""What A1111, Midjourney, diffusers and other bots call flags, where it is sure what they mean."""

_RIVALS = {"size": ("aspect", "width", "height"), "aspect": ("size", "width", "height")} | dict.fromkeys(
    ("width", "height"), ("size", "aspect")
)
"""Fields of which the later replaces the earlier."""

_WRITTEN = {field.name for field in fields(GenerationSettings)} - {
    *("prompt", "negative_prompt", "model", "controls"),
    *("width", "height"),
}
"""Settings that a flag writes as they are; the size has one flag for both sides."""

_NUMERIC = [name for name, (_, _, example) in _FLAGS.items() if example[:1].isdigit() or name == "control"]

_GLUED = frozenset({*_NUMERIC, *_OTHER_NAMES, *unknown_flags.ELSEWHERE})
"""Flags whose value may follow at once, as in `--ar3:2`."""

_SPELLED = re.compile(r"(?P<name>[^\s\d.=]*)(?P<glued>[^\s=]*)(?:\s*=)?\s*(?P<value>.*)", re.DOTALL)

_NO_WORDS = ("stylize", "niji", "sref", "cref", "oref", "iw")
"""Flags of Midjourney's that are no words of any prompt."""

_FLAG = re.compile(
    r"(?:^|\s)(?:--(?=[a-zA-Z])|[—–]{1,2}"
    rf"(?=(?i:(?:{'|'.join((*_FLAGS, *_NO_WORDS))})\b|(?:{'|'.join(_NUMERIC)})\d)))"
)
"""The start of a flag. Phones turn two dashes into a long one, which counts only before a name that is a flag's."""
