"""Modals that Discord rejects, and one that it accepts."""

from typing import Any

import pytest

from playground.errors import ApiError, Json
from playground.validation.form import Form
from playground.validation.modals import check_modal
from tests.playground.builders import button, row, text


def modal(*components: Json, **changed: Any) -> Json:
    return {"custom_id": "form", "title": "Form", "components": list(components)} | changed


def label(component: Json, **changed: Any) -> Json:
    return {"type": 18, "label": "Label", "component": component} | changed


def text_input(**changed: Any) -> Json:
    return {"type": 4, "custom_id": "in", "style": 1} | changed


@pytest.mark.parametrize(
    "bad",
    [
        modal(),
        modal(*(label(text_input(custom_id=str(number))) for number in range(6))),
        modal(label(text_input()), title="x" * 46),
        modal(label(text_input()), custom_id=None),
        modal(label(text_input()), label(text_input())),
        modal(label(text_input(value="x" * 4001))),
        modal(label(text_input(max_length=4001))),
        modal(label(text_input(), label="x" * 46)),
        modal(label(text_input(), description="x" * 101)),
        modal(row(text_input())),
        modal(row(button())),
        modal(text_input()),
        modal(label({"type": 19, "custom_id": "f", "max_values": 11})),
        modal(label({"type": 21, "custom_id": "r", "options": [{"label": "a", "value": "a"}]})),
    ],
)
def test_bad_modals(bad: Json) -> None:
    form = Form()
    check_modal(bad, form)
    with pytest.raises(ApiError):
        form.raise_if_invalid()


def test_good_modal() -> None:
    form = Form()
    options = [{"label": str(number), "value": str(number)} for number in range(10)]
    check_modal(
        modal(
            label(text_input(value="x" * 4000)),
            label({"type": 19, "custom_id": "files", "min_values": 0, "max_values": 10}),
            label({"type": 21, "custom_id": "radio", "options": options}),
            label({"type": 22, "custom_id": "boxes", "options": options}),
            text("and a text"),
        ),
        form,
    )
    assert not form.failed
