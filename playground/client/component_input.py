"""Pressed buttons, chosen select values and submitted modals, checked as Discord's own client does."""

from collections.abc import Callable, Mapping
from typing import Any

from playground.client.resolved_data import ResolvedData
from playground.errors import Json, PageRefusal
from playground.state.attachments import Upload
from playground.validation.commands import CHANNEL, MENTIONABLE, ROLE, USER
from playground.validation.components import (
    BUTTON,
    CHANNEL_SELECT,
    MENTIONABLE_SELECT,
    ROLE_SELECT,
    STRING_SELECT,
    TEXT_DISPLAY,
    TEXT_INPUT,
    USER_SELECT,
    walk,
)
from playground.validation.modals import CHECKBOX, CHECKBOX_GROUP, FILE_UPLOAD, RADIO_GROUP, TEXT_LIMIT

SaveUpload = Callable[[Upload], str]
"""Saves an uploaded file. Returns the attachment's id."""

_OPTION_TYPES = {USER_SELECT: USER, ROLE_SELECT: ROLE, MENTIONABLE_SELECT: MENTIONABLE, CHANNEL_SELECT: CHANNEL}
"""The command option type with the same values as a select."""


def component_data(components: list[Json], custom_id: str, values: list[Any] | None, resolved: ResolvedData) -> Json:
    """Write the data of a component interaction. PageRefusal for a missing or disabled component, or wrong values."""
    found = next((item for item in walk(components) if item.get("custom_id") == custom_id), None)
    if found is None:
        raise PageRefusal("This message has no such component.")
    if found.get("disabled"):
        raise PageRefusal("This component is disabled.")
    data: Json = {"custom_id": custom_id, "component_type": found["type"], "id": found.get("id", 0)}
    if found["type"] == BUTTON:
        return data
    return data | {"values": _chosen_values(found, values or [], resolved)}


def _chosen_values(component: Json, values: list[Any], resolved: ResolvedData) -> list[str]:
    minimum, maximum = component.get("min_values"), component.get("max_values")
    if minimum is None:
        minimum = 1
    if maximum is None:
        maximum = len(component.get("options") or []) if component["type"] == CHECKBOX_GROUP else 1
    if not minimum <= len(values) <= maximum:
        raise PageRefusal(f"Choose {minimum} to {maximum}." if minimum != maximum else f"Choose {minimum}.")
    chosen = [str(value) for value in values]
    if component["type"] in (STRING_SELECT, RADIO_GROUP, CHECKBOX_GROUP):
        offered = {option["value"] for option in component["options"]}
        if not offered.issuperset(chosen):
            raise PageRefusal("That isn't one of the choices.")
        return chosen
    for id in chosen:
        if not id.isdecimal() or not resolved.add_option_value(_OPTION_TYPES[component["type"]], int(id)):
            raise PageRefusal("That doesn't exist.")
    return chosen


def modal_data(
    modal: Json, values: Json, files: Mapping[str, Upload], resolved: ResolvedData, save: SaveUpload
) -> list[Json]:
    """Write the components of a modal submission, nested like the modal's. PageRefusal for invalid values."""
    custom_ids = {item["custom_id"] for item in walk(modal["components"]) if item.get("custom_id")}
    if unknown := values.keys() - custom_ids:
        raise PageRefusal(f"The form has no {', '.join(sorted(unknown))}.")

    def submitted(component: Json, label: str) -> Json:
        base: Json = {"type": component["type"], "id": component.get("id") or 0}
        if component["type"] == TEXT_DISPLAY:
            return base
        if "component" in component:
            return base | {"component": submitted(component["component"], component["label"])}
        if "components" in component:
            return base | {
                "components": [submitted(item, item.get("label") or label) for item in component["components"]]
            }
        base["custom_id"] = component["custom_id"]
        return base | _input_value(component, values.get(component["custom_id"]), label, files, resolved, save)

    return [submitted(component, "") for component in _with_ids(modal["components"])]


def _with_ids(components: list[Json]) -> list[Json]:
    """Give an id to every component that has none."""
    for number, component in enumerate(walk(components), start=1):
        component.setdefault("id", number)
    return components


def _input_value(
    component: Json, value: Any, label: str, files: Mapping[str, Upload], resolved: ResolvedData, save: SaveUpload
) -> Json:
    kind = component["type"]
    required = component.get("required", True)
    if kind == TEXT_INPUT:
        text = str(component.get("value") or "") if value is None else str(value)
        minimum, maximum = component.get("min_length") or 0, component.get("max_length") or TEXT_LIMIT
        if not text.strip() and not required:
            return {"value": ""}
        if not text.strip():
            raise PageRefusal(f"{label} is required.")
        if not minimum <= len(text) <= maximum:
            raise PageRefusal(f"{label} must have {minimum} to {maximum} characters.")
        return {"value": text}
    if kind == CHECKBOX:
        return {"value": bool(component.get("default") if value is None else value)}
    if value is None:
        value = [option["value"] for option in component.get("options") or [] if option.get("default")]
    listed = list(value) if isinstance(value, list) else [value]
    if kind != FILE_UPLOAD and not listed:
        if required:
            raise PageRefusal(f"{label} is required.")
        return {"value": None} if kind == RADIO_GROUP else {"values": []}
    if kind == RADIO_GROUP:
        return {"value": _chosen_values(component, listed, resolved)[0]}
    if kind == FILE_UPLOAD:
        uploads = [files[name] for name in listed if name in files]
        minimum, maximum = component.get("min_values"), component.get("max_values") or 1
        if len(uploads) > maximum or (len(uploads) < (1 if minimum is None else minimum) and (required or uploads)):
            raise PageRefusal(f"{label} takes {1 if minimum is None else minimum} to {maximum} files.")
        return {"values": [save(upload) for upload in uploads]}
    return {"values": _chosen_values(component, listed, resolved)}
