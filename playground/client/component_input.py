"""What a person clicked, chose, or wrote into a modal, checked as Discord's own client checks it."""

from collections.abc import Callable, Mapping
from typing import Any

from playground.client.option_input import Resolved
from playground.errors import Json, PageRefusal
from playground.state.attachments import Upload
from playground.validation.components import BUTTON, STRING_SELECT, TEXT_DISPLAY, TEXT_INPUT
from playground.validation.modals import CHECKBOX, CHECKBOX_GROUP, FILE_UPLOAD, RADIO_GROUP, TEXT_LIMIT
from playground.validation.walk import walk

Saver = Callable[[Upload], str]


def component_data(components: list[Json], custom_id: str, values: list[Any] | None, resolved: Resolved) -> Json:
    """The data of a component interaction; PageRefusal when it is not there, disabled, or the values do not fit."""
    found = next((item for item in walk(components) if item.get("custom_id") == custom_id), None)
    if found is None:
        raise PageRefusal("This message has no such component.")
    if found.get("disabled"):
        raise PageRefusal("This component is disabled.")
    data: Json = {"custom_id": custom_id, "component_type": found["type"], "id": found.get("id", 0)}
    if found["type"] == BUTTON:
        return data
    return data | {"values": _chosen(found, values or [], resolved)}


def _chosen(component: Json, values: list[Any], resolved: Resolved) -> list[str]:
    least, most = component.get("min_values"), component.get("max_values")
    least = 1 if least is None else least
    most = (len(component.get("options") or []) if component["type"] == CHECKBOX_GROUP else 1) if most is None else most
    if not least <= len(values) <= most:
        raise PageRefusal(f"Choose {least} to {most}." if least != most else f"Choose {least}.")
    chosen = [str(value) for value in values]
    if component["type"] in (STRING_SELECT, RADIO_GROUP, CHECKBOX_GROUP):
        offered = {option["value"] for option in component["options"]}
        if not offered.issuperset(chosen):
            raise PageRefusal("That is not one of the choices.")
        return chosen
    kinds = {5: 6, 6: 8, 7: 9, 8: 7}
    for id in chosen:
        if not id.isdecimal() or not resolved.by_kind(kinds[component["type"]], int(id)):
            raise PageRefusal("That does not exist.")
    return chosen


def modal_data(modal: Json, values: Json, files: Mapping[str, Upload], resolved: Resolved, save: Saver) -> list[Json]:
    """The components of a modal's submission, in the modal's own nesting."""
    known = {item["custom_id"] for item in walk(modal["components"]) if item.get("custom_id")}
    if unknown := values.keys() - known:
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

    numbered = _numbered(modal["components"])
    return [submitted(component, "") for component in numbered]


def _numbered(components: list[Json]) -> list[Json]:
    """The components with ids where they had none."""
    for number, component in enumerate(walk(components), start=1):
        component.setdefault("id", number)
    return components


def _input_value(
    component: Json, value: Any, label: str, files: Mapping[str, Upload], resolved: Resolved, save: Saver
) -> Json:
    kind = component["type"]
    required = component.get("required", True)
    if kind == TEXT_INPUT:
        text = str(component.get("value") or "") if value is None else str(value)
        least, most = component.get("min_length") or 0, component.get("max_length") or TEXT_LIMIT
        if not text and not required:
            return {"value": ""}
        if not text.strip():
            raise PageRefusal(f"{label} is required.")
        if not least <= len(text) <= most:
            raise PageRefusal(f"{label} must have {least} to {most} characters.")
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
        return {"value": _chosen(component, listed, resolved)[0]}
    if kind == FILE_UPLOAD:
        uploads = [files[name] for name in listed if name in files]
        least, most = component.get("min_values"), component.get("max_values") or 1
        if len(uploads) > most or (len(uploads) < (1 if least is None else least) and (required or uploads)):
            raise PageRefusal(f"{label} takes {1 if least is None else least} to {most} files.")
        return {"values": [save(upload) for upload in uploads]}
    return {"values": _chosen(component, listed, resolved)}
