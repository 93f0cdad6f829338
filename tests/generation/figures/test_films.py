"""The frames of a film."""

from PIL import Image

from generation.explanation import Explanation, Moment
from generation.figures import files, films
from generation.pictures import Preview


def explained(steps: int, side: int) -> Explanation:
    moments = [Moment(step, 0.5, _plain(side, 10), _plain(side, 10 * step)) for step in range(steps + 1)]
    return Explanation(steps, _plain(2, 0), tuple(moments), ())


def _plain(side: int, grey: int) -> Preview:
    return Preview(side, side, bytes([grey]) * (3 * side * side))


def test_each_step_shows_what_was_expected_and_the_last_frame_is_the_picture() -> None:
    picture = Image.new("RGB", (64, 64), (200, 100, 0))
    frames, milliseconds = films.frames(explained(4, 32), picture)
    assert [frame.size for frame in frames] == [(64, 64)] * 5
    assert [frame.getpixel((5, 5))[0] for frame in frames[:-1]] == [0, 10, 20, 30]  # type: ignore[index]
    assert frames[-1].tobytes() == picture.tobytes()
    assert milliseconds == [films.STEP_MS] * 4 + [films.LAST_MS]


def test_a_large_picture_has_a_small_film() -> None:
    frames, _ = films.frames(explained(2, 32), Image.new("RGB", (4096, 2048)))
    assert {frame.size for frame in frames} == {(1024, 512)}


def test_a_film_that_is_too_large_is_made_smaller_until_it_fits() -> None:
    frames, milliseconds = films.frames(explained(2, 64), Image.effect_noise((256, 256), 80).convert("RGB"))
    data, ending = files.animated(frames, milliseconds, 6000)
    assert len(data) <= 6000
    assert ending == "webp"
