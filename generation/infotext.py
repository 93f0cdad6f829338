"""Settings as text in a picture's metadata, and back.

The format is the `parameters` text chunk that A1111 writes and most tools and galleries read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from generation.errors import UserError
from generation.settings import GenerationSettings, Sampler, Schedule

CHUNK_NAME = "parameters"
_NEGATIVE = "Negative prompt: "

LONGEST = 20_000
"""Characters of the text in a picture's metadata that are read: both prompts, and the settings of other tools."""

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
    if drawn.image_prompted:
        pairs["Image prompt weight"] = f"{settings.image_prompt_scale:g}"
    if not settings.step_cache:
        pairs["Step cache"] = "off"
    pairs |= drawn.emphasis
    if drawn.lora_hashes:
        pairs["Lora hashes"] = ", ".join(f"{name}: {digest}" for name, digest in drawn.lora_hashes.items())
    pairs["Version"] = drawn.version
    lines = [settings.prompt]
    if settings.negative_prompt:
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
    """Read the settings in `text`. Raises `NoInfotext` if there are none, or if the text is too long."""
    if len(text) > LONGEST:
        raise NoInfotext("The text in this picture's metadata is longer than {most:,} characters.", most=LONGEST)
    body, _, last = text.strip().rpartition("\n")
    pairs = _pairs(last)
    prompt, _, negative = body.partition("\n" + _NEGATIVE)
    try:
        sampler, schedule = _sampler(pairs)
        width, _, height = pairs["Size"].partition("x")
        seed_width, _, seed_height = pairs.get("Seed resize from", "0x0").partition("x")
        denoising_strength, hires_strength = _strengths(pairs)
        guidance_start, _, guidance_end = pairs.get("CFG range", "0-1").partition("-")
        return GenerationSettings(
            prompt=prompt,
            negative_prompt=negative,
            steps=int(pairs["Steps"]),
            sampler=sampler,
            guidance_scale=float(pairs["CFG scale"]),
            seed=int(pairs["Seed"]),
            width=int(width),
            height=int(height),
            model=pairs.get("Model", ""),
            clip_skip=int(pairs.get("Clip skip", "1")),
            variation_seed=int(pairs.get("Variation seed", "0")),
            variation_strength=float(pairs.get("Variation seed strength", "0")),
            seed_width=int(seed_width),
            seed_height=int(seed_height),
            schedule=schedule,
            guidance_rescale=float(pairs.get("CFG Rescale", "0")),
            guidance_start=float(guidance_start),
            guidance_end=float(guidance_end),
            hires_factor=float(pairs.get("Hires upscale", "1")),
            hires_strength=float(hires_strength),
            denoising_strength=float(denoising_strength),
            control_scale=float(pairs.get("ControlNet weight", "1")),
            image_prompt_scale=float(pairs.get("Image prompt weight", "0.6")),
            step_cache=pairs.get("Step cache") != "off",
        )
    except (KeyError, ValueError) as missing:
        raise NoInfotext("This picture has no settings that I can read.") from missing


def _sampler(pairs: dict[str, str]) -> tuple[Sampler, Schedule]:
    """Sampler and schedule. Other tools name some samplers without the schedule that is their own here, and older ones
    wrote the schedule behind the sampler's name. Raises `ValueError` or `KeyError`."""
    name, schedule = pairs["Sampler"], Schedule(pairs.get("Schedule type", Schedule.SAMPLER))
    if name in list(Sampler):
        return Sampler(name), schedule
    for own in (Schedule.KARRAS, Schedule.EXPONENTIAL):
        if name.endswith(f" {own}"):
            return _named(name.removesuffix(f" {own}")), own
    return _named(name), schedule


def _named(name: str) -> Sampler:
    return Sampler(name if name in list(Sampler) else f"{name} {Schedule.KARRAS}")


def _strengths(pairs: dict[str, str]) -> tuple[str, str]:
    """The denoising strengths of image to image and of hires, which other tools write under the same name."""
    said = pairs.get("Denoising strength")
    if "Hires strength" in pairs or "Hires upscale" not in pairs:
        return said or "0.75", pairs.get("Hires strength", "0.5")
    return "0.75", said or "0.5"


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
