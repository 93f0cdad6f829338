"""Scenes: what is drawn can be told, and what is told is drawn."""

import random

import numpy as np
import pytest

from training.art import Art
from training.captions import Captions
from training.colours import HUES, hue_distance, mean_hue, recolour, to_hsv, unseen
from training.crops import shrink
from training.paint import paint
from training.scenes import KINDS, Scene, SceneMaker


@pytest.fixture
def maker(sample: Art) -> SceneMaker:
    return SceneMaker(sample.concepts, sample.rows)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_painted_at_its_size_and_survives_json(kind: str, maker: SceneMaker, sample: Art) -> None:
    chance = np.random.default_rng(1)
    for seed in range(6):
        scene = maker.draw(chance, kind)
        assert scene.kind == kind
        assert Scene.from_json(scene.to_json()) == scene
        picture = paint(scene, sample, np.random.default_rng(seed))
        assert picture.shape == (scene.height, scene.width, 3)
        assert picture.std() > 5
        again = paint(scene, sample, np.random.default_rng(seed))
        assert (picture == again).all()


def test_a_clean_scene_is_the_art_itself(maker: SceneMaker, sample: Art) -> None:
    fox = maker.number["fox"]
    picture = paint(maker.clean(fox, "flat"), sample, np.random.default_rng(0)).astype(int)
    art = shrink(sample.picture(fox, "flat"), 128).astype(int)
    assert np.abs(picture - (art[..., :3] + 255 - art[..., 3:])).mean() < 3


@pytest.mark.parametrize("word", HUES)
def test_a_recoloured_thing_has_the_hue_of_its_word(word: str, maker: SceneMaker, sample: Art) -> None:
    for name in ("red apple", "fox", "top hat"):
        hsv, alpha = to_hsv(recolour(np.array(sample.picture(maker.number[name], "3d")), word))
        hue = mean_hue(hsv, alpha)
        assert hue is not None
        assert hue_distance(hue, HUES[word]) < 30, name


def test_unseen_pairs_are_never_drawn(maker: SceneMaker) -> None:
    chance = np.random.default_rng(2)
    for _ in range(300):
        scene = maker.draw(chance, "colour")
        name, colour = maker.concepts[scene.things[0]].name, scene.colours[0]
        assert colour is not None
        assert not unseen(name, colour)


def test_captions_name_what_is_there(sample: Art, maker: SceneMaker) -> None:
    captions = Captions(sample.concepts, random.Random(3))
    fox, girl, hat = (maker.number[name] for name in ("fox", "girl", "top hat"))
    scenes = {
        "blue": Scene("colour", "3d", (fox,), ("blue",)),
        "space": Scene("ground", "3d", (fox,), (None,), ground="space"),
        "green background": Scene("ground", "3d", (fox,), (None,), ground="green"),
        "left": Scene("place", "3d", (fox,), (None,), where="left"),
        "fox girl": Scene("ears", "3d", (girl,), (None,), ears=fox),
        "hat": Scene("wear", "3d", (girl,), (None,), worn=hat),
    }
    for word, scene in scenes.items():
        said = [captions.caption(scene) for _ in range(40)]
        assert sum(word in caption for caption in said) >= 20, said
    told = [captions.caption(Scene("clean", "cartoon", (fox,), (None,))) for _ in range(200)]
    assert 100 < sum("cartoon" in caption for caption in told) < 190
