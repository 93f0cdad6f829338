"""Cleaned art is square, centred, whole, and named as people name it."""

import numpy as np

from training.art import LONGEST, SIZE, Art
from training.concepts import core_names, plain, wanted


def test_the_sample_is_four_things_in_three_styles(sample: Art) -> None:
    assert [concept.name for concept in sample.concepts] == ["girl", "fox", "red apple", "top hat"]
    assert sample.pictures.shape == (12, SIZE, SIZE, 4)
    assert sample.styles(0) == ["3d", "flat", "cartoon"]


def test_pictures_are_centred_and_fill_their_box(sample: Art) -> None:
    for picture in sample.pictures:
        rows, columns = np.nonzero(picture[..., 3] > 8)
        box = (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1)
        assert abs(max(box[1] - box[0], box[3] - box[2]) - LONGEST) <= 2
        assert abs(box[0] + box[1] - SIZE) <= 4
        assert abs(box[2] + box[3] - SIZE) <= 4
        assert (picture[..., :3] <= picture[..., 3:]).all(), "colours are multiplied by alpha"


def test_what_people_type_first_is_known(sample: Art) -> None:
    apple = next(concept for concept in sample.concepts if concept.name == "red apple")
    assert "apple" in apple.aliases
    assert apple.core
    assert len(core_names()) >= 350


def test_signs_and_flags_are_left_out() -> None:
    assert wanted("fox", "animals-nature", "animal-mammal")
    assert wanted("pirate flag", "flags", "flag")
    assert not wanted("flag: France", "flags", "country-flag")
    assert not wanted("one o’clock", "travel-places", "time")
    assert not wanted("family", "people-body", "family")
    assert plain("woman’s hat!") == "womans hat"
