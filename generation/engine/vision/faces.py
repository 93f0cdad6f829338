"""Where faces are in a picture: by MTCNN, by YuNet through OpenCV (Wu et al., doi 10.1007/s11633-023-1423-y), or by a
model of object detection."""

import logging
from pathlib import Path
from typing import Any, Protocol

import numpy
import torch
from PIL import Image

from generation.engine.vision.mtcnn import Mtcnn
from generation.engine.vision.network import VisionNetwork
from generation.errors import FacesUnavailable
from generation.vision import MTCNN, YUNET

log = logging.getLogger(__name__)

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels; it may stand out of the picture."""

CPU = torch.device("cpu")

LIKELY = 0.6
"""The probability from which something counts as a face."""

YUNET_SIDE = 640
"""Pixels of the longer side of a picture that YuNet sees: it knows faces of up to about 300 pixels."""


class FaceDetector(Protocol):
    """Finds faces."""

    def boxes(self, picture: Image.Image) -> list[Box]:
        """The boxes of the faces in an RGB picture, in any order."""


class YuNet:
    """Finds faces by a file of YuNet."""

    def __init__(self, file: Path) -> None:
        """Raises `ImportError` without OpenCV, and `OSError` and `ValueError` for a file that is none."""
        import cv2

        if not file.is_file():
            raise FileNotFoundError(f"{file} does not exist")
        try:
            self._network = cv2.FaceDetectorYN.create(str(file), "", (YUNET_SIDE, YUNET_SIDE), LIKELY)
        except cv2.error as reason:
            raise ValueError(f"{file} is no YuNet: {reason}") from reason

    def boxes(self, picture: Image.Image) -> list[Box]:
        seen = picture.copy()
        seen.thumbnail((YUNET_SIDE, YUNET_SIDE))
        self._network.setInputSize(seen.size)
        _, found = self._network.detect(numpy.ascontiguousarray(numpy.asarray(seen)[:, :, ::-1]))
        across, down = picture.width / seen.width, picture.height / seen.height
        rows = [] if found is None else [tuple(map(float, row[:4])) for row in found]
        return [(x * across, y * down, (x + width) * across, (y + height) * down) for x, y, width, height in rows]


class ObjectFaces(VisionNetwork):
    """Finds faces by a model of object detection: what it calls a face, or all that one with a single class finds."""

    NETWORK = "AutoModelForObjectDetection"
    PROCESSOR = "AutoImageProcessor"

    def __init__(self, network: Any, processor: Any, device: torch.device) -> None:
        """Raises `ValueError` for a network that knows no faces."""
        labels = {int(index): str(label).lower() for index, label in network.config.id2label.items()}
        self._faces = {index for index, label in labels.items() if "face" in label or len(labels) == 1}
        if not self._faces:
            raise ValueError("the model has no class with `face` in its name")
        super().__init__(network, processor, device)

    @torch.inference_mode()
    def boxes(self, picture: Image.Image) -> list[Box]:
        found = self._network(**self._processor(images=picture, return_tensors="pt"))
        sizes = [(picture.height, picture.width)]
        [likely] = self._processor.post_process_object_detection(found, threshold=LIKELY, target_sizes=sizes)
        pairs = zip(likely["boxes"].tolist(), likely["labels"].tolist(), strict=True)
        return [(left, top, right, bottom) for (left, top, right, bottom), label in pairs if label in self._faces]


class FaceFinder:
    """The face detector of one worker, loaded once and when it is first needed. It runs on the processor."""

    def __init__(self, source: str = "") -> None:
        """`source` is as `VisionModels.faces`."""
        self._source = source
        self._loaded: FaceDetector | None = None

    def take(self) -> FaceDetector:
        """The detector. Raises `FacesUnavailable`, also where none is configured."""
        if not self._source:
            raise FacesUnavailable("[vision] names no model for faces")
        if self._loaded is None:
            log.info("loading the face detector %s", self._source)
            try:
                self._loaded = _read(self._source)
            except (ImportError, OSError, ValueError, RuntimeError) as reason:
                raise FacesUnavailable(f"the face detector {self._source} cannot be loaded: {reason}") from reason
        return self._loaded


def _read(source: str) -> FaceDetector:
    if source == MTCNN:
        return Mtcnn.read()
    return YuNet(Path(source).expanduser()) if source.endswith(YUNET) else ObjectFaces.read(source, CPU)
