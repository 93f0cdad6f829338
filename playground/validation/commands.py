"""Checks application commands as they are synced."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from playground.errors import ApiError, Json
from playground.validation.form import Form, field_names

SUB_COMMAND, SUB_COMMAND_GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(
    1, 12
)

SLASH_LIMIT, MENU_LIMIT = 100, 15
OPTIONS_LIMIT = CHOICES_LIMIT = 25
CHARACTERS_LIMIT = 8000
"""Characters of one command: names, descriptions and values. The longest localization of each counts."""

_NAME = re.compile(r"^[-_'\w]{1,32}$")
_WITH_CHOICES = (STRING, INTEGER, NUMBER)
_ONLY_WITH = {
    "min_length": (STRING,),
    "max_length": (STRING,),
    "min_value": (INTEGER, NUMBER),
    "max_value": (INTEGER, NUMBER),
    "channel_types": (CHANNEL,),
}
_COMMAND_FIELDS = field_names(
    "id type name name_localizations description description_localizations options default_member_permissions "
    "dm_permission default_permission nsfw contexts integration_types handler application_id guild_id version"
)
_OPTION_FIELDS = field_names(
    "type name name_localizations description description_localizations required choices options channel_types "
    "min_value max_value min_length max_length autocomplete"
)
LOCALES = field_names(
    "id da de en-GB en-US es-ES es-419 fr hr it lt hu nl no pl pt-BR ro fi sv-SE vi tr cs el bg ru uk hi th zh-CN ja "
    "zh-TW ko"
)


def check_commands(commands: list[Any], form: Form, count_only: bool = False) -> None:
    """Add the errors of all commands of a scope to `form`. ApiError 30032 when there are too many."""
    kinds = Counter(item.get("type") or 1 for item in commands if isinstance(item, dict))
    if any(count > (SLASH_LIMIT if kind == 1 else MENU_LIMIT) for kind, count in kinds.items()):
        raise ApiError(400, 30032)
    if count_only:
        return
    seen = set()
    for index, command in enumerate(commands):
        place = form.at(index)
        if not isinstance(command, dict):
            place.add_error("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
            continue
        check_command(command, place)
        identity = (command.get("name"), command.get("type") or 1)
        if identity in seen:
            place.at("name").add_error(
                "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique"
            )
        seen.add(identity)


def check_command(command: Json, form: Form) -> None:
    """Add the errors of one command to `form`."""
    form.only(command, _COMMAND_FIELDS)
    kind = command.get("type") or 1
    if kind == 1:
        _check_name_and_description(command, form)
        _check_options(command, form, depth=0)
    elif kind in (2, 3):
        form.text(command, "name", 32, minimum=1, required=True)
        if command.get("description"):
            form.at("description").add_error(
                "APPLICATION_COMMAND_DESCRIPTION_NOT_ALLOWED", "Context menu commands cannot have description"
            )
        if command.get("options"):
            form.at("options").add_error(
                "APPLICATION_COMMAND_OPTIONS_NOT_ALLOWED", "Context menu commands cannot have options"
            )
    elif kind == 4:
        form.text(command, "name", 32, minimum=1, required=True)
        if command.get("handler") not in (1, 2):
            form.at("handler").add_error("BASE_TYPE_CHOICES", "Value must be one of (1, 2).")
    else:
        form.at("type").add_error("BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3, 4).")
    permissions = command.get("default_member_permissions")
    if permissions is not None and not str(permissions).isdecimal():
        form.at("default_member_permissions").add_error("NUMBER_TYPE_COERCE", f'Value "{permissions}" is not int.')
    if sum(_characters(command)) > CHARACTERS_LIMIT:
        form.add_error("APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({CHARACTERS_LIMIT})")


def _check_name_and_description(item: Json, form: Form) -> None:
    """A lower-case name, a description of 1 to 100 characters, and their localizations."""
    name = form.text(item, "name", 32, minimum=1, required=True)
    names = [(form.at("name"), name)]
    form.text(item, "description", 100, minimum=1, required=True)
    localized = form.mapping(item, "name_localizations")
    names += [(form.at("name_localizations", locale), str(text)) for locale, text in localized.items()]
    for locale, text in form.mapping(item, "description_localizations").items():
        form.at("description_localizations").text({locale: text}, locale, 100, minimum=1, required=True)
    for place, text in names:
        if text and (not _NAME.match(text) or text != text.lower()):
            place.add_error("APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    for holder in ("name_localizations", "description_localizations"):
        for locale in form.mapping(item, holder).keys() - LOCALES:
            form.at(holder, locale).add_error("BASE_TYPE_CHOICES", "This is not a locale of Discord.")


def _check_options(holder: Json, form: Form, depth: int) -> None:
    """Subcommands stand at the top or in a group. Required options come first. No two options have the same name."""
    seen, optional_seen = set(), False
    kinds = set()
    for place, option in form.mappings(holder, "options", OPTIONS_LIMIT):
        place.only(option, _OPTION_FIELDS)
        _check_name_and_description(option, place)
        kind = option.get("type")
        allowed = (range(1, 12), (SUB_COMMAND,), range(3, 12))[depth]
        if kind not in allowed:
            place.at("type").add_error(
                "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-command option type is invalid here"
            )
            continue
        kinds.add(kind in (SUB_COMMAND, SUB_COMMAND_GROUP))
        if kind in (SUB_COMMAND, SUB_COMMAND_GROUP):
            _check_options(option, place, depth=2 if kind == SUB_COMMAND else 1)
        else:
            _check_value_option(option, place)
        if option.get("name") in seen:
            place.at("name").add_error("APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_USED", "Option names must be unique")
        seen.add(option.get("name"))
        if option.get("required") and optional_seen:
            place.at("required").add_error(
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        optional_seen = optional_seen or not option.get("required")
    if len(kinds) > 1:
        form.at("options").add_error(
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
            "Sub-command and sub-command group option types are mutually exclusive",
        )


def _check_value_option(option: Json, form: Form) -> None:
    kind = option["type"]
    choices = form.mappings(option, "choices", CHOICES_LIMIT)
    if (choices or option.get("autocomplete")) and kind not in _WITH_CHOICES:
        form.add_error("APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID", "Choices are not allowed for this option type")
    if choices and option.get("autocomplete"):
        form.add_error(
            "APPLICATION_COMMAND_AUTOCOMPLETE_WITH_CHOICES", "Choices and autocomplete cannot be used at the same time"
        )
    seen = set()
    for place, choice in choices:
        check_choice(place, choice, kind)
        if choice.get("name") in seen:
            place.at("name").add_error(
                "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS", "Choice names must be unique"
            )
        seen.add(choice.get("name"))
    if kind == STRING:
        minimum = form.number(option, "min_length", 0, 6000) or 0
        maximum = form.number(option, "max_length", 1, 6000)
        if maximum is not None and minimum > maximum:
            form.at("min_length").add_error(
                "APPLICATION_COMMAND_OPTIONS_MIN_EXCEEDS_MAX", "min_length must not exceed max_length"
            )
    elif kind in (INTEGER, NUMBER):
        lowest = form.number(option, "min_value", -(2**53), 2**53)
        highest = form.number(option, "max_value", -(2**53), 2**53)
        if lowest is not None and highest is not None and lowest > highest:
            form.at("min_value").add_error(
                "APPLICATION_COMMAND_OPTIONS_MIN_EXCEEDS_MAX", "min_value must not exceed max_value"
            )
    for name, kinds in _ONLY_WITH.items():
        if option.get(name) is not None and kind not in kinds:
            form.at(name).add_error(
                "APPLICATION_COMMAND_OPTIONS_FIELD_INVALID", f"{name} is not allowed for this option type"
            )


def check_choice(form: Form, choice: Json, kind: int) -> None:
    """A name of 1 to 100 characters and a value of the option's type; a string has 1 to 100 characters."""
    form.only(choice, ("name", "name_localizations", "value"))
    form.text(choice, "name", 100, minimum=1, required=True)
    value = choice.get("value")
    if kind == STRING:
        form.text(choice, "value", 100, minimum=1, required=True)
    elif isinstance(value, bool) or not isinstance(value, int if kind == INTEGER else (int, float)):
        form.at("value").add_error(
            "NUMBER_TYPE_COERCE", f'Value "{value}" is not {"int" if kind == INTEGER else "float"}.'
        )


def _characters(item: Json) -> Iterator[int]:
    """Yield the lengths that count towards CHARACTERS_LIMIT."""
    for name in ("name", "description"):
        texts = [str(item.get(name) or ""), *map(str, (item.get(f"{name}_localizations") or {}).values())]
        yield max(map(len, texts))
    for choice in item.get("choices") or []:
        if isinstance(choice, dict):
            yield len(str(choice.get("name") or "")) + len(str(choice.get("value") or ""))
    for option in item.get("options") or []:
        if isinstance(option, dict):
            yield from _characters(option)
