"""The settings as slash-command options, whose bounds Discord itself enforces."""

from collections.abc import Iterable, Sequence
from itertools import islice

from discord import app_commands

from bot.locales import say
from bot.prompts.presets import CHOICE_LENGTH
from bot.prompts.style_book import OfferedStyle
from generation import names
from generation.catalogue import Catalogue
from generation.controls import Control, ControlKind
from generation.names import is_blank
from generation.settings import (
    CLIP_SKIP,
    COUNT,
    GUIDANCE_SCALE,
    PROMPT_LENGTH,
    SEED,
    SHARE,
    SIZE,
    STEPS,
    PartialSettings,
    Sampler,
)
from storage.look_records import Look
from storage.records import Style

Prompt = app_commands.Range[str, PROMPT_LENGTH.low, PROMPT_LENGTH.high]
Negative = app_commands.Range[str, 0, PROMPT_LENGTH.high]
Steps = app_commands.Range[int, STEPS.low, STEPS.high]
Guidance = app_commands.Range[float, GUIDANCE_SCALE.low, GUIDANCE_SCALE.high]
Seed = app_commands.Range[int, SEED.low, SEED.high]
Side = app_commands.Range[int, SIZE.low, SIZE.high]
ClipSkip = app_commands.Range[int, CLIP_SKIP.low, CLIP_SKIP.high]
Strength = app_commands.Range[float, SHARE.low, SHARE.high]
Count = app_commands.Range[int, COUNT.low, COUNT.high]

Aspect = app_commands.Range[str, 3, 13]

LookNames = app_commands.Range[str, 1, 160]
"""A look, or several with commas between."""

SUGGESTIONS = 25

SAMPLERS = [app_commands.Choice(name=sampler.value, value=sampler.value) for sampler in Sampler]

CONTROLS = [app_commands.Choice(name=kind.value, value=kind.value) for kind in ControlKind]


def chosen(
    *,
    model: str | None = None,
    negative: str | None = None,
    steps: int | None = None,
    guidance: float | None = None,
    sampler: app_commands.Choice[str] | None = None,
    clip_skip: int | None = None,
    width: int | None = None,
    height: int | None = None,
    count: int | None = None,
    strength: float | None = None,
    controls: Sequence[app_commands.Choice[str] | None] = (),
) -> PartialSettings:
    """The options that were given, as settings. Raises `InvalidSetting` for a size that is no multiple of 8."""
    kinds = [ControlKind(each.value) if each else ControlKind.AS_IS for each in controls]
    return PartialSettings(
        model=model,
        width=width,
        height=height,
        negative_prompt=negative,
        steps=steps,
        guidance_scale=guidance,
        sampler=Sampler(sampler.value) if sampler else None,
        clip_skip=clip_skip,
        count=count,
        denoising_strength=strength,
        controls=tuple(map(Control, kinds)) if any(controls) else None,
    )


def choices(pairs: Iterable[tuple[str, str]]) -> list[app_commands.Choice[str]]:
    """Suggestions from pairs of shown text and value, at most Discord's 25. Texts are cut to 100 characters; a longer
    value and a blank text are left out, for Discord would refuse the whole list."""
    fit = (
        (text, value)
        for text, value in pairs
        if len(value) <= CHOICE_LENGTH and not is_blank(value) and not is_blank(text[: CHOICE_LENGTH - 1])
    )
    return [app_commands.Choice(name=_cut(text), value=value) for text, value in islice(fit, SUGGESTIONS)]


def matching_models(catalogue: Catalogue, typed: str) -> list[app_commands.Choice[str]]:
    """Suggestions for a model option."""
    return choices((name, name) for name in catalogue.names if names.key(typed) in names.key(name))


def matching_styles(styles: Iterable[Style], typed: str) -> list[app_commands.Choice[str]]:
    """Suggestions for a style option."""
    return choices(
        (f"{each.name}: {each.text}", each.name) for each in styles if names.key(typed) in names.key(each.name)
    )


def matching_looks(looks: Iterable[Look], typed: str) -> list[app_commands.Choice[str]]:
    """Suggestions for an option that names a look, each name once."""
    return choices((name, name) for name in _looks_with(looks, typed))


def completed_looks(looks: Iterable[Look], typed: str) -> list[app_commands.Choice[str]]:
    """Suggestions for an option that names several looks: what was typed, with the last name completed."""
    before, comma, last = typed.rpartition(",")
    named = {names.key(each.partition(":")[0]) for each in before.split(",")}
    found = (name for name in _looks_with(looks, last) if names.key(name) not in named)
    whole = (f"{before.strip()}, {name}" if comma else name for name in found)
    return choices((each, each) for each in whole)


def _looks_with(looks: Iterable[Look], typed: str) -> Iterable[str]:
    """The names of looks with the typed text in them, each once."""
    return dict.fromkeys(each.name for each in looks if names.key(typed) in names.key(each.name))


def offered_styles(styles: Iterable[OfferedStyle], typed: str) -> list[app_commands.Choice[str]]:
    """Suggestions of all styles that a person may use, each with whose it is."""
    return choices(
        (say(each.origin.value.with_values(name=each.style.name, text=each.style.text)), each.style.name)
        for each in styles
        if names.key(typed) in names.key(each.style.name)
    )


def _cut(text: str) -> str:
    return text if len(text) <= CHOICE_LENGTH else text[: CHOICE_LENGTH - 1] + "…"
