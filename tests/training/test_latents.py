"""The training data of the UNet: clean pictures and their poses."""

import numpy as np

from training.art import Art
from training.latents import POSES, clean_jobs
from training.paint import paint
from training.scenes import SceneMaker


def test_no_two_poses_are_alike(sample: Art) -> None:
    jobs = clean_jobs(SceneMaker(sample.concepts, sample.rows), sample.rows)
    posed = [(scene, seed) for scene, seed in jobs if scene.kind == "posed"]
    assert len({seed for _, seed in posed}) == len(posed)
    first = [(scene, seed) for scene, seed in jobs if (scene.things, scene.style, scene.ears) == ((0,), "3d", None)]
    assert [scene.kind for scene, _ in first] == ["clean"] + ["posed"] * POSES
    pictures = [paint(scene, sample, np.random.default_rng(seed)).astype(int) for scene, seed in first]
    differences = [abs(a - b).mean() for n, a in enumerate(pictures) for b in pictures[:n]]
    assert min(differences) > 2
