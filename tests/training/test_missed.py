"""Things that are not drawn well are found, and come more often in training."""

import json
from pathlib import Path

import numpy as np

from training.art import Art, Pixels
from training.crops import shrink
from training.missed import missed, read_missed


def on_white(sample: Art, concept: int) -> Pixels:
    """The thing's cartoon (128, 128, 3)."""
    picture = shrink(sample.picture(concept, "cartoon"), 128).astype(np.float32)
    return (picture[..., :3] + 255 - picture[..., 3:]).astype(np.uint8)


def test_missed_is_what_looks_like_another_thing(sample: Art) -> None:
    def artist(prompts: list[str], seeds: list[int]) -> Pixels:
        assert prompts == ["a girl", "a fox", "a red apple", "a top hat"]
        assert len(set(seeds)) == 4
        return np.stack([on_white(sample, concept) for concept in (0, 2, 2, 3)])

    assert missed(artist, sample, 4) == ["fox"]
    assert missed(lambda prompts, seeds: np.stack([on_white(sample, 0)]), sample, 1) == []


def test_nothing_is_missed_before_anybody_looked(tmp_path: Path) -> None:
    assert read_missed(tmp_path) == frozenset()
    (tmp_path / "missed.json").write_text(json.dumps(["fox"]))
    assert read_missed(tmp_path) == {"fox"}
