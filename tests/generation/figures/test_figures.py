"""Layout, letters and files of figures."""

from io import BytesIO

import numpy
import pytest
from PIL import Image, ImageChops, ImageSequence

from generation.figures import blocks, files, palette
from generation.figures.blocks import Bar, Block, Picture, Row, Space, Stack, Text, panel, rows_of
from generation.figures.typography import BODY, CAPTION, HEAD, TITLE, Style, covers, width_of, wrapped

APPLE = Image.new("RGB", (64, 32), (200, 30, 40))


def noise(side: int) -> Image.Image:
    values = numpy.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=numpy.uint8)
    return Image.fromarray(values, "RGB")


@pytest.mark.parametrize("width", [90, 240, 800])
@pytest.mark.parametrize("text", ["¿Qué cambia el prompt? " * 9, "Donaudampfschifffahrtsgesellschaft", "a\n\nb"])
def test_no_line_is_wider_than_its_place_and_nothing_is_lost(text: str, width: int) -> None:
    lines = wrapped(text, BODY, width)
    assert all(width_of(line, BODY) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_own_line_breaks_are_kept() -> None:
    assert wrapped("one\n\ntwo", BODY, 500) == ["one", "", "two"]


def test_the_font_has_spanish_and_says_what_it_has_not() -> None:
    assert covers("¿Señor pingüino? ¡Ábreme, corazón! 512×512 − 0.5 “así” … ½")
    assert not covers("a 狐")
    assert not covers("🦊")


def contrast(one: palette.Colour, other: palette.Colour) -> float:
    """By WCAG 2.2."""

    def luminance(colour: palette.Colour) -> float:
        parts = [value / 255 for value in colour]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_every_colour_of_text_can_be_read_on_the_card() -> None:
    assert contrast(palette.TEXT, palette.CARD) >= 7
    for colour in (palette.QUIET, palette.ORANGE, palette.BLUE, palette.GREEN, palette.VIOLET):
        assert contrast(colour, palette.CARD) >= 4.5


@pytest.mark.parametrize("style", [TITLE, HEAD, BODY, CAPTION], ids=lambda style: style.size)
def test_letters_are_large_enough_on_a_phone(style: Style) -> None:
    assert style.size * 390 / blocks.WIDTH >= 13


@pytest.mark.parametrize(
    "block",
    [
        Text("many words " * 30),
        Picture(APPLE, edge=palette.BLUE),
        panel(APPLE, "A head", "A caption that needs several lines at this width, surely"),
        Row([Text("left"), Picture(APPLE), Text("right " * 20)], widths=(80, None, None), centred=True),
        rows_of([panel(APPLE, caption=str(n)) for n in range(5)], 3),
        Stack([Bar(0.5), Space(10), Text("below")]),
    ],
    ids=lambda block: type(block).__name__,
)
def test_a_block_stays_where_it_says_it_is(block: Block) -> None:
    """Nothing is drawn outside of the width it was given and the height it asked for."""
    width, inset = 400, 50
    height = block.height(width)
    canvas = Image.new("RGB", (width + 2 * inset, height + 2 * inset), palette.CARD)
    block.draw(canvas, inset, inset, width)
    box = ImageChops.difference(canvas, Image.new("RGB", canvas.size, palette.CARD)).getbbox()
    assert box is not None
    assert box[0] >= inset
    assert box[1] >= inset
    assert box[2] <= inset + width
    assert box[3] <= inset + height


def test_noise_keeps_its_squares_and_pictures_are_smoothed() -> None:
    tile = noise(8)
    figure = Image.new("RGB", (80, 80))
    Picture(tile, smooth=False, radius=0).draw(figure, 0, 0, 80)
    assert figure.resize((8, 8), Image.Resampling.NEAREST).tobytes() == tile.tobytes()
    assert len(figure.getcolors(10_000) or []) == 64
    Picture(tile, radius=0).draw(figure, 0, 0, 80)
    assert len(figure.getcolors(10_000) or []) > 640


def test_a_figure_is_a_card_that_ends_at_its_corners() -> None:
    figure = blocks.figure(Text("On any chat"))
    assert figure.width == blocks.WIDTH
    assert figure.getpixel((0, 0)) == (*palette.CARD, 0)
    assert figure.getpixel((figure.width // 2, 2)) == (*palette.CARD, 255)


def test_a_still_fits_as_a_png_else_as_a_webp_else_smaller() -> None:
    figure = noise(512).convert("RGBA")
    large, ending = files.still(figure)
    assert ending == "png"
    assert Image.open(BytesIO(large)).tobytes() == figure.tobytes()
    data, ending = files.still(figure, most=200_000)
    assert (ending, Image.open(BytesIO(data)).size) == ("webp", (512, 512))
    data, _ = files.still(figure, most=20_000)
    assert len(data) <= 20_000
    assert Image.open(BytesIO(data)).width < 512


@pytest.mark.parametrize("gif", [False, True])
def test_an_animation_plays_all_frames_for_as_long_as_asked_within_its_cap(gif: bool) -> None:
    frames = [Image.new("RGBA", (64, 64), (n * 8, 0, 0, 255)) for n in range(30)]
    data, ending = files.animated(frames, [100] * 29 + [2000], gif=gif)
    assert ending == ("gif" if gif else "webp")
    durations = []
    with Image.open(BytesIO(data)) as played:
        for frame in ImageSequence.Iterator(played):
            frame.load()
            durations.append(frame.info["duration"])
    assert durations == [100] * 29 + [2000]
    small, _ = files.animated([noise(200)] * 3, [100] * 3, most=30_000, gif=gif)
    assert len(small) <= 30_000


def test_an_animation_of_too_many_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="31 frames"):
        files.animated([APPLE] * 31, [100] * 31)


def test_heat_grows_brighter_from_black_to_its_most() -> None:
    ramp = palette.heat_map(numpy.linspace(0, 1, 64, dtype=numpy.float32)[None])
    row = numpy.asarray(ramp.convert("L"), dtype=int)[0]
    assert (numpy.diff(row) >= 0).all()
    assert row[0] < 20
    assert row[-1] > 220
    values = numpy.array([[0.0, 1.0], [2.0, 4.0]], dtype=numpy.float32)
    brightest, black = ramp.getpixel((63, 0)), ramp.getpixel((0, 0))
    assert palette.heat_map(values).getpixel((1, 1)) == palette.heat_map(values, most=4).getpixel((1, 1)) == brightest
    assert palette.heat_map(numpy.zeros((2, 2), dtype=numpy.float32)).getpixel((0, 0)) == black
