"""Controls as they are typed and saved, and the networks that follow them."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from generation import controls, images, preprocessors
from generation.catalogue import POCKET, Catalogue
from generation.controls import Control, ControlKind
from generation.errors import InvalidSetting
from generation.settings import GenerationSettings, PartialSettings


@pytest.mark.parametrize(
    ("text", "control"),
    [
        ("canny", Control(ControlKind.CANNY)),
        ("canny:0.8", Control(ControlKind.CANNY, 0.8)),
        ("canny:0.8:0-0.6", Control(ControlKind.CANNY, 0.8, 0.0, 0.6)),
        ("depth:0.2-.7", Control(ControlKind.DEPTH, None, 0.2, 0.7)),
        ("as is:1.5", Control(ControlKind.AS_IS, 1.5)),
        ("depth as is:0.8", Control(ControlKind.DEPTH, 0.8, ready=True)),
        ("As-Is", Control(ControlKind.AS_IS)),
        ("Open_Pose:0", Control(ControlKind.POSE, 0.0)),
        ("edges:1:0.5-1", Control(ControlKind.CANNY, 1.0, 0.5, 1.0)),
        ("0.7", Control(ControlKind.AS_IS, 0.7)),
        ("0-0.5", Control(ControlKind.AS_IS, None, 0.0, 0.5)),
    ],
)
def test_what_is_typed_is_read_and_written_again(text: str, control: Control) -> None:
    assert Control.typed(text) == control
    assert Control.typed(str(control)) == control
    assert controls.of_text(controls.to_text([control])) == (control,)


@pytest.mark.parametrize("text", ["", "hope", "canny:", "canny:much", "canny:1:2", "canny:0.5:0.1-0.2:3", "-1"])
def test_what_is_no_control_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a control|not a valid ControlKind"):
        Control.typed(text)


@pytest.mark.parametrize(
    "broken",
    [Control(scale=2.5), Control(start=0.5, end=0.5), Control(end=1.5), Control(ControlKind.TILE, start=0.9, end=0.1)],
)
def test_numbers_have_bounds(broken: Control) -> None:
    with pytest.raises(InvalidSetting):
        PartialSettings(controls=(broken,))


@pytest.mark.parametrize(
    ("kind", "names", "network"),
    [
        (ControlKind.CANNY, ["", "canny", "union"], "canny"),
        (ControlKind.CANNY, ["", "union"], "union"),
        (ControlKind.CANNY, [""], ""),
        (ControlKind.CANNY, ["depth"], None),
        (ControlKind.AS_IS, ["depth", ""], ""),
        (ControlKind.AS_IS, ["tile", "depth"], "depth"),
        (ControlKind.AS_IS, [], None),
    ],
)
def test_each_kind_has_its_network(kind: ControlKind, names: list[str], network: str | None) -> None:
    assert controls.network_for(kind, names) == network


def test_a_union_must_be_told_and_an_unknown_kind_is_no_key() -> None:
    catalogue = Catalogue([replace(POCKET, controlnets=(("union", "/somewhere"),))])
    asked = replace(POCKET.preferred, controls=(Control(ControlKind.AS_IS),)).of("a fox", 1)
    with pytest.raises(InvalidSetting, match="must know what the control picture shows"):
        catalogue.check_guides(asked, ["control"])
    catalogue.check_guides(replace(asked, controls=(Control(ControlKind.POSE),)), ["control"])
    with pytest.raises(InvalidSetting, match="There is no kind 'edges'"):
        replace(POCKET, controlnets=(("edges", "/somewhere"),))


def test_a_union_on_this_machine_says_which_kinds_it_knows(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"_class_name": "ControlNetUnionModel", "num_control_type": 6}')
    for named in ({"controlnets": (("union", str(tmp_path)),)}, {"controlnet": str(tmp_path)}):
        catalogue = Catalogue([replace(POCKET, **named)])
        with pytest.raises(InvalidSetting, match=r"no ControlNet for tile. Use one of: canny, lines, scribble, depth"):
            catalogue.check_guides(asked_with(Control(ControlKind.TILE)), ["control"])
        with pytest.raises(InvalidSetting, match="must know what the control picture shows"):
            catalogue.check_guides(asked_with(Control()), ["control"])
        catalogue.check_guides(asked_with(Control(ControlKind.LINES)), ["control"])


def test_flags_give_weights_to_the_kinds_of_options_and_add_others() -> None:
    canny, tile = Control(ControlKind.CANNY), Control(ControlKind.TILE)
    weak, lines = Control(ControlKind.CANNY, 0.3, 0.0, 0.5), Control(ControlKind.LINES, 0.6)
    assert controls.merged((canny, tile), (lines, weak)) == (weak, tile, lines)
    assert controls.merged((canny, canny), (weak,)) == (weak, canny)


def asked_with(*named: Control) -> GenerationSettings:
    return replace(POCKET.preferred, controls=named).of("a fox", 1)


def drawing() -> bytes:
    image = Image.new("RGB", (96, 64), "white")
    ImageDraw.Draw(image).rectangle((20, 16, 70, 48), fill="navy")
    return images.as_png(image)


def brightest(image: Image.Image, box: tuple[int, int, int, int]) -> int:
    return max(image.crop(box).convert("L").tobytes())


def prepared(kind: ControlKind, png: bytes, size: tuple[int, int] = (96, 64)) -> Image.Image:
    return Image.open(BytesIO(preprocessors.prepared(kind, png, size)))


@pytest.mark.parametrize("kind", [ControlKind.CANNY, ControlKind.LINES, ControlKind.SCRIBBLE])
def test_lines_are_where_the_picture_changes(kind: ControlKind) -> None:
    made = prepared(kind, drawing())
    assert (made.mode, made.size) == ("RGB", (96, 64))
    assert brightest(made, (17, 28, 25, 36)) > 200, "white at the left edge"
    for away in ((0, 0, 8, 8), (40, 30, 50, 34)):
        assert brightest(made, away) < 8


def test_edges_are_one_pixel_wide_and_weak_ones_alone_do_not_count() -> None:
    grey = prepared(ControlKind.CANNY, drawing()).convert("L")
    assert sum(value > 0 for value in grey.crop((10, 32, 30, 33)).tobytes()) == 1
    faint = Image.new("L", (32, 32), 100)
    faint.paste(130, (16, 0, 32, 32))  # a gradient of 120: above the low threshold, below the high one
    assert prepared(ControlKind.CANNY, images.as_png(faint.convert("RGB")), (32, 32)).getextrema()[0] == (0, 0)


def test_a_tile_has_the_colours_without_the_detail_and_empty_pictures_have_no_lines() -> None:
    made = prepared(ControlKind.TILE, drawing())
    assert made.getpixel((45, 32)) == (0, 0, 128)
    assert made.getpixel((2, 2)) == (255, 255, 255)
    for kind in (ControlKind.CANNY, ControlKind.LINES, ControlKind.SCRIBBLE, ControlKind.TILE):
        empty = prepared(kind, images.as_png(Image.new("RGBA", (3, 2), (0, 0, 0, 0))), (1, 1))
        assert empty.size == (2, 1)


def test_lines_are_made_at_the_size_that_is_drawn_and_nothing_is_cropped() -> None:
    for size, made in {(192, 96): (192, 128), (48, 64): (96, 64), (2048, 2048): (2048, 1365)}.items():
        assert prepared(ControlKind.LINES, drawing(), size).size == made
