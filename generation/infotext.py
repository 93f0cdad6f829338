"""Settings as text in a picture's metadata, and back.

The format is the `parameters` text chunk that A1111 writes and most tools and galleries read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from generation.errors import UserError
from generation.found_settings import FoundSettings, found
from generation.sentences import Sentence
from generation.settings import GenerationSettings, Schedule

CHUNK_NAME = "parameters"
_NEGATIVE = "Negative prompt: "

LONGEST = 20_000
"""Characters of the text in a picture's metadata that are read: both prompts, and the settings of other tools."""

UNREAD = Sentence("This picture has no settings that I can read.")

_MAIN = frozenset({"Steps", "Sampler", "CFG scale", "Seed", "Size"})
_ENOUGH = 3
"""So many of the main settings make a line the one of the settings."""

_PAIR = re.compile(r'([\w ]++)(?:: ("(?:\\.|[^\\"])*+"(?=,|$)|[^,]*+)(?:,|$))?')
"""A pair, or words that are none and are skipped at once, so that no text is read twice."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Facts about a picture beyond its settings."""

    model_hash: str
    version: str
    from_picture: bool = False
    """True for image to image, at the settings' denoising strength."""
    lora_hashes: Mapping[str, str] = field(default_factory=dict)
    """The hash of each LoRA in the prompt, by name."""
    controlled: bool = False
    """True where a ControlNet was used, at the settings' control scale."""
    image_prompted: bool = False
    """True where an IP-Adapter was used, at the settings' image prompt scale."""
    styled: bool = False
    """True where the style of a picture was taken, at the settings' style scale."""
    image_guidance: float = 0.0
    """The scale of guidance by the picture that was edited; 0 where none was."""
    emphasis: Mapping[str, str] = field(default_factory=dict)
    """The rule for weights of words, with A1111's key and name; empty where all have weight 1."""


class NoInfotext(UserError):
    """The text contains no settings."""


def to_infotext(settings: GenerationSettings, drawn: Drawn) -> str:
    """Write the settings of one picture: prompt, negative prompt, and a last line `Steps: ..., Sampler: ...`."""
    pairs = {
        "Steps": str(settings.steps),
        "Sampler": settings.sampler.value,
        "CFG scale": f"{settings.guidance_scale:g}",
        "Seed": str(settings.seed),
        "Size": f"{settings.width}x{settings.height}",
        "Model hash": drawn.model_hash,
        "Model": settings.model,
        "Clip skip": str(settings.clip_skip),
    }
    if settings.schedule is not Schedule.SAMPLER:
        pairs["Schedule type"] = settings.schedule.value
    if settings.guidance_rescale:
        pairs["CFG Rescale"] = f"{settings.guidance_rescale:g}"
    if (settings.guidance_start, settings.guidance_end) != (0, 1):
        pairs["CFG range"] = f"{settings.guidance_start:g}-{settings.guidance_end:g}"
    if drawn.image_guidance:
        pairs["Image CFG scale"] = f"{drawn.image_guidance:g}"
    if drawn.from_picture:
        pairs["Denoising strength"] = f"{settings.denoising_strength:g}"
    if settings.hires_factor > 1:
        pairs["Hires upscale"] = f"{settings.hires_factor:g}"
        pairs["Hires strength" if drawn.from_picture else "Denoising strength"] = f"{settings.hires_strength:g}"
    if settings.variation_strength:
        pairs["Variation seed"] = str(settings.variation_seed)
        pairs["Variation seed strength"] = f"{settings.variation_strength:g}"
    if settings.seed_width:
        pairs["Seed resize from"] = f"{settings.seed_width}x{settings.seed_height}"
    if drawn.controlled:
        pairs["ControlNet weight"] = f"{settings.control_scale:g}"
        if settings.controls:
            pairs["Controls"] = " ".join(map(str, settings.controls))
    if drawn.image_prompted:
        pairs["Image prompt weight"] = f"{settings.image_prompt_scale:g}"
    if drawn.styled:
        pairs["Style weight"] = f"{settings.style_scale:g}"
    if not settings.step_cache:
        pairs["Step cache"] = "off"
    if settings.tile:
        pairs["Tiling"] = "True"
    if settings.faces:
        pairs["Faces"] = "True"
    pairs |= drawn.emphasis
    if drawn.lora_hashes:
        pairs["Lora hashes"] = ", ".join(f"{name}: {digest}" for name, digest in drawn.lora_hashes.items())
    pairs["Version"] = drawn.version
    lines = [settings.prompt]
    if settings.negative_prompt or settings.prompt.startswith(_NEGATIVE.rstrip()):
        lines.append(_NEGATIVE + settings.negative_prompt)
    lines.append(_line(pairs))
    return "\n".join(lines)


