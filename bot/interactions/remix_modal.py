"""The remix form, filled with the prompt and the main settings.

Its custom id says what a submit does, so that a form opened before a restart still works.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.interactions import given_files
from bot.locales import say
from bot.prompts import flags, random_choices
from generation.abilities import Abilities
from generation.prompts import choices
from generation.sentences import Sentence
from generation.settings import GenerationSettings, PartialSettings, Sampler

FIELD_LENGTH = 4000
"""Discord's limit for a text field, in characters; a longer prompt has a second field."""

DESCRIPTION_LENGTH = 100
"""Discord's limit for what is said below a field's name."""

_SAME = "same"
_PROMPT, _REST, _REST_OF_A_WORD, _NEGATIVE, _SHAPE, _SAMPLER, _FLAGS = (
    "prompt",
    "rest",
    "rest-of-word",
    "negative",
    "shape",
    "sampler",
    "flags",
)


@dataclass(frozen=True, slots=True)
class RemixInput:
    """A submitted form: the prompt with flags, and the settings that were chosen beside it."""

    text: str
    chosen: PartialSettings


def panel(
    custom_id: str,
    title: Sentence,
    settings: GenerationSettings,
    able: Abilities,
    but: Collection[str] = (),
    more: str = "",
    note: str = "",
) -> ui.Modal:
    """A form filled with `settings`, without the fields that `but` names or that the model is not `able` to follow, and
    with `more` flags. A `note` about the settings is below them, cut to what Discord shows."""
    fields = prompt_fields("" if "prompt" in but else settings.prompt)
    modal = ui.Modal(title=say(title), custom_id=custom_id, timeout=None)
    for field in fields:
        modal.add_item(field)
    if able.negative_prompt and len(choices.editable(settings.negative_prompt)) <= FIELD_LENGTH:
        modal.add_item(
            _text(
                say("Negative prompt"),
                _NEGATIVE,
                choices.editable(settings.negative_prompt),
                say("Describe what you don't want to see."),
            )
        )
    if len(fields) == 1 and "size" not in but:
        shapes = [(say("Unchanged"), _SAME), *((each, each) for each in flags.ASPECTS)]
        modal.add_item(_choice(say("Shape"), _SHAPE, shapes, _SAME))
    if len(able.samplers) > 1:
        samplers = [(each, each) for each in Sampler if each in able.samplers]
        modal.add_item(_choice(say("Sampler"), _SAMPLER, samplers, settings.sampler.value))
    hint = note[:DESCRIPTION_LENGTH] or say("Any /imagine flag. Without --seed, a new seed is used.")
    line = f"{flags.write(settings, {*but, 'sampler'})} {more}".strip()
    modal.add_item(_text(say("Settings"), _FLAGS, line, hint))
    modal.stop()
    return modal


def prompt_fields(prompt: str, hint: str | None = None) -> list[ui.Label[ui.Modal]]:
    """The field of a prompt to be changed; two where one does not hold it."""
    first, second, whole = _halves(choices.editable(prompt))
    fields = [_text(say("Prompt"), _PROMPT, first, hint, required=True)]
    if second:
        fields.append(_text(say("Prompt, continued"), _REST if whole else _REST_OF_A_WORD, second))
    return fields


def prompt_in(values: Mapping[str, Any]) -> str:
    """The prompt of a submitted form with `prompt_fields`."""
    prompt = " ".join(str(values[_PROMPT]).split("\n"))
    for name, between in ((_REST, " "), (_REST_OF_A_WORD, "")):
        if rest := values.get(name):
            prompt += f"{between}{rest}"
    return prompt


def read(values: Mapping[str, Any]) -> RemixInput:
    """A submitted form, from its values by custom id. Raises `InvalidSetting`.

    An emptied field clears the negative prompt, unless a flag names one.
    """
    text = f"{prompt_in(values)} {values.get(_FLAGS) or ''}"
    shape = _first(values.get(_SHAPE))
    if shape and shape != _SAME:
        text = f"{text} --ar {shape}"
    sampler = _first(values.get(_SAMPLER))
    negative = values.get(_NEGATIVE)
    if not negative and flags.names_negative(text):
        negative = None
    text, negative = random_choices.with_negative(text, negative)
    return RemixInput(text, PartialSettings(negative_prompt=negative, sampler=Sampler(sampler) if sampler else None))


def values_of(components: Sequence[Mapping[str, Any]], resolved: Mapping[str, Any]) -> dict[str, Any]:
    """The values of all fields in the components of a form, by custom id: of uploads, the `resolved` files."""
    found: dict[str, Any] = {}
    for component in components:
        inner = component.get("components") or [each for each in [component.get("component")] if each]
        found |= values_of(inner, resolved)
        if "custom_id" in component:
            value = component.get("value", component.get("values"))
            is_upload = component.get("type") == discord.ComponentType.file_upload.value
            found[component["custom_id"]] = given_files.of_ids(value or (), resolved) if is_upload else value
    return found


def _halves(prompt: str) -> tuple[str, str, bool]:
    """A prompt in two parts that fit a field each; True where the cut is between two words."""
    if len(prompt) <= FIELD_LENGTH:
        return prompt, "", True
    space = prompt.rfind(" ", len(prompt) - FIELD_LENGTH, FIELD_LENGTH)
    if space < 0:
        return prompt[:FIELD_LENGTH], prompt[FIELD_LENGTH:], False
    return prompt[:space], prompt[space + 1 :], True


def _first(values: Sequence[str] | None) -> str | None:
    return values[0] if values else None


def _text(
    label: str, name: str, value: str, description: str | None = None, *, required: bool = False
) -> ui.Label[Any]:
    style = discord.TextStyle.short if name == _FLAGS else discord.TextStyle.paragraph
    field: ui.TextInput[Any] = ui.TextInput(
        custom_id=name, style=style, default=value or None, required=required, max_length=FIELD_LENGTH
    )
    return ui.Label(text=label, description=description, component=field)


def _choice(label: str, name: str, choices: Sequence[tuple[str, str]], chosen: str) -> ui.Label[Any]:
    options = [discord.SelectOption(label=text, value=value, default=value == chosen) for text, value in choices]
    return ui.Label(text=label, component=ui.Select(custom_id=name, options=options))
