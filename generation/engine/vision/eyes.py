"""The models of one process, each loaded when it is first needed."""

from io import BytesIO

import torch
from PIL import Image

from generation import infotext
from generation.engine.latents import png
from generation.engine.vision.background import BackgroundModel
from generation.engine.vision.captioner import Captioner
from generation.engine.vision.depth import DepthModel
from generation.engine.vision.pose import PoseModel
from generation.engine.vision.segmenter import Segmenter
from generation.vision import Caption, CutOut, Depth, Pose, Segment, VisionModels, VisionTask


class Eyes:
    """Does tasks. It raises what loading a model raises: `OSError`, `ValueError` and `RuntimeError`."""

    def __init__(self, models: VisionModels) -> None:
        self._models = models
        self._device = torch.device(models.device)
        self._segmenter: Segmenter | None = None
        self._captioner: Captioner | None = None
        self._background: BackgroundModel | None = None
        self._depth: DepthModel | None = None
        self._pose: PoseModel | None = None

    @torch.inference_mode()
    def see(self, task: VisionTask) -> object:
        """The answer to a task: bytes of a PNG file, or texts."""
        with Image.open(BytesIO(task.picture)) as opened:
            picture, text = opened.convert("RGB"), str(opened.info.get(infotext.CHUNK_NAME, ""))
        match task:
            case Segment(_, name):
                self._segmenter = self._segmenter or Segmenter.read(self._models.segmenter, self._device)
                return _png(self._segmenter.mask(picture, name))
            case Caption(_, number):
                self._captioner = self._captioner or Captioner.read(self._models.captioner, self._device)
                return self._captioner.captions(picture, number)
            case CutOut():
                self._background = self._background or BackgroundModel.read(self._models.background, self._device)
                picture.putalpha(self._background.foreground(picture))
                return png.as_png(picture, 0, text).png
            case Depth():
                self._depth = self._depth or DepthModel.read(self._models.depth, self._device)
                return _png(self._depth.nearness(picture))
            case Pose():
                self._pose = self._pose or PoseModel.read(self._models.pose, self._device)
                return _png(self._pose.skeleton(picture))


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
