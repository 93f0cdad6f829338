"""Checks modals."""

from playground.errors import Json
from playground.validation.components import (
    ACTION_ROW,
    SELECTS,
    TEXT_DISPLAY,
    TEXT_INPUT,
    check_message_component,
    check_options,
    check_select,
    check_type,
    check_unique,
)
from playground.validation.form import Form

LABEL, FILE_UPLOAD = 18, 19
RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 21, 22, 23
COMPONENTS_LIMIT = 5
TEXT_LIMIT = 4000
"""Characters of a text input's value."""

_FIELDS = {
    TEXT_INPUT: "custom_id style label min_length max_length required value placeholder",
    FILE_UPLOAD: "custom_id min_values max_values required",
    RADIO_GROUP: "custom_id options required",
    CHECKBOX_GROUP: "custom_id options min_values max_values required",
    CHECKBOX: "custom_id default",
}


def check_modal(modal: Json, form: Form) -> None:
    """Add the errors of a modal's data to `form`: a title of 1 to 45 characters, 1 to 5 components."""
    form.only(modal, ("custom_id", "title", "components"))
    form.text(modal, "custom_id", 100, minimum=1, required=True)
    form.text(modal, "title", 45, minimum=1, required=True)
    for place, component in form.mappings(modal, "components", COMPONENTS_LIMIT, minimum=1, required=True):
        if not check_type(place, component, (ACTION_ROW, TEXT_DISPLAY, LABEL)):
            continue
        if component["type"] == TEXT_DISPLAY:
            check_message_component(place, component, (TEXT_DISPLAY,))
        elif component["type"] == ACTION_ROW:
            for inner_place, inner in place.mappings(component, "components", 1, minimum=1, required=True):
                if check_type(inner_place, inner, (TEXT_INPUT,)):
                    inner_place.text(inner, "label", 45, minimum=1, required=True)
                    _check_input(inner_place, inner)
        else:
            _check_label(place, component)
    if not form.failed:
        check_unique(modal["components"], form.at("components"))


def _check_label(form: Form, label: Json) -> None:
    form.only(label, ("type", "id", "label", "description", "component"))
    form.text(label, "label", 45, minimum=1, required=True)
    form.text(label, "description", 100)
    place = form.at("component")
    component = form.mapping(label, "component", required=True)
    if component and check_type(
        place, component, (TEXT_INPUT, *SELECTS, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX)
    ):
        _check_input(place, component)


def _check_input(form: Form, component: Json) -> None:
    kind = component["type"]
    if kind in SELECTS:
        check_select(form, component)
        return
    form.only(component, {*_FIELDS[kind].split(), "type", "id"})
    form.text(component, "custom_id", 100, minimum=1, required=True)
    if kind == TEXT_INPUT:
        form.number(component, "style", 1, 2, required=True)
        form.text(component, "value", TEXT_LIMIT)
        form.text(component, "placeholder", 100)
        minimum = form.number(component, "min_length", 0, TEXT_LIMIT)
        maximum = form.number(component, "max_length", 1, TEXT_LIMIT)
        if (minimum or 0) > (TEXT_LIMIT if maximum is None else maximum):
            form.at("min_length").add_error("TEXT_INPUT_MIN_EXCEEDS_MAX", "min_length must not exceed max_length")
    elif kind in (RADIO_GROUP, CHECKBOX_GROUP):
        check_options(form, component, 10, minimum=2 if kind == RADIO_GROUP else 1)
    if kind in (FILE_UPLOAD, CHECKBOX_GROUP):
        form.number(component, "min_values", 0, 10)
        form.number(component, "max_values", 1, 10)
