"""Where faces are drawn anew, and at which size."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as some

from generation import cost
from generation.faces import MOST, Face, enlarged, largest, settings_of
from generation.settings import GenerationSettings

SETTINGS = GenerationSettings(prompt="a, <left: a fox>", seed=7, model="pocket", width=128, height=64, steps=10)
SIDES = some.integers(64, 400)
PLACES = some.floats(-100, 500)


@given(some.lists(some.tuples(PLACES, PLACES, PLACES, PLACES), max_size=12), some.tuples(SIDES, SIDES))
def test_faces_are_inside_their_crops_and_these_in_the_picture(
    boxes: list[tuple[float, float, float, float]], size: tuple[int, int]
) -> None:
    faces = largest(boxes, size)
    assert len(faces) <= MOST
    for face in faces:
        (left, top, right, bottom), crop = face.box, face.crop
        assert 0 <= crop[0] <= left < right <= crop[2] <= size[0]
        assert 0 <= crop[1] <= top < bottom <= crop[3] <= size[1]
        soft = np.asarray(face.soft_mask())
        assert soft.shape == (crop[3] - crop[1], crop[2] - crop[0])
        x, y = left - crop[0], top - crop[1]
        inside = np.zeros_like(soft, bool)
        inside[y : y + bottom - top, x : x + right - left] = True
        assert not soft[~inside].any()
        assert soft[inside].all()
        assert soft[y + (bottom - top) // 2, x + (right - left) // 2] > soft[y, x]


def test_the_largest_come_first_and_specks_are_none() -> None:
    small, large = (10.0, 10.0, 20.0, 20.0), (30.0, 30.0, 60.0, 70.0)
    assert [face.box for face in largest([small, large, (0, 0, 4, 60)], (128, 128))] == [
        (30, 30, 60, 70),
        (10, 10, 20, 20),
    ]


def test_the_mask_covers_the_box_at_any_size() -> None:
    face = Face((20, 30, 40, 60), (0, 18, 54, 72))
    assert face.mask((108, 108)).getbbox() == (40, 24, 80, 84)


def test_a_crop_is_enlarged_to_what_a_model_draws_well_and_never_made_smaller() -> None:
    assert enlarged((64, 64), (512, 512)) == (512, 512)
    assert enlarged((100, 50), (512, 512)) == (724, 362)
    assert enlarged((900, 900), (512, 512)) == (900, 900)


def test_one_face_is_charged_however_many_there_are() -> None:
    drawn = settings_of(SETTINGS, 64, 64)
    assert (drawn.prompt, drawn.width, drawn.denoising_strength, drawn.faces) == ("a fox, a", 64, 0.4, False)
    plain = replace(SETTINGS, prompt="a fox", count=2)
    faces = replace(plain, faces=True)
    assert (cost.charged(plain), cost.charged(faces)) == (20, 28)
    assert (cost.steps(plain), cost.steps(faces)) == (10, 14)