def with_upscale(text: str, upscaler: str, factor: int) -> str:
    """The text after an upscale: enlarged `factor` times in all, last by `upscaler`."""
    body, newline, last = text.rpartition("\n")
    pairs = _pairs(last)
    if "Steps" not in pairs:
        return text
    version = pairs.pop("Version", "")
    pairs |= {"Postprocess upscale by": str(factor), "Postprocess upscaler": upscaler}
    return body + newline + _line(pairs | {"Version": version})


def from_infotext(text: str) -> GenerationSettings:
    """Read all settings in `text`. Raises `NoInfotext` if there are none, or if the text is too long, and
    `InvalidSetting` where the prompt is empty."""
    return found_in(text).complete()


def found_in(text: str, picture: tuple[int, int] | None = None) -> FoundSettings:
    """Read the settings in `text`, as near as they can be drawn here. A missing size is that of the `picture`.

    Lines behind the settings, such as the templates of A1111's extensions, are no part of them. Raises `NoInfotext` if
    there are none, or if the text is too long.
    """
    if len(text) > LONGEST:
        raise NoInfotext("The text in this picture's metadata is longer than {most:,} characters.", most=LONGEST)
    lines = text.replace("\r\n", "\n").strip().split("\n")
    for last in range(len(lines) - 1, -1, -1):
        pairs = _pairs(lines[last])
        if "Steps" in pairs and len(_MAIN & pairs.keys()) >= _ENOUGH:
            break
    else:
        raise NoInfotext(UNREAD)
    prompt, negative = _prompts("\n".join(lines[:last]))
    try:
        return found(prompt, _written(pairs) | {"negative_prompt": negative}, picture)
    except (ValueError, OverflowError) as unread:
        raise NoInfotext(UNREAD) from unread


def _prompts(body: str) -> tuple[str, str]:
    """The prompt and the negative prompt. An empty prompt has no line."""
    prompt, mark, negative = body.partition("\n" + _NEGATIVE.rstrip())
    if not mark and body.startswith(_NEGATIVE.rstrip()):
        prompt, negative = "", body.removeprefix(_NEGATIVE.rstrip())
    return prompt, negative.removeprefix(" ")


def _written(pairs: dict[str, str]) -> dict[str, str | None]:
    """The values of the pairs by the fields of `GenerationSettings`. Raises `ValueError`."""
    width, height = _two(pairs.get("Size"), "x")
    seed_width, seed_height = _two(pairs.get("Seed resize from"), "x")
    guidance_start, guidance_end = _two(pairs.get("CFG range"), "-")
    denoising_strength, hires_strength = _strengths(pairs)
    return {
        "steps": pairs["Steps"],
        "sampler": pairs.get("Sampler"),
        "schedule": pairs.get("Schedule type"),
        "guidance_scale": pairs.get("CFG scale"),
        "seed": pairs.get("Seed"),
        "width": width,
        "height": height,
        "model": pairs.get("Model"),
        "clip_skip": pairs.get("Clip skip"),
        "variation_seed": pairs.get("Variation seed"),
        "variation_strength": pairs.get("Variation seed strength"),
        "seed_width": seed_width,
        "seed_height": seed_height,
        "guidance_rescale": pairs.get("CFG Rescale"),
        "guidance_start": guidance_start,
        "guidance_end": guidance_end,
        "hires_factor": _hires_factor(pairs, width),
        "hires_strength": hires_strength,
        "denoising_strength": denoising_strength,
        "control_scale": pairs.get("ControlNet weight"),
        "image_prompt_scale": pairs.get("Image prompt weight"),
        "style_scale": pairs.get("Style weight"),
        "step_cache": pairs.get("Step cache"),
        "tile": pairs.get("Tiling"),
        "faces": pairs.get("Faces"),
    }


def _two(written: str | None, between: str) -> tuple[str | None, str | None]:
    if written is None:
        return None, None
    first, _, second = written.partition(between)
    return first, second


def _hires_factor(pairs: dict[str, str], width: str | None) -> str | None:
    """The factor of hires; A1111 writes it, or else the size that the picture was brought to."""
    across, _ = _two(pairs.get("Hires resize"), "x")
    if across and width and float(across) and float(width):
        return str(float(across) / float(width))
    return pairs.get("Hires upscale")


def _strengths(pairs: dict[str, str]) -> tuple[str | None, str | None]:
    """The denoising strengths of image to image and of hires, which other tools write under the same name."""
    said = pairs.get("Denoising strength")
    if "Hires strength" in pairs or not {"Hires upscale", "Hires resize"} & pairs.keys():
        return said, pairs.get("Hires strength")
    return None, said


def _pairs(line: str) -> dict[str, str]:
    """The pairs of the last line, by name."""
    return {match[1].strip(): _unquoted(match[2]) for match in _PAIR.finditer(line) if match[2] is not None}


def _line(pairs: dict[str, str]) -> str:
    return ", ".join(f"{key}: {_quoted(value)}" for key, value in pairs.items())


def _quoted(value: str) -> str:
    if not re.search(r'[,:"\n]', value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value.strip()
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], value[1:-1])
