"""Which of the given pictures is what."""

import pytest

from bot.requests import picture_roles
from bot.requests.picture_request import PictureRequest
from bot.requests.picture_roles import BY_FLAGS
from generation.controls import Control, ControlKind
from generation.errors import InvalidSetting
from generation.settings import PartialSettings

EDGES = Control(ControlKind.CANNY, 0.8, 0.0, 0.6)
TILE = Control(ControlKind.TILE)


@pytest.mark.parametrize(
    ("chosen", "named", "roles"),
    [
        (PartialSettings(), [], {}),
        (PartialSettings(), [BY_FLAGS], {"image": 0}),
        (PartialSettings(control_scale=0.5), [BY_FLAGS], {"control": 0}),
        (PartialSettings(controls=(EDGES, TILE)), [BY_FLAGS], {"control": 0, "second_control": 0}),
        (PartialSettings(controls=(EDGES,), style_scale=1.0), ["image"], {"control": 0, "style_image": 0}),
        (PartialSettings(controls=(EDGES,)), ["image", "control"], {"image": 0, "control": 1}),
        (PartialSettings(style_scale=0.5), ["image", "style_image"], {"image": 0, "style_image": 1}),
        (
            PartialSettings(controls=(EDGES, TILE)),
            ["image", "control", "second_control", "style_image"],
            {"image": 0, "control": 1, "second_control": 2, "style_image": 3},
        ),
    ],
)
def test_options_name_roles_and_flags_the_rest(
    chosen: PartialSettings, named: list[str], roles: dict[str, int]
) -> None:
    assert picture_roles.of(chosen, named) == roles


@pytest.mark.parametrize("kinds", [(EDGES,), (EDGES, TILE, EDGES)])
def test_of_several_pictures_each_has_one_kind(kinds: tuple[Control, ...]) -> None:
    with pytest.raises(InvalidSetting, match=rf"2 control pictures and {len(kinds)} kinds of control\. Name one"):
        picture_roles.of(PartialSettings(controls=kinds), ["control", "second_control"])


def test_a_new_picture_has_the_shape_of_what_it_follows_and_not_of_a_style() -> None:
    assert picture_roles.shape_of({"style_image": 0}) is None
    assert picture_roles.shape_of({"style_image": 0, "control": 1}) == 1
    assert picture_roles.shape_of({"control": 1, "image": 2}) == 2


def test_a_request_outlives_the_process() -> None:
    request = PictureRequest(
        ["a fox"], 7, PartialSettings(controls=(EDGES, TILE)), image_urls=("a", "b"), roles=("image", "control")
    )
    assert PictureRequest.of_document(request.to_document()) == request
    older = {name: value for name, value in request.to_document().items() if name != "roles"}
    assert PictureRequest.of_document(older).given == (BY_FLAGS, BY_FLAGS)
