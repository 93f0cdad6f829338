"""Where detectors find faces."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from generation.engine.vision.faces import CPU, FaceFinder, ObjectFaces
from generation.errors import FacesUnavailable
from tests.generation.engine.vision import tiny

PICTURE = Image.linear_gradient("L").convert("RGB").resize((96, 64))


def test_boxes_of_a_detector_of_transformers_are_within_the_picture(tmp_path: Path) -> None:
    finder = FaceFinder(str(tiny.detector(tmp_path)))
    boxes = finder.take().boxes(PICTURE)
    assert len(boxes) == 5, "a model with a single class finds faces, whatever it calls them"
    across = [side for box in boxes for side in (box[0], box[2])]
    assert all(box[0] < box[2] and box[1] < box[3] for box in boxes)
    assert max(across) <= 96 * 1.5, "boxes are in the picture's pixels"
    assert finder.take() is finder.take(), "it is loaded once"


def test_of_several_classes_only_faces_count(tmp_path: Path) -> None:
    assert len(ObjectFaces.read(str(tiny.detector(tmp_path / "both", ("Human face", "cat"))), CPU).boxes(PICTURE)) == 5
    assert ObjectFaces.read(str(tiny.detector(tmp_path / "turned", ("cat", "Human face"))), CPU).boxes(PICTURE) == []


def test_what_finds_no_faces_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no network")
    other = tiny.detector(tmp_path / "other", ("cat", "dog"))
    for source in ("", "/nowhere.onnx", str(tmp_path / "broken.onnx"), "/nowhere/at/all", str(other)):
        with pytest.raises(FacesUnavailable):
            FaceFinder(source).take()


class FakeYuNet:
    """What OpenCV makes of a file of YuNet, without its weights: one face, in pixels of what it was shown."""

    size = (0, 0)

    def setInputSize(self, size: tuple[int, int]) -> None:
        self.size = size

    def detect(self, pixels: Any) -> tuple[int, Any]:
        assert pixels.shape == (*self.size[::-1], 3)
        assert pixels[0, 0].tolist() == [0, 0, 255], "blue first"
        face = [10.0, 20.0, 30.0, 40.0, *range(10), 0.9]
        return 1, np.array([face], np.float32) if self.size[0] > 100 else None


def test_yunet_sees_a_picture_at_a_size_that_it_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cv2 = pytest.importorskip("cv2")
    monkeypatch.setattr(cv2.FaceDetectorYN, "create", lambda *_: FakeYuNet())
    file = tmp_path / "yunet.onnx"
    file.touch()
    detector = FaceFinder(str(file)).take()
    assert detector.boxes(Image.new("RGB", (1280, 640), "red")) == [(20, 40, 80, 120)]
    assert detector.boxes(Image.new("RGB", (320, 200), "red")) == [(10, 20, 40, 60)]
    assert detector.boxes(Image.new("RGB", (64, 64), "red")) == []
