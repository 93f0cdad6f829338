"""MTCNN with the weights of its package, on a drawing of this repository."""

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from PIL import Image

from bot.config import ConfigError, load
from generation.engine.vision import mtcnn
from generation.engine.vision.faces import FaceFinder
from generation.engine.vision.mtcnn import Mtcnn
from generation.errors import FacesUnavailable
from generation.vision import MTCNN

DRAWN = Path(__file__).parents[4] / "docs" / "explain-fox-girl-becoming.webp"
FACE = (119, 1175, 241, 1331)
"""Where the face of the finished picture is in it, about."""

installed = pytest.mark.skipif(find_spec("mtcnn") is None, reason="the extra faces is not installed")


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The common part of two boxes, as a share of their union."""
    sides = [min(one[2 + axis], other[2 + axis]) - max(one[axis], other[axis]) for axis in (0, 1)]
    common = max(sides[0], 0) * max(sides[1], 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return common / (sum(areas) - common)


@installed
def test_a_drawn_face_is_found_at_its_place() -> None:
    with Image.open(DRAWN) as opened:
        picture = opened.convert("RGB")
    [box] = FaceFinder(MTCNN).take().boxes(picture)
    assert overlap(box, FACE) > 0.8


@installed
def test_nothing_is_found_where_nothing_is() -> None:
    detector = Mtcnn.read()
    assert detector.boxes(Image.new("RGB", (200, 100), "white")) == []
    assert detector.boxes(Image.effect_noise((200, 100), 90).convert("RGB")) == []
    assert detector.boxes(Image.new("RGB", (12, 12), "white")) == []


def test_of_boxes_that_overlap_the_likeliest_stays() -> None:
    boxes = torch.tensor([[0, 0, 10, 10, 0.7], [1, 0, 11, 10, 0.9], [30, 30, 40, 40, 0.8]])
    assert mtcnn._thinned(boxes, 0.5)[:, 4].tolist() == pytest.approx([0.9, 0.8])


def test_without_its_package_the_config_and_the_worker_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[vision]\nfaces = "mtcnn"\n')
    monkeypatch.setattr("bot.config.reading.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r'pip install "noisefox\[faces\]"'):
        load(file)
    monkeypatch.setattr(mtcnn, "find_spec", lambda name: None)
    with pytest.raises(FacesUnavailable, match="mtcnn is not installed"):
        FaceFinder(MTCNN).take()
